"""The teacher called endpoint: rationales of a model behind a server, block by block."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from seewhy.cli.distil import choose, grade, is_whole, taught
from seewhy.cli.listener import RecordingClient
from seewhy.cli.price import StageCost, price_requests
from seewhy.cli.wire import TeacherSession, identity_of, line_of
from seewhy.cli.workspace import Workspace
from seewhy.endpoints.chains import ChainTeller
from seewhy.judging.prompts.distilling import Kind, TeacherPrompt
from seewhy.judging.prompts.template import read_prompt
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.recipes.plans import Recipe
from seewhy.records.types import Chain, Question, Style
from seewhy.runners.local import run_blocks

PER_SHARD = 256
"""Questions a shard: a few calls at a time wait for the slowest at its end. A provider's batch holds them all."""
UNANSWERED = "unanswered.jsonl"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Questions that got no rationale, and why; written down block by block."""

    space: Workspace
    heard: dict[str, str] = field(default_factory=dict[str, str])

    def hear(self, ask: GenerateRequest, why: str) -> None:
        """One more."""
        self.heard[ask.question.id] = why

    def write(self) -> None:
        """Add those of a block to `teacher/unanswered.jsonl`, and say the first reason."""
        if not self.heard:
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        lines = [json.dumps({"at": at, "question_id": name, "why": why}) + "\n" for name, why in self.heard.items()]
        with self.space.place("teacher", UNANSWERED).open("a", encoding="utf-8") as file:
            file.writelines(lines)
        name, why = next(iter(self.heard.items()))
        self.space.screen.say(f"  {len(self.heard)} of a block of questions got no rationale, such as {name}: {why}")
        self.heard.clear()


def prompt_of(recipe: Recipe) -> TeacherPrompt:
    """The prompt of the recipe: its benchmark's, that of a kind, or a file."""
    named = recipe.teacher.prompt
    if named in {kind.value for kind in Kind}:
        return TeacherPrompt(kind=Kind(named))
    if not named:
        return TeacherPrompt()
    if not Path(named).is_file():
        kinds = ", ".join(kind.value for kind in Kind)
        raise ValueError(f"--teacher.prompt {named!r} is neither a file nor one of {kinds}")
    return TeacherPrompt(wording=read_prompt(Path(named)))


def decoding_of(recipe: Recipe) -> SamplingParams:
    """How rationales are drawn."""
    plan = recipe.teacher
    return SamplingParams(temperature=plan.temperature, max_tokens=plan.max_tokens, seed=recipe.distil.seed)


def run(space: Workspace) -> None:
    """Rows `distil/chains`, `distil/verdicts` and `distil/lessons`."""
    questions = taught(space)
    with (
        line_of(space, space.recipe.teacher) as line,
        space.screen.track("distil rationales", 3 * len(questions), "rows", is_whole=is_whole(space), note=line.summary)
        as advance,
    ):  # fmt: skip
        _ask(space, questions, line, advance)
        grade(space, "distil", questions, Style.REASON, advance)
        choose(space, questions, advance)


def forecast_cost_of(space: Workspace) -> StageCost:
    """What the rationales would cost; nobody is asked."""
    recipe = space.recipe
    listener = RecordingClient(name=recipe.teacher.model)
    model = ChainTeller(talks=listener, prompt=prompt_of(recipe), tell_failure=lambda ask, why: None)
    model.generate(_asks(taught(space)), decoding_of(recipe))
    return price_requests(space, "distil", recipe.teacher, listener.heard)


def _ask(space: Workspace, questions: Sequence[Question], line: TeacherSession, advance: Callable[[int], None]) -> None:
    """Rows `distil/chains`; a question that is not answered has none, and stands in `teacher/unanswered.jsonl`."""
    prompt, decoding, unanswered = prompt_of(space.recipe), decoding_of(space.recipe), Unanswered(space)
    model = ChainTeller(talks=line, prompt=prompt, tell_failure=unanswered.hear)

    def work(block: Sequence[Question]) -> Iterable[Chain]:
        chains = [chain for chains in model.generate(_asks(block), decoding) for chain in chains]
        line.check_block()
        unanswered.write()
        return chains

    versions = sorted({prompt.wording_of(question).version for question in questions})
    per_shard = max(1, len(questions)) if line.batch else PER_SHARD
    run_blocks(
        space.place("distil", "chains"), questions, work, Chain, per_shard=per_shard, stage="distil",
        plan={"distil": space.recipe.distil, "teacher": identity_of(space.recipe.teacher), "prompts": versions,
              "decoding": decoding},
        input_hashes=space.hashes(questions=space.place("questions", "train")), command=space.command("distil"),
        on_done=advance, tally=lambda rows: {"unanswered": len(questions) - len({row.question_id for row in rows})},
        price=lambda _: line.paid,
    )  # fmt: skip


def _asks(questions: Iterable[Question]) -> list[GenerateRequest]:
    return [GenerateRequest(question=question, style=Style.REASON) for question in questions]
