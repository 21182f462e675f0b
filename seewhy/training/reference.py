"""What the frozen reference thinks of every response, computed once and looked up while training."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import torch
from torch import Tensor

from seewhy.model.prompts import prompt_text
from seewhy.records.types import Pair, Question, ReferenceRow, Style
from seewhy.training.api import ScoresGroups, Trainable, assume_frozen
from seewhy.training.examples import Ids, TrainingExample, forwards_of, pair_examples, questions_by_id
from seewhy.training.plan import FitPlan

WINDOW = 256
"""Pairs whose prompts are encoded and in memory at once."""


def reference_key(fingerprint: str, question: Question, style: Style, ids: Ids) -> str:
    """Hash of the frozen model with its processor, the prompt's words, its pictures and the response's token ids."""
    pictures = [image.sha256 for image in question.images]
    parts = [fingerprint, prompt_text(question, style), pictures, str(style), list(ids)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceStore:
    """Log-probabilities under one frozen model, found by question, style and token ids."""

    fingerprint: str
    """Of the frozen model, as `Trainable.fingerprint` tells it before the first step."""
    logprobs: Mapping[str, Tensor]
    """[time] float32 on the CPU, under `reference_key`."""

    @classmethod
    def of(cls, fingerprint: str, rows: Iterable[ReferenceRow]) -> "ReferenceStore":
        """The store of these rows."""
        return cls(
            fingerprint=fingerprint,
            logprobs={row.key: torch.tensor(row.logprobs, dtype=torch.float32) for row in rows},
        )

    def find(self, question: Question, style: Style, ids: Ids) -> Tensor:
        """[time] log-probabilities of the response; raises ValueError where they were never computed."""
        found = self.logprobs.get(reference_key(self.fingerprint, question, style, ids))
        if found is None:
            raise ValueError(
                f"question {question.id} ({style}): no reference row for a response of {len(ids)} tokens; run the "
                "reference stage again with this model, these pairs and the same keep_tokens"
            )
        return found

    def of_pair(self, questions: Mapping[str, Question], example: TrainingExample) -> tuple[Tensor, Tensor]:
        """Log-probabilities of the chosen and of the rejected response of a pair."""
        question = questions[example.question_id]
        chosen, rejected = (self.find(question, example.style, ids) for ids in example.responses)
        return chosen, rejected


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


def reference_rows(
    model: Trainable,
    pairs: Sequence[Pair],
    questions: Sequence[Question],
    plan: FitPlan,
    have: AbstractSet[str] = frozenset(),
) -> Iterator[ReferenceRow]:
    """One row for every distinct response of the pairs, with the model as it is now and without gradient.

    `have` holds keys of rows already on disk: their responses are not scored again. Of the plan, `keep_tokens` and
    `row_tokens` are read; `keep_tokens` must be that of the training run.
    """
    fingerprint = model.fingerprint
    examples, _ = pair_examples(model, pairs, plan.keep_tokens)
    known = questions_by_id(questions, examples)
    examples.sort(key=lambda example: example.prompt_key)
    done = set(have)

    def key_of(example: TrainingExample, ids: Ids) -> str:
        return reference_key(fingerprint, known[example.question_id], example.style, ids)

    wanted = [e for e in examples if any(key_of(e, ids) not in done for ids in e.responses)]
    model.net.eval()
    with assume_frozen(model):
        for start in range(0, len(wanted), WINDOW):
            for example, ids, logprobs in score_examples(model, wanted[start : start + WINDOW], known, plan.row_tokens):
                key = key_of(example, ids)
                if key not in done:
                    done.add(key)
                    yield ReferenceRow(key=key, logprobs=logprobs)
