"""Right chains with their answer in the gold one's words (MMPR's pipeline, arXiv 2411.10442), judged again."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from seewhy.judging.answers.fixing import fixed_text
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, Outcome
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import Counted, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Rows
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions
from seewhy.stages.judge import Judge

FIXED, REFUSED = "answers in the gold one's words", "answers left, for the verdict would not hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixAnswers(Stage):
    """Parts `chains` and `verdicts`: "B. cat" becomes "B" where B is right; a wrong chain is never touched.

    Every verdict is computed again, on the texts as they are then.
    """

    chains: Rows
    """Rows of chains."""
    questions: Rows = ""
    """Rows of their questions; empty takes those that the chains were drawn of."""

    main: ClassVar[str] = "chains"

    def units(self, name: str) -> Mapping[str, RowStage]:
        return {
            "chains": FixedChains(chains=self.chains, questions=self.questions),
            "verdicts": Judge(chains=f"{name}.chains", questions=self.questions),
        }

    def section(self, run: Run, name: str) -> Section | None:
        counts = run.manifest(f"{name}.chains").counts
        shown = tuple(Count(name=one, count=counts[one]) for one in ("rows", FIXED, REFUSED))
        return Facts(title=f"Answers in the gold one's words: {name}", counts=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedChains(RowStage):
    """The chains; one whose text changed has neither token ids nor log-probabilities."""

    chains: Rows
    questions: Rows = ""

    rows: ClassVar[type[Chain]] = Chain
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 500

    def needs(self) -> Sequence[Need]:
        return Need(field="chains", ref=self.chains, wants=Chain), question_need(self.chains, self.questions)

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, self.questions)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Counted]:
        judge = OutcomeJudge()

        def fix(block: Sequence[QuestionChains]) -> Counted:
            counts = Counter({FIXED: 0, REFUSED: 0})
            return Counted((row for one in block for row in fixed(one, judge, counts)), lambda: counts)

        return fix


def fixed(asked: QuestionChains, judge: OutcomeJudge, counts: Counter[str]) -> Iterator[Chain]:
    """The chains of a question, those that are right in the gold one's words as long as they stay right."""
    verdicts = judge.judge(asked.question, asked.chains)
    for chain, verdict in zip(asked.chains, verdicts, strict=True):
        text = fixed_text(asked.question, chain) if verdict.outcome is Outcome.CORRECT else None
        if text is None:
            yield chain
            continue
        changed = replace(chain, text=text, token_ids=None, logprobs=None)
        (again,) = judge.judge(asked.question, (changed,))
        is_right = again.outcome is Outcome.CORRECT
        counts[FIXED if is_right else REFUSED] += 1
        yield changed if is_right else chain
