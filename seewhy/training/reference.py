"""What the frozen reference thinks of every response, computed once and looked up while training."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import torch
from torch import Tensor

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
    forwards_of,
    pair_example,
    question_of,
    questions_by_id,
    require_question,
)
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
    """Of the frozen model, as `Trainable.fingerprint` tells it before the first step."""
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
        wanted = [(PictureVariant.OWN, ids) for ids in example.responses]
        wanted += [(PictureVariant.VARIED, ids) for ids in example.varied]
        return tuple(
            self.find(question_of(questions, example.question_id, variant), example.style, ids, variant)
            for variant, ids in wanted
        )


@torch.no_grad()
def score_examples(
    model: ScoresGroups, examples: Sequence[TrainingExample], known: Mapping[str, Question], row_tokens: int
) -> list[tuple[TrainingExample, Ids, tuple[float, ...]]]:
    """Each distinct response of each group, with its log-probabilities under the model as it is now."""
    scored: list[tuple[TrainingExample, Ids, tuple[float, ...]]] = []
    for forward in forwards_of(model, known, examples, row_tokens):
        logps = model.group_logps([shared.group for shared in forward])
        for shared, rows in zip(forward, logps, strict=True):
            scored.extend(
                (shared.examples[0], ids, tuple(row.tolist()))
                for ids, row in zip(shared.group.responses, rows, strict=True)
            )
    return scored


def _viewed(example: TrainingExample, views: Sequence[View]) -> Iterator[TrainingExample]:
    """The responses of a pair of which the reference is needed, for each picture variant."""
    chosen, rejected = example.responses
    for variant in dict.fromkeys(view.pictures for view in views):
        sides = [view.side for view in views if view.pictures is variant]
        responses = tuple(chosen if side is Side.CHOSEN else rejected for side in sides)
        yield replace(example, responses=responses, pictures=variant)


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
    made = (pair_example(model, pair, plan.keep_tokens) for pair in pairs)
    examples = sorted((e for pair in made if pair for e in _viewed(pair, needed)), key=lambda e: e.prompt_key)
    for example in examples:
        require_question(known, example)
    done = set(have)

    def key_of(example: TrainingExample, ids: Ids) -> str:
        question = question_of(known, example.question_id, example.pictures)
        return reference_key(fingerprint, question, example.style, ids, example.pictures)

    wanted = [e for e in examples if any(key_of(e, ids) not in done for ids in e.responses)]
    model.net.eval()
    with assume_frozen(model):
        for start in range(0, len(wanted), WINDOW):
            for example, ids, logprobs in score_examples(model, wanted[start : start + WINDOW], known, plan.row_tokens):
                key = key_of(example, ids)
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
