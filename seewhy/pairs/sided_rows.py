"""Judged rows in columns as pairs of two sides are drawn of them, and what such pairs take from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from seewhy.pairs.judged import fold_answer
from seewhy.pairs.sided import OUTCOMES, Places, SidedPrompts
from seewhy.records.columns import Record, slots_of
from seewhy.records.grouped import JudgedRows
from seewhy.records.types import Chain, Outcome, Style, Verdict


def sided_prompts(rows: JudgedRows, is_kept: NDArray[np.bool_], style: Style) -> SidedPrompts:
    """Those questions of a block that are kept; all its chains are of one style.

    Raises:
        ValueError: a value of theirs does not fit its field.
    """
    sizes = np.diff(np.asarray(rows.bounds))
    places = np.flatnonzero(np.repeat(is_kept, sizes))
    bounds = np.concatenate(([0], np.cumsum(sizes[is_kept])))
    index = rows.chains.column("index").to_numpy()[places]
    prompt = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    if np.any((np.diff(index) <= 0) & (np.diff(prompt) == 0)):
        places = places[np.lexsort((index, prompt))]
    ids = _take(rows.chains, "question_id", places, Chain)
    _values(_take(rows.chains, "stop", places, Chain).unique(), "stop", Chain)
    outcomes = _outcomes(_take(rows.verdicts, "outcome", places, Verdict))
    return SidedPrompts(
        question_ids=_values(ids.take(pa.array(bounds[:-1])), "question_id", Chain),
        style=style,
        bounds=bounds,
        rows=places,
        texts=_values(_take(rows.chains, "text", places, Chain), "text", Chain),
        outcomes=outcomes,
        answers=_folded(_take(rows.verdicts, "answer", places, Verdict)),
        values=_scores(_take(rows.verdicts, "score", places, Verdict), outcomes),
    )


def origins_of(rows: JudgedRows, chosen: Sequence[int]) -> dict[str, pa.Array]:
    """Columns of pairs that follow from the chosen chain."""
    places = np.asarray(chosen, np.int64)
    return {
        "question_id": _take(rows.chains, "question_id", places, Chain),
        "style": _take(rows.chains, "style", places, Chain),
        "source": _take(rows.verdicts, "judge", places, Verdict),
    }


def _take(batch: pa.RecordBatch, name: str, places: Places, record_type: type[Record]) -> pa.Array:
    """A column at these rows; a null is refused where a value must be."""
    found = batch.column(name).take(pa.array(places))
    if found.null_count and not slots_of(record_type)[name].optional:
        _values(found, name, record_type)
    return found


def _values(column: pa.Array, name: str, record_type: type[Record]) -> list[Any]:
    return slots_of(record_type)[name].decode(column)


def _outcomes(column: pa.Array) -> Places:
    encoded = column.dictionary_encode()
    of = [OUTCOMES.index(one) for one in _values(encoded.dictionary, "outcome", Verdict)]
    return np.array(of, np.int64)[encoded.indices.to_numpy()]


def _folded(answers: pa.Array) -> Places:
    """A number for each answer, equal for those that normalise to equal; -1 where there is none."""
    encoded = answers.dictionary_encode()
    numbers: dict[str, int] = {}
    of = [numbers.setdefault(fold_answer(one), len(numbers)) for one in encoded.dictionary.to_pylist()]
    return np.array([*of, -1], np.int64)[pc.fill_null(encoded.indices, -1).to_numpy()]


def _scores(scores: pa.Array, outcomes: Places) -> NDArray[np.float64]:
    """As `Judged.value`: 1 for a right and 0 for any other chain where the judge gave none."""
    is_right = pa.array((outcomes == OUTCOMES.index(Outcome.CORRECT)).astype(np.float64))
    return np.array(_values(pc.coalesce(scores, is_right), "score", Verdict), np.float64)
