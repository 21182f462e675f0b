"""The answer of a right reply in the words of the gold one (`--answer-fix` of MMPR's pipeline, arXiv 2411.10442)."""

import re

from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Abstention
from seewhy.records.types import Chain, Question


def fixed_text(question: Question, chain: Chain) -> str | None:
    """The reply with a gold answer in the place of the stated one that holds it and more; None where there is none.

    Example:
        >>> from seewhy.records.types import FinishReason, Gold, MatchRule, Split, Style
        >>> asked = Question(id="q", benchmark="b", split=Split.TEST, text="Which?", options=("dog", "cat"), facets={},
        ...                  gold=Gold(answers=("B",), rule=MatchRule.LETTER))
        >>> said = Chain(question_id="q", index=0, style=Style.REASON, text="It purrs. ### Answer: B. cat", sampler="s",
        ...              stop=FinishReason.END, seed=0)
        >>> fixed_text(asked, said)
        'It purrs. ### Answer: B'
    """
    found = extract_answer(chain.text, question.options, rule=question.gold.rule, style=chain.style)
    if isinstance(found, Abstention):
        return None
    stated = chain.text[found.start : found.end]
    for gold in sorted(question.gold.answers, key=len, reverse=True):
        if stated.strip() == gold:
            return None
        if re.search(rf"(?<!\w){re.escape(gold)}(?!\w)", stated):
            return f"{chain.text[: found.start]}{gold}{chain.text[found.end :]}"
    return None
