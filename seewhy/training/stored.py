"""Reference log-probabilities that pairs brought with them, as RLAIF-V stores them, in place of computed ones."""

from collections.abc import Iterator, Mapping, Sequence

from seewhy.records.by_key import Rows
from seewhy.records.types import Pair, Question, ReferenceRow
from seewhy.training.api import Trainable
from seewhy.training.examples import pair_example, questions_by_id, shown_question, without_own_pictures
from seewhy.training.identity import weights_fingerprint
from seewhy.training.plan import FitPlan
from seewhy.training.reference import reference_key, reference_rows

LOOKED_AT = 4
"""Pairs of a block whose stored log-probabilities are computed as well."""
CLOSE = 0.05
"""Nats a token by which stored and computed ones may differ on average over a response: they may be of half
precision."""


def stored_rows(
    model: Trainable, pairs: Sequence[Pair], questions: Rows[Question] | Mapping[str, Question], plan: FitPlan
) -> Iterator[ReferenceRow]:
    """One row for every distinct response of the pairs: as stored where a pair holds it, else computed.

    The stored ones of the first few pairs are computed as well, and must be near.

    Raises:
        ValueError: a response has another number of tokens than stored values, or these are not the model's; with
            the question.
    """
    known = questions_by_id(questions)
    held, others = [pair for pair in pairs if _is_held(pair)], [pair for pair in pairs if not _is_held(pair)]
    found = _stored(model, held, known, plan)
    for row in reference_rows(model, held[:LOOKED_AT], known, plan):
        _require_close(row, *found[row.key])
    yield from (ReferenceRow(key=key, logprobs=values) for key, (values, _) in found.items())
    yield from reference_rows(model, others, known, plan, have=found.keys())


def _is_held(pair: Pair) -> bool:
    return pair.chosen_logprobs is not None and pair.rejected_logprobs is not None


def _stored(
    model: Trainable, pairs: Sequence[Pair], known: Mapping[str, Question], plan: FitPlan
) -> dict[str, tuple[tuple[float, ...], str]]:
    """By the key of a reference row: the stored values of the tokens that are trained on, and the question's id."""
    fingerprint = weights_fingerprint(model)
    found: dict[str, tuple[tuple[float, ...], str]] = {}
    for pair in pairs:
        example = pair_example(model, without_own_pictures(pair, known), 0)
        if example is None:
            continue
        for number, (side, values) in enumerate(
            (("chosen", pair.chosen_logprobs), ("rejected", pair.rejected_logprobs))
        ):
            ids = example.responses[number]
            assert values is not None
            if len(values) != len(ids):
                raise ValueError(
                    f"question {pair.question_id}: {side} has {len(values)} stored log-probabilities and {len(ids)} "
                    "tokens, its end included: they are of another tokenizer or template; leave `stored_by` away"
                )
            kept = plan.keep_tokens or len(ids)
            question = shown_question(known, example, number)
            key = reference_key(fingerprint, question, example.style, ids[:kept], example.pictures)
            found.setdefault(key, (values[:kept], pair.question_id))
    return found


def _require_close(computed: ReferenceRow, stored: Sequence[float], question_id: str) -> None:
    gap = sum(abs(a - b) for a, b in zip(stored, computed.logprobs, strict=True)) / len(stored)
    if gap > CLOSE:
        raise ValueError(
            f"question {question_id}: stored log-probabilities are {gap:.2g} nats a token from those that the model "
            f"gives ({CLOSE:g} are forgiven): they are not of this model, template or pictures; leave `stored_by` away"
        )
