"""`seewhy eval`: every model with both prompts on test and shifted, and with the pictures withheld."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from seewhy.cli.distil import grade
from seewhy.cli.grade.rows import require_suites, write_suites
from seewhy.cli.workspace import Workspace
from seewhy.evaluation.suites import Suite
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Question, Split, Style, Verdict
from seewhy.runners.local import run_blocks
from seewhy.sampling.sample import answer_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One measurement: a model, a split, a prompt style, with or without pictures."""

    model: str
    split: Split
    style: Style
    blind: bool

    @property
    def place(self) -> tuple[str, str, str]:
        """Where its rows lie in the run."""
        return ("eval", self.model, f"{self.split.value}-{self.style.value}{'-blind' if self.blind else ''}")


def settings_of(space: Workspace) -> Iterator[Setting]:
    """All measurements of the recipe, model by model."""
    for model in ["base", "sft", *space.trained_keys()]:
        for split in space.splits_to_report():
            for style in Style:
                yield Setting(model=model, split=split, style=style, blind=False)
        if space.recipe.evaluation.blind:
            yield Setting(model=model, split=Split.TEST, style=Style.REASON, blind=True)


def run(space: Workspace) -> None:
    """Rows `eval/<model>/<split>-<style>/chains` and `.../verdicts`, and suites' files under `.../also`."""
    plan = space.recipe.evaluation
    suites = require_suites(plan.also, "--evaluation.also")
    settings = list(settings_of(space))
    for setting in settings:
        space.model_name(setting.model)  # all are there, or nothing is measured
    questions = {split: space.questions(split) for split in space.splits_to_report()}
    total = sum(len(questions[setting.split]) for setting in settings)
    places = [(*setting.place, rows) for setting in settings for rows in ("chains", "verdicts")]
    what, is_whole = f"evaluate {len(settings)} settings", space.are_whole(*places)
    with space.screen.track(what, total, "questions", is_whole=is_whole) as advance:
        for setting in settings:
            measure(space, setting, questions[setting.split], advance)
            if suites:
                write_also(space, setting, questions[setting.split], suites)


def measure(space: Workspace, setting: Setting, questions: list[Question], advance: Callable[[int], None]) -> None:
    """Greedy replies of one setting, and their verdicts."""
    plan = space.recipe.evaluation

    def work(block: Sequence[Question]) -> Iterable[Chain]:
        model = space.shelf.open(space.model_name(setting.model), setting.model)
        return answer_once(model, block, setting.style, plan.max_tokens, blind=setting.blind)

    source = space.need("questions", setting.split.value, stage="questions")
    run_blocks(
        space.place(*setting.place, "chains"), questions, work, Chain, per_shard=plan.per_shard, stage="eval",
        plan={"setting": setting, "max_tokens": plan.max_tokens}, command=space.command("eval"), on_done=advance,
        input_hashes={**space.hashes(questions=source), "model": space.model_identity(setting.model)},
    )  # fmt: skip
    grade(
        space, "eval", questions, setting.style, lambda _: None,
        (*setting.place, "chains"), (*setting.place, "verdicts"),
    )  # fmt: skip


def write_also(space: Workspace, setting: Setting, questions: list[Question], suites: Sequence[Suite]) -> None:
    """The results of one setting in the forms of other suites, under the setting's `also`."""
    chains = list(read_rows(space.place(*setting.place, "chains"), Chain))
    verdicts = list(read_rows(space.place(*setting.place, "verdicts"), Verdict))
    write_suites(space.place(*setting.place, "also"), suites, questions, chains, verdicts, model=setting.model)
