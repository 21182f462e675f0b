"""What `sft` and `train` share: settle how groups are scored, take all steps, then say so in a manifest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from seewhy.cli.progress import Screen
from seewhy.cli.workspace import Workspace, is_finished
from seewhy.model.api import ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.plan import ComputePlan
from seewhy.records.canonical import canonical_json
from seewhy.records.integrity import hash_files
from seewhy.records.lineage import Manifest, fingerprint_of, library_versions, read_manifest, seeds_of, write_manifest
from seewhy.records.types import StepLog
from seewhy.training.checkpoint import read_steps
from seewhy.training.monitor.alarms import AlarmDetector
from seewhy.training.plan import FitPlan


def is_trained(space: Workspace, what: str, directory: Path, plan: object, inputs: Mapping[str, str]) -> bool:
    """Whether this training is done, which is then said; an error where the directory holds another one."""
    if not is_finished(directory):
        return False
    manifest = read_manifest(directory)
    if manifest.fingerprint != fingerprint_of(plan, inputs):
        raise ValueError(
            f"{directory} holds a model of another plan or of other rows; choose another --run, or delete that "
            "directory to train anew"
        )
    space.screen.say_whole(what, manifest.counts["steps"], "steps")
    return True


def plan_with_adapter(space: Workspace, plan: FitPlan) -> object:
    """What a training is made of: its own plan, and those of adapter and precision where they are not the usual."""
    adapter, compute = space.recipe.adapter, space.recipe.compute
    usual = not adapter.rank and compute == ComputePlan()
    return plan if usual else {"fit": plan, "adapter": adapter, "compute": compute}


def settle(space: Workspace, model: HubModel, asks: Sequence[ScoreRequest]) -> None:
    """Choose packed or separate rows by comparing them, and say so where packed ones cannot be trusted."""
    check = model.settle_path(asks)
    if not check.is_packed:
        space.screen.say(f"  {check.why}")


def with_alarms(screen: Screen, directory: Path, logs: Iterable[StepLog]) -> Iterator[StepLog]:
    """The steps as they are taken; each alarm is said when it first rings, those of earlier calls at the beginning."""
    watch = AlarmDetector()

    def say(log: StepLog) -> None:
        for alarm in watch.take(log):
            screen.say(f"  watch out, {alarm.summary}")

    for log in logs:
        if log.step and watch.history.count == 0:
            for earlier in read_steps(directory / "steps.jsonl")[: log.step]:
                say(earlier)
        say(log)
        yield log
    if watch.history.count == 0:
        for earlier in read_steps(directory / "steps.jsonl"):
            say(earlier)


def train_to_end(
    space: Workspace, stage: str, what: str, directory: Path, logs: Iterable[StepLog], model: HubModel,
    plan: object, inputs: Mapping[str, str],
) -> None:  # fmt: skip
    """Take every step that is left, then write the manifest."""
    space.screen.follow(what, with_alarms(space.screen, directory, logs))
    done = read_steps(directory / "steps.jsonl")
    manifest = Manifest(
        stage=stage, plan=canonical_json(plan), fingerprint=fingerprint_of(plan, inputs), inputs=inputs,
        counts={"steps": len(done), "rows": int(sum(log.terms["rows"] for log in done))},
        versions={**library_versions(), "scoring": model.path.value}, seeds=seeds_of(plan),
        seconds=sum(log.seconds for log in done), dollars=0.0, command=space.command(stage),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"), files=hash_files(directory),
    )  # fmt: skip
    write_manifest(directory, manifest)
