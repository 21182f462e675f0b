"""Pairs whose two sides are equally long on average: a share of those with the longer side too long is left out.

Source: RLAIF-V (arXiv 2405.17220), whose code searches the share from 0 to 1 in steps of 0.02.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

from seewhy.records.by_key import key_hash
from seewhy.records.rows import RowReader
from seewhy.records.types import Pair

STEPS = 50
"""Shares that are tried: 0.02, 0.04, ... 1 (RLAIF-V), and none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Which pairs are left out; each pair's draw follows from the seed and its own content, not from its place.

    Example:
        >>> whole = Balance(share=1.0, sign=1, seed=0)
        >>> whole.keeps("q", "reason", "long", "short"), whole.keeps("q", "reason", "longer", "short")
        (True, False)
    """

    share: float
    """Of the pairs whose side that is longer on average is the longer one."""
    sign: int
    """1 where chosen sides are longer on average, -1 where rejected ones are, 0 where neither is."""
    seed: int

    def keeps(self, question_id: str, style: str, chosen: str, rejected: str) -> bool:
        """Whether a pair is kept."""
        if (len(chosen) - len(rejected)) * self.sign <= 0:
            return True
        return draw_of(self.seed, question_id, style, chosen, rejected) >= self.share


def draw_of(seed: int, question_id: str, style: str, chosen: str, rejected: str) -> float:
    """A number from 0 to 1, even over pairs, the same for a pair wherever it stands."""
    return key_hash(json.dumps([seed, question_id, style, chosen, rejected])) / 2**64


def find_balance(pairs: Iterable[tuple[str, str, str, str]], seed: int) -> Balance:
    """The share that brings the mean lengths, in characters, closest together; of equal ones the smallest.

    Args:
        pairs: question's id, style, chosen and rejected text of each, read once.
        seed: of the draw.
    """
    surplus = {1: [0] * STEPS, -1: [0] * STEPS}
    counts = {1: [0] * STEPS, -1: [0] * STEPS}
    total = rows = 0
    for question_id, style, chosen, rejected in pairs:
        gap = len(chosen) - len(rejected)
        total, rows = total + gap, rows + 1
        if gap:
            side = 1 if gap > 0 else -1
            place = int(draw_of(seed, question_id, style, chosen, rejected) * STEPS)
            surplus[side][place] += gap
            counts[side][place] += 1
    sign = (total > 0) - (total < 0)
    best, nearest = 0, abs(total) / max(1, rows)
    for step in range(STEPS if sign else 0):
        total, rows = total - surplus[sign][step], rows - counts[sign][step]
        if rows and abs(total) / rows < nearest:
            best, nearest = step + 1, abs(total) / rows
    return Balance(share=best / STEPS, sign=sign, seed=seed)


def texts_of(pairs: RowReader[Pair]) -> Iterator[tuple[str, str, str, str]]:
    """What `find_balance` reads, from files as it is asked for."""
    for batch in pairs.batches(("question_id", "style", "chosen", "rejected")):
        columns = [cast(pa.StructArray, batch.column(side)) for side in ("chosen", "rejected")]
        sides = [column.field("text").to_pylist() for column in columns]
        yield from zip(batch.column("question_id").to_pylist(), batch.column("style").to_pylist(), *sides, strict=True)
