"""Prompts with pictures of the next step, encoded by a thread while this step is computed.

Rows and questions are read by the thread that trains; the other one opens pictures and makes tensors of them, in the
order of the rows. What it makes is what the training would have made. An error of a row is raised in its own step.
"""

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from seewhy.records.types import Question
from seewhy.training.api import EncodesInThreads, ScoresGroups
from seewhy.training.examples import TrainingExample
from seewhy.training.grouping import Prompts, asked_prompts, places_by_prompt
from seewhy.training.parallel.own_rows import first_share
from seewhy.training.parallel.ranks import Ranks

THREAD = "seewhy-encode"
Waiting = dict[object, Future[Prompts]]
"""Prompts that a thread encodes."""


@dataclass(slots=True, kw_only=True)
class Ahead:
    """The rows of steps in order, and prompts that are encoded ahead of them; use `encoding_ahead`."""

    model: ScoresGroups
    questions: Mapping[str, Question]
    examples: Sequence[TrainingExample]
    steps: Sequence[Sequence[int]]
    ranks: Ranks
    pool: ThreadPoolExecutor | None
    """None encodes nothing ahead."""
    waiting: Waiting = field(default_factory=dict[object, Future[Prompts]])
    """Prompts of this step by what the examples of one share."""
    later: tuple[int, list[TrainingExample], Waiting] | None = None
    """The number, rows and prompts of the step that is encoded ahead."""

    def begin(self, step: int) -> list[TrainingExample]:
        """The rows of a step; from now on the prompts of the next one are encoded."""
        if self.later is not None and self.later[0] == step:
            _, rows, self.waiting = self.later
        else:
            rows, self.waiting = self._read(step), {}
        self.later = None
        if self.pool is not None and step + 1 < len(self.steps):
            following = self._read(step + 1)
            self.later = step + 1, following, self._encoding(following, self.pool)
        return rows

    def prompts(self, examples: Sequence[TrainingExample]) -> Prompts:
        """Of examples of this step that share their prompt.

        Raises:
            ValueError: a prompt cannot be encoded; the message names its question.
        """
        encoded = self.waiting.get(examples[0].prompt_key)
        if encoded is not None:
            return encoded.result()
        return asked_prompts(self.questions, examples).encode(self.model)

    def _read(self, step: int) -> list[TrainingExample]:
        return [self.examples[place] for place in self.steps[step]]

    def _encoding(self, rows: Sequence[TrainingExample], pool: ThreadPoolExecutor) -> Waiting:
        units = [[rows[place] for place in unit] for unit in places_by_prompt(rows)]
        found: Waiting = {}
        for number in first_share(self.ranks, self.questions, units):
            asked = asked_prompts(self.questions, units[number])
            if asked.has_pictures:
                found[units[number][0].prompt_key] = pool.submit(asked.encode, self.model)
        return found


@contextmanager
def encoding_ahead(
    model: ScoresGroups, questions: Mapping[str, Question], examples: Sequence[TrainingExample],
    steps: Sequence[Sequence[int]], ranks: Ranks,
) -> Generator[Ahead]:  # fmt: skip
    """While the context lasts, a thread encodes where the model allows it; after it there is none."""
    pool = ThreadPoolExecutor(1, thread_name_prefix=THREAD) if isinstance(model, EncodesInThreads) else None
    try:
        yield Ahead(model=model, questions=questions, examples=examples, steps=steps, ranks=ranks, pool=pool)
    finally:
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
