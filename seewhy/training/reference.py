"""What the frozen reference thinks of every response, computed once and looked up while training."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seewhy.model.packed.sending import read_groups
from seewhy.model.prompts import prompt_text, prompt_turns, turns_key
from seewhy.objectives.api import PictureVariant, Scorer, Side, View
from seewhy.objectives.parts.views import BOTH_SIDES
from seewhy.records.by_key import Rows, RowsByKey
from seewhy.records.conversation import is_conversation
from seewhy.records.types import Pair, Question, ReferenceRow, Style
from seewhy.training.api import ScoresGroups, Trainable, assume_frozen
from seewhy.training.examples import (
    Asked,
    Ids,
    TrainingExample,
    pair_example,
    question_of,
    questions_by_id,
    require_question,
    shown_question,
    without_own_pictures,
)
from seewhy.training.grouping import forwards_of
from seewhy.training.identity import weights_fingerprint
from seewhy.training.plan import FitPlan

WINDOW = 256
"""Pairs whose prompts are encoded and in memory at once."""


def reference_key(
    fingerprint: str, question: Question, style: Style, ids: Ids, variant: PictureVariant = PictureVariant.OWN
) -> str:
    """Hash of the frozen model with its processor, the prompt's text, pictures and variant, and the token ids."""
    pictures = [image.sha256 for image in question.images]
    parts = [fingerprint, prompt_text(question, style), pictures, str(style), list(ids)]
    if variant is not PictureVariant.OWN:
        parts.append(str(variant))
    if is_conversation(question):
        parts.append(turns_key(prompt_turns(question, style)))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _logprobs(row: ReferenceRow) -> Tensor:
    return torch.tensor(row.logprobs, dtype=torch.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceStore:
    """Log-probabilities under one frozen model, found by question, style and token ids."""

    fingerprint: str
    """Of the frozen model, as `Trainable.fingerprint` gives it before the first step."""
    logprobs: Mapping[str, Tensor]
    """[time] float32 on the CPU, under `reference_key`."""

    @classmethod
    def of(cls, fingerprint: str, rows: Rows[ReferenceRow] | Iterable[ReferenceRow]) -> "ReferenceStore":
        """The store of these rows: of rows by number each is read when asked for, others are kept in memory."""
        if isinstance(rows, Rows):
            return cls(fingerprint=fingerprint, logprobs=RowsByKey(rows, key=lambda row: row.key, value=_logprobs))
        return cls(fingerprint=fingerprint, logprobs={row.key: _logprobs(row) for row in rows})

    def find(self, question: Question, style: Style, ids: Ids, variant: PictureVariant = PictureVariant.OWN) -> Tensor:
        """[time] log-probabilities of the response; raises ValueError where they were never computed."""
        found = self.logprobs.get(reference_key(self.fingerprint, question, style, ids, variant))
        if found is None:
            raise ValueError(
                f"question {question.id} ({style}): no reference row for a response of {len(ids)} tokens; run the "
                "reference stage again with this model, these pairs and the same keep_tokens"
            )
        return found

    def of_pair(self, questions: Mapping[str, Question], example: TrainingExample) -> tuple[Tensor, ...]:
        """Log-probabilities of the chosen and the rejected response of a pair, and of those with varied pictures."""
        found = [self.find(shown_question(questions, example, number), example.style, ids)
                 for number, ids in enumerate(example.responses)]  # fmt: skip
        for ids in example.varied:
            varied = question_of(questions, example.question_id, PictureVariant.VARIED)
            found.append(self.find(varied, example.style, ids, PictureVariant.VARIED))
        return tuple(found)


@torch.no_grad()
def score_examples(
    model: ScoresGroups, examples: Sequence[TrainingExample], known: Mapping[str, Question], row_tokens: int
) -> list[tuple[TrainingExample, int, tuple[float, ...]]]:
    """Each response of each example, by its number, with its log-probabilities under the model as it is now."""
    scored: list[tuple[TrainingExample, int, tuple[float, ...]]] = []
    for forward in forwards_of(model, known, examples, row_tokens):
        logps = model.group_logps([group for shared in forward for group in shared.own_groups])
        numbers = iter(read_groups(logps))
        for shared in forward:
            rows = [row for _ in shared.own_groups for row in next(numbers)]
            for example, pick in zip(shared.examples, shared.picks, strict=True):
                scored.extend((example, number, rows[place]) for number, place in enumerate(pick))
    return scored


def _viewed(example: TrainingExample, views: Sequence[View]) -> Iterator[TrainingExample]:
    """The responses of a pair of which the reference is needed, for each picture variant."""
    chosen, rejected = example.responses
    for variant in dict.fromkeys(view.pictures for view in views):
        sides = {view.side for view in views if view.pictures is variant}
        responses = (*((chosen,) if Side.CHOSEN in sides else ()), *((rejected,) if Side.REJECTED in sides else ()))
        has_own = Side.REJECTED in sides and variant is PictureVariant.OWN
        images = example.rejected_images if has_own else None
        yield replace(example, responses=responses, pictures=variant, rejected_images=images)


def _reference_views(views: Sequence[View]) -> list[View]:
    needed = [view for view in views if view.scorer is Scorer.REFERENCE]
    for view in needed:
        if view.side is Side.RESPONSE:
            raise ValueError(f"reference rows are of the two sides of pairs, and a view is ({view})")
    return needed


def reference_rows(
    model: Trainable,
    pairs: Sequence[Pair],
    questions: Rows[Question] | Mapping[str, Question],
    plan: FitPlan,
    have: AbstractSet[str] = frozenset(),
    views: Sequence[View] = BOTH_SIDES,
    varied: Rows[Question] | Mapping[str, Question] | None = None,
) -> Iterator[ReferenceRow]:
    """One row for every distinct response of the pairs, with the model as it is now and without gradient.

    `have` holds keys of rows already on disk: their responses are not scored again. Of the plan, `keep_tokens` and
    `row_tokens` are read; `keep_tokens` must be that of the training run. `views` are the objective's: rows are
    computed for its views of the reference, so none for an objective without; `varied` are the questions with their
    varied pictures, where a view has those. The pairs are held in memory: for
    many, call it with one block after another, which hashes the weights once. Raises ArithmeticError where a
    log-probability is not finite.
    """
    needed = _reference_views(views)
    if not needed:
        return
    fingerprint = weights_fingerprint(model)
    known = Asked(questions_by_id(questions), questions_by_id({} if varied is None else varied))
    made = (pair_example(model, without_own_pictures(pair, known), plan.keep_tokens) for pair in pairs)
    examples = sorted((e for pair in made if pair for e in _viewed(pair, needed)), key=lambda e: e.prompt_key)
    for example in examples:
        require_question(known, example)
    done = set(have)

    def key_of(example: TrainingExample, number: int) -> str:
        question, ids = shown_question(known, example, number), example.responses[number]
        return reference_key(fingerprint, question, example.style, ids, example.pictures)

    wanted = [e for e in examples if any(key_of(e, number) not in done for number in range(len(e.responses)))]
    model.net.eval()
    with assume_frozen(model):
        for start in range(0, len(wanted), WINDOW):
            block = wanted[start : start + WINDOW]
            for example, number, logprobs in score_examples(model, block, known, plan.row_tokens):
                key = key_of(example, number)
                if key not in done:
                    done.add(key)
                    yield ReferenceRow(key=key, logprobs=_finite(example, logprobs))


def _finite(example: TrainingExample, logprobs: tuple[float, ...]) -> tuple[float, ...]:
    if not all(map(math.isfinite, logprobs)):
        raise ArithmeticError(
            f"question {example.question_id} ({example.style}): the reference gives a token a log-probability that is "
            "not finite; open the model in float32, or drop the row"
        )
    return logprobs
