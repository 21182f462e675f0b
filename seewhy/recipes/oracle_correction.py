"""ARES's correction of chains, by the oracle of inkgrid in the place of a model behind a server."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.records.types import Chain, Lesson, Response
from seewhy.runs.api import Models, Need, RowStage, Run
from seewhy.runs.choice import Rows
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions
from seewhy.testing.oracle import Oracle


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleCorrections(RowStage):
    """An SFT example of each chain that the oracle changes: right up to its first wrong sentence, right from there on.

    Source: ARES, arXiv 2407.00087, step 2; a chain that comes back as it was is no example.
    """

    chains: Rows
    """Rows of chains about inkgrid."""
    questions: Rows = ""
    """Rows of their questions; empty takes those that the chains were drawn of."""

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 500

    def needs(self) -> Sequence[Need]:
        return (Need(field="chains", ref=self.chains, wants=Chain), question_need(self.chains, self.questions))

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, self.questions)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[Lesson]]:
        return lambda block: [lesson for one in block for lesson in corrected(one)]

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        before = outlook.forecast(self.chains)
        return StageForecast(rows=before.rows, unit="lessons", is_exact=False, max_tokens=before.max_tokens,
                             basis="at most one a chain")  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Lesson]:
        return [Lesson(question_id=row.question_id, style=row.style, source=row.sampler,
                       response=Response(text=row.text, token_ids=row.token_ids))
                for row in outlook.rows(self.chains, Chain)]  # fmt: skip


def corrected(one: QuestionChains) -> list[Lesson]:
    """The corrections of a question's chains."""
    oracle = Oracle()
    texts = [(chain, oracle.correct(one.question, chain.text)) for chain in one.chains]
    return [
        Lesson(
            question_id=chain.question_id, style=chain.style, response=Response(text=text), source="oracle correction"
        )
        for chain, text in texts
        if text.strip() != chain.text.strip()
    ]
