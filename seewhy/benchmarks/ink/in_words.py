"""Questions that contain their page in words, so that a model can reason without the picture."""

from dataclasses import replace

from seewhy.benchmarks.ink.kinds import TRANSCRIPT
from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.ink.sentences import EXACT
from seewhy.records.types import Question


def page_in_words(question: Question) -> Question:
    """The question after its page's rows, as in `Row 1 reads 3, 5. Row 2 reads 1, 0. What is the sum of row 2?`."""
    page = Page.from_text(question.facets["page"], noise=question.facets["noise"])
    rows = TRANSCRIPT.solve(page, (), EXACT).sentences
    return replace(
        question,
        id=f"{question.id}/told",
        text=" ".join((*rows, question.text)),
        facets={**question.facets, "told": "rows"},
    )
