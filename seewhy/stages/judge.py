"""A verdict on each chain: by rule, or by a model behind a server."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.recording import RecordingClient
from seewhy.judging.api import FollowUp, MultiTurnJudge, judge_chains, judge_groups
from seewhy.judging.api import Judge as Judges
from seewhy.judging.prompts.template import read_prompt
from seewhy.model.plan import ComputePlan
from seewhy.records.files import hash_file
from seewhy.records.foreign import require_file
from seewhy.records.types import Chain, Outcome, Question, Verdict
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run
from seewhy.runs.choice import Choice, Layer, Model, Rows, choose, class_chosen, make, settings_of
from seewhy.runs.discovery import call_part, is_outside
from seewhy.runs.forecast.api import Outlook, ServerWork, StageForecast
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions

ASKED = "chat_model"
"""The field of a judge for the model that it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(RowStage):
    """Grades chains, question by question."""

    chains: Rows
    """Rows of chains."""
    questions: Rows = ""
    """Rows of their questions; empty takes those that the chains were drawn of."""
    judge: Annotated[Choice, Layer("judging")] = field(default_factory=lambda: choose("outcome"))
    """`outcome` compares the answer with the gold one; `rubric`, `sentences`, `facts`, `rating` and `review` ask a
    model. A judge of your own by dotted path or `file.py:Name`. `seewhy calibrate` tells what a judge is worth."""
    model: Model = ""
    """The model that judges; empty for judges that ask none."""
    prompt: str = field(default="", compare=False)
    """Text file in place of the judge's own prompt."""

    rows: ClassVar[type[Verdict]] = Verdict
    unit: ClassVar[str] = "questions"

    def __post_init__(self) -> None:
        """Refuse a judge without the model that it asks, and one with a model that it does not ask."""
        asks = asks_model(self.judge.kind)
        if asks and not self.model:
            raise ValueError(f"judge {self.judge.kind} asks a model: name it as `model`")
        if self.model and not asks:
            raise ValueError(f"judge {self.judge.kind} asks no model: leave `model` away")

    def block_size(self) -> int:
        return 16 if self.model else 500

    def is_computed(self) -> bool:
        return not self.model

    def needs(self) -> Sequence[Need]:
        found = [Need(field="chains", ref=self.chains, wants=Chain), question_need(self.chains, self.questions)]
        if self.model:
            found.append(Need(field="model", ref=self.model, wants=ModelKind.SERVER))
        return found

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, self.questions)

    def made(self, chat_model: ChatModel | None) -> Judges:
        """The judge; ValueError where it does not exist or refuses a setting."""
        return make_judge(self.judge, chat_model, self.prompt, "judge")

    def require(self, compute: ComputePlan) -> None:
        if self.prompt:
            require_file(Path(self.prompt), "prompt")
        assert self.made(RecordingClient(name=self.model))

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[Verdict]]:
        judge = self.made(models.server(self.model) if self.model else None)
        at_once = run.machine.pace.concurrency if self.model else 1

        def judge_block(block: Sequence[QuestionChains]) -> Iterable[Verdict]:
            return judge_groups(judge.judge, judge.name, ((one.question, one.chains) for one in block), at_once)

        return judge_block

    def follows(self) -> Mapping[str, object]:
        return {"prompt": hash_file(Path(self.prompt))} if self.prompt else {}

    def tally(self, block: Sequence[QuestionChains], rows: Sequence[Verdict]) -> Mapping[str, int]:
        voted = [row.agreement for row in rows if row.agreement is not None]
        votes = {"with votes": len(voted), "agreement ppm": round(1e6 * sum(voted))} if voted else {}
        return {**Counter(row.outcome.value for row in rows), **votes}

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if not counts.get("with votes"):
            return ""
        agreement = counts["agreement ppm"] / counts["with votes"] / 1e6
        return f"{agreement:.1%} of the pairs of votes on a chain give the same grade"

    def conclusion(self, run: Run, name: str) -> Sequence[str]:
        """How many chains have each outcome, and how they are looked at, where the stage ran over files."""
        if run.place(name) != run.root:
            return ()
        counts, near = run.manifest(name).counts, Path(os.path.relpath(run.root.parent))
        told = ", ".join(
            f"{counts[one.value]:,} {one.value.replace('_', ' ')}" for one in Outcome if counts.get(one.value)
        )
        look = f"; look at them: seewhy view {near}" if near != Path() else ""
        return (f"{counts['rows']:,} chains: {told or 'none'}{look}",)

    def cost(self, rows: Sequence[Verdict]) -> float:
        return sum(row.usage.dollars for row in rows)

    def section(self, run: Run, name: str) -> Section | None:
        """Outcomes and mean score of a judge that asked a model; what a rule decides, others show."""
        if not self.model:
            return None
        rows = run.read(name, Verdict)
        outcomes = Counter(row.outcome for row in rows)
        scores = [(row.question_id, row.score) for row in rows if row.score is not None]
        counts = tuple(Count(name=outcome.value, count=outcomes[outcome]) for outcome in Outcome if outcomes[outcome])
        mean = call_part("evaluation", "intervals", "mean_and_range", scores) if scores else ""
        said = f"{self.judge.kind} scored {len(scores):,} of {len(rows):,} chains{mean}."
        return Facts(title=f"Judged: {name}", counts=counts, text=said)

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        chains = outlook.forecast(self.chains)
        return StageForecast(
            rows=chains.rows, unit="verdicts", is_exact=chains.is_exact, per_prompt=chains.per_prompt,
            server=self._asked(outlook) if self.model else None, basis=f"one a chain, by {self.judge.kind}",
        )  # fmt: skip

    def _asked(self, outlook: Outlook) -> ServerWork:
        """Requests about all chains: those that are there, or as many and as long as their step allows."""
        whole = outlook.all_rows()
        chains = whole.rows(self.chains, Chain)
        questions = whole.questions(self.questions or self.chains)
        listener = outlook.listener(self.model)
        judge = self.made(listener)
        for _ in judge_chains(judge, questions.values(), chains):
            pass
        follow_ups, unknown = list[FollowUp](), ""
        if isinstance(judge, MultiTurnJudge):
            follow_ups = self._follow_ups(questions, chains, listener)
        elif is_outside(self.judge.kind):
            unknown = f"what {self.judge.kind} asks after the first replies"
        return ServerWork(model=self.model, requests=listener.recorded, follow_ups=follow_ups, unknown=unknown,
                          assumed=self._assumed(outlook))  # fmt: skip

    def _assumed(self, outlook: Outlook) -> str:
        if outlook.is_there(self.chains):
            return ""
        source = outlook.forecast(self.chains)
        return (f"no {self.chains} are there yet, so the most that their step allows is counted: {source.rows or 0:,} "
                f"{source.unit} ({source.basis}), ten tokens a sentence")  # fmt: skip

    def _follow_ups(
        self, questions: Mapping[str, Question], chains: Iterable[Chain], listener: RecordingClient
    ) -> list[FollowUp]:
        """What may be asked of chains without a kept first reply; what follows a kept one was recorded."""
        quiet = RecordingClient(name=listener.name)
        judge = self.made(quiet)
        found: list[FollowUp] = []
        for chain in chains:
            quiet.recorded.clear()
            judge.judge(questions[chain.question_id], (chain,))
            if isinstance(judge, MultiTurnJudge) and any(
                listener.recall(request) is None for request in quiet.recorded
            ):
                found.append(judge.follow_up(questions[chain.question_id], chain))
        return found


def asks_model(kind: str) -> bool:
    """Whether a judge asks a model."""
    return ASKED in settings_of(class_chosen(choose(kind), "judging", "judge"))


def make_judge(choice: Choice, asked: ChatModel | None, prompt: str, place: str) -> Judges:
    """The judge of a choice: the settings that are given, and its own for the rest.

    Args:
        choice: who judges, with settings.
        asked: the model that it asks; None for a trial, and for judges that ask none.
        prompt: text file in place of its own prompt; empty leaves it.
        place: where the choice was made, for errors.

    Raises:
        ValueError: there is no such judge, it needs more than a model, or it has no such setting or no prompt.
    """
    given: dict[str, object] = {ASKED: asked or RecordingClient(name="nobody")} if asks_model(choice.kind) else {}
    if prompt:
        if "template" not in settings_of(class_chosen(choice, "judging", place)):
            raise ValueError(f"prompt: judge {choice.kind} has no prompt; leave it away")
        given["template"] = read_prompt(Path(prompt))
    judge = make(choice, "judging", place, **given)
    if not isinstance(judge, Judges):
        raise ValueError(f"judge {choice.kind} has no `name`: write it as a field of the class")
    return judge
