"""Training examples by number, made from rows as they are asked for; what is kept is a few bytes an example."""

import hashlib
import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seewhy.training.examples import TrainingExample, hashes_of, prompt_hash, units_by_prompt
from seewhy.training.order import PromptUnits
from seewhy.training.rows import Mixture, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleTable(Sequence[TrainingExample]):
    """The rows of a training that are trained on."""

    make: Callable[[int], TrainingExample]
    """The example of a row, by the row's number."""
    kept: NDArray[np.int32]
    """Number of the row of each example."""
    units: PromptUnits
    digest: str
    """Hash of all examples in order, and of their streams and weights where there are any."""
    dropped: int
    """Rows that are not trained on."""
    streams: tuple[str, ...]

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.kept)

    def __getitem__(self, number: int) -> TrainingExample:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The example of that number, made anew."""
        return self.make(int(self.kept[number]))


def units_of(examples: Sequence[TrainingExample]) -> PromptUnits:
    """The examples' numbers by prompt."""
    if isinstance(examples, ExampleTable):
        return examples.units
    return units_by_prompt(examples)


def tabulate(
    rows: Mixture[Row],
    encode: Callable[[Row], TrainingExample | None],
    check: Callable[[TrainingExample], object],
) -> ExampleTable:
    """Reads all rows once, in order: drops those that `encode` makes None of, and lets `check` refuse an example."""

    def make(number: int) -> TrainingExample | None:
        stream, place = rows.find(number)
        example = encode(stream.rows[place])
        if example is None:
            return None
        weight = stream.weight_of(place) * example.weight * rows.factor_of(example.stream, f"row {number}")
        return replace(example, weight=weight, stream=example.stream or stream.name)

    def made(number: int) -> TrainingExample:
        example = make(number)
        if example is None:
            raise ValueError(
                f"row {number} has changed since the training began, and its two sides are equal now; bring the rows "
                "back as they were, or begin another training"
            )
        return example

    kept, hashes, digest = array("i"), array("Q"), Digest(is_plain=_is_plain(rows))
    streams = {stream.name: 0 for stream in rows.streams}
    for number in range(len(rows)):
        example = make(number)
        if example is not None:
            check(example)
            kept.append(number)
            hashes.append(prompt_hash(example))
            digest.add(example)
            streams[example.stream] = streams.get(example.stream, 0) + 1
    _require_streams(rows.weights, streams)
    return ExampleTable(
        make=made,
        kept=np.frombuffer(kept, dtype=np.int32),
        units=PromptUnits.of(np.frombuffer(hashes, dtype=np.uint64)),
        digest=digest.end(),
        dropped=len(rows) - len(kept),
        streams=tuple(name for name, count in streams.items() if count),
    )


def _require_streams(weights: Mapping[str, float], streams: Mapping[str, int]) -> None:
    for name in weights:
        if not streams.get(name):
            found = ", ".join(repr(one) for one, count in streams.items() if one and count) or "no stream"
            raise ValueError(f"weights: no row is of stream {name!r}; the rows are of {found}")


def _is_plain(rows: Mixture[Row]) -> bool:
    return [(stream.name, stream.weight, stream.row_weights) for stream in rows.streams] == [("", 1.0, None)]


class Digest:
    """SHA-256 of the JSON list of all examples, which is never in memory as a whole."""

    def __init__(self, *, is_plain: bool) -> None:
        """`is_plain` leaves streams and weights out where a row has neither."""
        self._hash = hashlib.sha256(b"[")
        self._is_plain, self._between = is_plain, b""

    def add(self, example: TrainingExample) -> None:
        """Takes in the next example."""
        row: list[object] = [example.question_id, str(example.style), example.responses]
        if not self._is_plain or (example.stream, example.weight) != ("", 1.0):
            row += [example.stream, example.weight]
        if example.rejected_images is not None:
            row.append(hashes_of(example.rejected_images))
        self._hash.update(self._between + json.dumps(row).encode())
        self._between = b", "

    def end(self) -> str:
        """The hash of all examples."""
        whole = self._hash.copy()
        whole.update(b"]")
        return whole.hexdigest()
