"""What local models need: prompts are encoded, passes are traced without weights, and a few real steps are timed."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.prompt_cache import PromptCache
from seewhy.model.loading.sound_weights import require_sound
from seewhy.model.loading.whole_weights import require_whole
from seewhy.model.packed.group import Group, Prompt, tokens_of
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.trials import foreign_layers
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.model.weights import weights_place
from seewhy.records.types import Question, Response, Style
from seewhy.runs.forecast.api import ModelWork, TrainingWork
from seewhy.runs.forecast.encoding import EncodedPrompt, Lengths, lengths_of, with_responses
from seewhy.runs.forecast.memory import TrainingBytes, training_bytes, training_disk
from seewhy.runs.forecast.meta import as_trained, open_meta, require_running
from seewhy.runs.forecast.rates import Rates, probe
from seewhy.runs.forecast.room import MIB
from seewhy.runs.machine import ModelSpec
from seewhy.training.examples import TrainingExample, steps_of
from seewhy.training.plan import FitPlan

PROBE_TOKENS = 32
"""Tokens of a timed chain, at most."""
FULL_COPIES = 5
"""Of the weights, that the timed steps need: themselves, gradients, two moments, and room for a short row."""
CHAIN_BYTES = 12
"""On disk, of a chain's token, where none was drawn to be measured: its id, its log-probability, its text."""
SCORE_BYTES = 8
"""On disk, of a token's log-probability under one model, and its share of the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingForecast:
    """Steps, memory, time and disk of a training."""

    memory: TrainingBytes
    steps: int
    peak_mb: float
    max_mb: float | None
    """The peak if every response were as long as it may be; None where no limit is known."""
    seconds: float | None
    disk_mb: float
    sampled: int
    """Prompts that were looked at."""
    above_budget: int
    """Of them, those that exceed `row_tokens` alone."""


@dataclass(slots=True, kw_only=True)
class LocalModel:
    """A model of the recipe on the meta device, with what was measured of the real one."""

    name: str
    path: str
    meta: HubModel
    compute: ComputePlan
    refused: dict[str, None] = field(default_factory=dict[str, None])
    """Why a sampled prompt cannot be encoded, with its question: the run would stop there."""
    rates: Rates | None = None
    """None where no real step was taken."""
    is_packed: bool = True
    """Whether its rows are packed: as its layers say, then as a trial on the real net finds."""
    path_taken: ScorePath | None = None
    """How a trial on the real net runs its groups; None before there was one."""
    has_run: bool = False
    """Whether the net was run on a prompt with pictures, without weights."""
    encoded: int = 0
    """Prompts of the trainings so far, which the process keeps as far as its cache reaches."""

    @classmethod
    def open(cls, name: str, spec: ModelSpec, compute: ComputePlan, prompts_mib: int = 0) -> "LocalModel":
        """ValueError where it cannot be opened."""
        meta = open_meta(spec.path, spec.prompt)
        meta.prompts = PromptCache(prompts_mib << 20)
        return cls(name=name, path=spec.path, meta=meta, compute=compute, is_packed=not foreign_layers(meta.net))

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(parameter.numel() for parameter in self.meta.net.parameters())

    @property
    def weights_mb(self) -> float:
        """MiB of all weights in float32."""
        return sum(parameter.nbytes for parameter in self.meta.net.parameters()) / MIB

    @property
    def prompts_mb(self) -> float:
        """MiB of encoded prompts that a process keeps, at most."""
        return self.meta.prompts.max_bytes / MIB

    @property
    def context(self) -> int:
        """Tokens that the model takes."""
        return int(self.meta.net.config.get_text_config().max_position_embeddings)

    def prompt(self, question: Question, style: Style, *, is_blind: bool = False) -> Prompt | None:
        """The encoded prompt; None, and a note in `refused`, where it cannot be encoded.

        Raises:
            ValueError: the net does not run on the first one that has pictures.
        """
        try:
            found = self.meta.prompt(question, style, is_blind)
        except ValueError as error:
            self.refused[str(error)] = None
            return None
        if found.pictures and not self.has_run:
            try:
                require_running(self.meta, found)
            except ValueError as error:
                raise ValueError(f"model {self.name}: {error}") from error
            self.has_run = True
        return found

    def sizes(self, questions: Sequence[Question], style: Style, *, is_blind: bool = False) -> list[int]:
        """Tokens of the prompts that can be encoded."""
        found = (self.prompt(question, style, is_blind=is_blind) for question in questions)
        return [len(prompt.ids) for prompt in found if prompt is not None]

    def lengths(self, ref: str, questions: Sequence[Question], style: Style) -> Lengths | None:
        """Tokens of the prompts of a unit's questions; None where none can be encoded."""
        sizes = self.sizes(questions, style)
        return lengths_of(ref, style, sizes) if sizes else None

    def _ids_of(self, response: Response) -> tuple[int, ...]:
        """A response's own ids, those of a stand-in too, which spell nothing; else the ids of its text."""
        return tuple(self.meta.response_ids(response)) if response.token_ids is None else response.token_ids

    def mean_tokens(self, responses: Sequence[Response], limit: int = 0) -> float:
        """Tokens of an average response, each cut to `limit` where that is not 0."""
        sizes = [len(self._ids_of(one)) for one in responses]
        return statistics.fmean(min(size, limit) if limit else size for size in sizes) if sizes else 0.0

    def prompts_of(self, work: TrainingWork) -> list[EncodedPrompt]:
        """The sampled prompts of a training with their responses as token ids.

        Raises:
            ValueError: there are some, and none can be encoded.
        """
        rows: list[EncodedPrompt] = []
        for one in work.prompts:
            prompt = self.prompt(one.question, one.style)
            if prompt is not None:
                ids = dict.fromkeys(self._ids_of(response) for response in one.responses)
                rows.append(EncodedPrompt(question=one.question, style=one.style,
                                          group=Group(prompt=prompt, responses=tuple(ids))))  # fmt: skip
        if work.prompts and not rows:
            raise ValueError(f"no sampled prompt of a training can be encoded: {next(iter(self.refused))}")
        return rows

    def measure(self, training: TrainingWork | None, drawn: ModelWork | None, room_mb: float) -> None:
        """Time a few real steps, passes and chains, where the model fits into memory.

        Raises:
            ValueError: its weights are not there, not whole or not sound.
        """
        rows = self.prompts_of(training) if training else self._rows_of(drawn) if drawn else []
        rows = [row.plain for row in rows if row.style is Style.REASON] or [row.plain for row in rows]
        if not rows or FULL_COPIES * self.weights_mb >= room_mb:
            return
        adapter = training.adapter if training else AdapterPlan()
        try:
            require_whole(weights_place(self.path))
            require_sound(weights_place(self.path))
        except ValueError as error:
            raise ValueError(f"model {self.name}: {error}") from error
        model = HubModel.load(weights_place(self.path), label=self.name, compute=self.compute, masters=not adapter.rank)
        model.adapt(adapter)
        self.path_taken = model.path_of([rows[0].group.prompt])
        self.is_packed = self.path_taken is ScorePath.PACKED
        tokens = min(PROBE_TOKENS, drawn.max_tokens if drawn else PROBE_TOKENS)
        fit = training.fit if training else FitPlan(learning_rate=1e-5)
        self.rates = probe(model, fit, rows, drawn.per_prompt if drawn else 1, tokens)

    def _rows_of(self, work: ModelWork) -> list[EncodedPrompt]:
        rows: list[EncodedPrompt] = []
        for question, response in zip(work.questions, work.responses, strict=False):
            prompt = self.prompt(question, work.style, is_blind=work.is_blind)
            if prompt is not None:
                group = Group(prompt=prompt, responses=(self._ids_of(response),))
                rows.append(EncodedPrompt(question=question, style=work.style, group=group))
        return rows

    def seconds_of(self, work: ModelWork) -> float | None:
        """Time of drawing or scoring; None where nothing was measured."""
        if self.rates is None:
            return None
        sizes = self.sizes(work.questions, work.style, is_blind=work.is_blind)
        read = work.prompts * (statistics.fmean(sizes) if sizes else 0.0) * self.rates.score
        rate = self.rates.decode if work.is_drawn else self.rates.score
        return read + self.tokens_of(work) * rate

    def tokens_of(self, work: ModelWork) -> float:
        """Tokens of all responses."""
        return work.prompts * work.per_prompt * self.mean_tokens(work.responses, work.max_tokens)

    def disk_of(self, work: ModelWork) -> float:
        """MiB of the rows."""
        drawn = self.rates.chain_bytes if self.rates else CHAIN_BYTES
        return self.tokens_of(work) * (drawn if work.is_drawn else SCORE_BYTES) / MIB

    def warm(self, work: TrainingWork) -> None:
        """Trace one pass, so that what tracing loads is held before memory is measured: a real step loads as much."""
        groups = [row.group for row in self.prompts_of(work)[:1]]
        if groups:
            with as_trained(self.meta, work.fit, work.adapter, self.compute):
                training_bytes(self.meta, work.fit, groups, 1, 1, base=0, is_packed=True, compute=self.compute)

    def train(self, work: TrainingWork, base: int) -> TrainingForecast | None:
        """The forecast of a training in a process that holds `base` bytes; None where no prompt is known."""
        rows = [row.cut(work.fit.keep_tokens) for row in self.prompts_of(work)]
        if not rows or not work.counts:
            return None
        self.encoded += len(work.counts)
        groups, fit = [row.group for row in rows], work.fit
        steps, traced = count_steps(work.counts, fit), self._traced(work, groups, base)
        limit = min(fit.keep_tokens or work.max_tokens, work.max_tokens)
        each = max(len(group.responses) for group in groups)
        longest = self._traced(work, with_responses(groups, each, limit), base) if limit else None
        tokens = fit.epochs * len(work.counts) * statistics.fmean(map(tokens_of, groups))
        return TrainingForecast(
            memory=traced, steps=steps, peak_mb=traced.peak / MIB, max_mb=longest.peak / MIB if longest else None,
            seconds=tokens * self.rates.train if self.rates else None, disk_mb=training_disk(traced, steps, fit),
            sampled=len(rows), above_budget=sum(row.row_tokens > fit.row_tokens for row in rows),
        )  # fmt: skip

    def _traced(self, work: TrainingWork, groups: Sequence[Group], base: int) -> TrainingBytes:
        fit, per_step = work.fit, max(1, work.fit.batch_size // max(work.counts))
        with as_trained(self.meta, fit, work.adapter, self.compute):
            return training_bytes(
                self.meta, fit, groups, per_step, count_steps(work.counts, fit), base=base, prompts=self.encoded,
                is_packed=self.is_packed, compute=self.compute,
            )  # fmt: skip


def count_steps(counts: Sequence[int], plan: FitPlan) -> int:
    """Steps of a training whose prompts have so many rows each: the trainer's own order, on rows without text.

    Example:
        >>> count_steps([3] * 20, FitPlan(learning_rate=1e-5, batch_size=32, epochs=2))
        4
    """
    made = [
        TrainingExample(question_id=str(number), style=Style.REASON, responses=((place,),))
        for number, count in enumerate(counts)
        for place in range(count)
    ]
    return len(steps_of(made, plan))
