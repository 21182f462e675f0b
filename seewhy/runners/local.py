"""Run a stage over its inputs in this process, block by block, so that a stopped run continues where it stood."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from seewhy.records.canonical import as_plain, canonical_json, flatten_plain
from seewhy.records.columns import Record
from seewhy.records.files import write_text_atomically
from seewhy.records.integrity import Fault, explain_faults, hash_files, verify_files
from seewhy.records.lineage import (
    MANIFEST,
    Manifest,
    fingerprint_of,
    library_versions,
    read_manifest,
    seeds_of,
    write_manifest,
)
from seewhy.records.shards import count_rows, read_rows, shard_numbers, write_shard

In = TypeVar("In")
Out = TypeVar("Out", bound=Record)

PLAN = "_plan.json"
SECONDS = "_seconds.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """All that the rows of a directory follow from; with other terms the directory is refused.

    Example:
        >>> StepSpec(stage="sample", record="Chain", per_shard=64, count=200, plan={"seed": 0}, inputs={}).per_shard
        64
    """

    stage: str
    record: str
    per_shard: int
    count: int
    """Number of inputs."""
    plan: object
    inputs: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Equal for equal terms."""
        return fingerprint_of(self, self.inputs)


def run_blocks(
    directory: Path,
    inputs: Sequence[In],
    work: Callable[[Sequence[In]], Iterable[Out]],
    record_type: type[Out],
    *,
    per_shard: int,
    stage: str,
    plan: object,
    input_hashes: Mapping[str, str],
    command: str,
    on_done: Callable[[int], None],
    tally: Callable[[list[Out]], Mapping[str, int]] | None = None,
    price: Callable[[list[Out]], float] | None = None,
) -> Manifest:
    """Call `work` on consecutive blocks of `per_shard` inputs and keep what it yields, one shard a block.

    The blocks are the same however often the run was stopped, so what shares a batch, and thus rounding, is too.
    A block whose shard is there is not worked again; `on_done` hears of it all the same, with its number of inputs.
    When all are done, `tally` adds counts (drops, say) and `price` the dollars, over all rows; then the manifest is
    written. One process at a time works in a directory.

    Raises:
        ValueError: the directory holds rows of another plan; the message names the fields that differ.
        OSError: a shard could not be written; the same command continues.
    """
    if per_shard < 1:
        raise ValueError(f"per_shard is {per_shard}; a shard holds the rows of 1 input or more")
    terms = StepSpec(
        stage=stage,
        record=record_type.__name__,
        per_shard=per_shard,
        count=len(inputs),
        plan=plan,
        inputs=dict(input_hashes),
    )
    _claim_directory(directory, terms)
    blocks = [inputs[start : start + per_shard] for start in range(0, max(len(inputs), 1), per_shard)]
    if _is_finished(directory, terms, len(blocks)):
        on_done(len(inputs))
        return read_manifest(directory)
    seconds = _work_blocks(directory, blocks, work, record_type, on_done)
    rows = list(read_rows(directory, record_type)) if tally or price else []
    counts = tally(rows) if tally else {}
    manifest = _sum_up(directory, terms, counts, seconds, price(rows) if price else 0.0, command)
    write_manifest(directory, manifest)
    return manifest


def _claim_directory(directory: Path, terms: StepSpec) -> None:
    path = directory / PLAN
    if path.is_file():
        _require_same(path, terms)
        return
    if shard_numbers(directory):
        raise ValueError(f"{directory} holds rows, and no {PLAN} says of which plan. {_REMEDY}")
    plain = {"fingerprint": terms.fingerprint, **_plain_terms(terms)}
    write_text_atomically(path, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")


def _require_same(path: Path, terms: StepSpec) -> None:
    try:
        there = flatten_plain({**json.loads(path.read_text(encoding="utf-8"))})
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is not a JSON object ({error}). {_REMEDY}") from error
    here = flatten_plain(_plain_terms(terms))
    names = sorted((there.keys() | here.keys()) - {"fingerprint"})
    changes = [_tell_change(name, there, here) for name in names if there.get(name, _ABSENT) != here.get(name, _ABSENT)]
    if changes:
        raise ValueError(f"{path.parent} holds rows of another plan: {'; '.join(changes)}. {_REMEDY}")


_ABSENT = "absent"
_REMEDY = "Choose another --run, or delete that directory to make its rows anew"


def _tell_change(name: str, there: Mapping[str, object], here: Mapping[str, object]) -> str:
    return f"{name} is {there.get(name, _ABSENT)!r} there and {here.get(name, _ABSENT)!r} here"


def _plain_terms(terms: StepSpec) -> dict[str, object]:
    return {field.name: as_plain(getattr(terms, field.name), field.name) for field in fields(terms)}


def _is_finished(directory: Path, terms: StepSpec, blocks: int) -> bool:
    path = directory / MANIFEST
    if not path.is_file():
        return False
    manifest = read_manifest(directory)
    faults = verify_files(directory, manifest)
    if damaged := [one for one in faults if one.fault is not Fault.MISSING]:
        raise ValueError(explain_faults(damaged))
    if manifest.fingerprint == terms.fingerprint and shard_numbers(directory) == list(range(blocks)) and not faults:
        return True
    # Someone took a shard away: until it is back, nothing may say that all rows are there.
    path.unlink()
    return False


def _work_blocks(
    directory: Path,
    blocks: Sequence[Sequence[In]],
    work: Callable[[Sequence[In]], Iterable[Out]],
    record_type: type[Out],
    on_done: Callable[[int], None],
) -> float:
    """Make the shards that are not there, and return the seconds that all of them took."""
    finished = set(shard_numbers(directory))
    seconds = _read_seconds(directory)
    for number, block in enumerate(blocks):
        if number not in finished:
            started = time.perf_counter()
            rows = list(work(block)) if block else []
            seconds[str(number)] = time.perf_counter() - started
            # Before the shard: a kill between the two must not leave a shard whose time nobody knows.
            write_text_atomically(directory / SECONDS, json.dumps(seconds, indent=2) + "\n")
            write_shard(directory, number, rows, record_type)
        on_done(len(block))
    return sum(seconds.values())


def _read_seconds(directory: Path) -> dict[str, float]:
    path = directory / SECONDS
    if not path.is_file():
        return {}
    try:
        return {str(number): float(seconds) for number, seconds in json.loads(path.read_text()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not map shards to seconds ({error}). Delete it and run again") from error


def _sum_up(
    directory: Path, terms: StepSpec, counts: Mapping[str, int], seconds: float, dollars: float, command: str
) -> Manifest:
    return Manifest(
        stage=terms.stage,
        plan=canonical_json(terms.plan),
        fingerprint=terms.fingerprint,
        inputs=terms.inputs,
        counts={**counts, "inputs": terms.count, "rows": count_rows(directory)},
        versions=library_versions(),
        seeds=seeds_of(terms.plan),
        seconds=seconds,
        dollars=dollars,
        command=command,
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        files=hash_files(directory),
    )
