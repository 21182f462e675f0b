"""One block of a row stage: its input rows mapped to a shard, in whatever process this is."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from seewhy.records.files import write_text_atomically
from seewhy.records.shards import shard_numbers, shard_path, write_shard
from seewhy.runs.api import Counted, Models, RowStage, Run
from seewhy.runs.hooks import SendsBlocks
from seewhy.runs.plan_file import read_plan

Work = Callable[[Sequence[Any]], Iterable[Any] | Counted]
"""Maps a block of input rows to output rows."""
BLOCKS = "_blocks"
"""Folder with what each block took and counted: several processes may finish blocks at once."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a block."""

    number: int
    inputs: int
    seconds: float


@dataclass(slots=True)
class BlockWorker:
    """Maps blocks of one unit; made once a process, when the first block is wanted."""

    stage: RowStage
    inputs: Sequence[Any]
    folder: Path
    work: Work
    models: Models
    plan: Mapping[str, object] | None
    """What the rows follow from, as the folder said it when this began."""

    @classmethod
    def of(cls, stage: RowStage, inputs: Sequence[Any], run: Run, folder: Path, models: Models) -> "BlockWorker":
        """The worker of a unit; `inputs` is what `stage.inputs` returned."""
        return cls(stage, inputs, folder, stage.worker(run, models), models, read_plan(folder))

    def do(self, number: int, sent: Sequence[Any] | None = None) -> Done:
        """Make the shard of a block, unless the block holds nothing; `sent` are its input rows, if known."""
        started = time.perf_counter()
        block = block_of(self.inputs, number, self.stage.block_size()) if sent is None else sent
        made = self.work(block) if len(block) else ()
        rows = _joined(list(made.rows if isinstance(made, Counted) else made))
        counts = {**self.stage.tally(block, rows), **(made.counts() if isinstance(made, Counted) else {})}
        self.models.end_block()
        seconds = time.perf_counter() - started
        self._require_wanted(number)
        if shard_path(self.folder, number).is_file():
            # Another worker, while this one was taken for lost: its rows are the same, and may be read by now.
            return Done(number, len(block), seconds)
        noted = {"seconds": seconds, "dollars": self.stage.cost(rows), "rows": len(rows), "counts": counts}
        # Before the shard: a kill between the two must not leave a shard of which nothing is known.
        write_text_atomically(self.folder / BLOCKS / f"{number:05d}.json", json.dumps(noted))
        write_shard(self.folder, number, rows, self.stage.rows)
        return Done(number, len(block), seconds)

    def _require_wanted(self, number: int) -> None:
        """ValueError where the folder was begun anew with other settings while this block was made."""
        if read_plan(self.folder) != self.plan:
            raise ValueError(f"{self.folder} was begun anew meanwhile: the rows of block {number} are not written. "
                             "Run the same command again")  # fmt: skip


def _joined(rows: list[Any]) -> Any:  # noqa: ANN401
    return pa.concat_tables(rows) if rows and all(isinstance(one, pa.Table) for one in rows) else rows


def block_of(inputs: Sequence[Any], number: int, per_shard: int) -> Sequence[Any]:
    """The input rows of a block."""
    return inputs[_rows_of(number, per_shard)]


def sent_block(inputs: Sequence[Any] | None, number: int, per_shard: int) -> Sequence[Any] | None:
    """The same for another process; None where that is to find them itself."""
    return inputs.sent(_rows_of(number, per_shard)) if isinstance(inputs, SendsBlocks) else None


def _rows_of(number: int, per_shard: int) -> slice:
    return slice(number * per_shard, (number + 1) * per_shard)


def count_blocks(total: int, per_shard: int) -> int:
    """Blocks of so many input rows; one, without rows, where there are none.

    Example:
        >>> count_blocks(0, 64), count_blocks(64, 64), count_blocks(65, 64)
        (1, 1, 2)
    """
    return max(1, -(-total // per_shard))


def missing_blocks(folder: Path, blocks: int) -> list[int]:
    """Blocks whose shards are not there, in order."""
    there = set(shard_numbers(folder))
    return [number for number in range(blocks) if number not in there]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What the blocks of a unit took and counted, over all calls."""

    seconds: float = 0.0
    dollars: float = 0.0
    rows: int = 0
    counts: Mapping[str, int]


def sum_blocks(folder: Path) -> Sums:
    """The sums over all blocks that are there.

    Raises:
        ValueError: what was noted of a block is damaged; the message names the file.
    """
    seconds, dollars, rows = 0.0, 0.0, 0
    counts: Counter[str] = Counter()
    for path in sorted((folder / BLOCKS).glob("*.json")):
        try:
            noted = json.loads(path.read_text(encoding="utf-8"))
            seconds, dollars, rows = seconds + noted["seconds"], dollars + noted["dollars"], rows + noted["rows"]
            counts.update(noted["counts"])
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path} is damaged ({error}): delete its shard beside it and run again") from error
    return Sums(seconds=seconds, dollars=dollars, rows=rows, counts=counts)
