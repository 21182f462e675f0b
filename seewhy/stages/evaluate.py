"""Replies of models to questions, graded: with their pictures, and with the pictures withheld."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.evaluation.suites import Suite
from seewhy.grading.suite_files import require_suites, write_suites
from seewhy.model.api import SamplingParams
from seewhy.model.plan import ComputePlan
from seewhy.records.marks import RARE
from seewhy.records.measured_doubts import Cut
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Chain, FinishReason, Question, Response, Style, Verdict
from seewhy.report.inputs import Evaluation, Reply, Sample, Section
from seewhy.report.results import measured_lines
from seewhy.runs.api import Models, Need, PageStage, RowStage, Run, Stage
from seewhy.runs.choice import Model, Rows, choose
from seewhy.runs.discovery import call_part, load_part
from seewhy.runs.drawing import drawn_need, served_counts
from seewhy.runs.forecast.api import ModelWork, Outlook, StageForecast
from seewhy.runs.question_chains import judged_needs
from seewhy.sampling.sample import answer_once
from seewhy.sampling.served import LooksFirst
from seewhy.sampling.stand_ins import imitations, stand_in
from seewhy.stages.credit import picture_of
from seewhy.stages.fitting import Fitting, Unfit
from seewhy.stages.judge import Judge

SHOWN = 8
FIT = "fit"
"""Part with the questions that all models can take."""
DIRECT_TOKENS = 4
"""Of a reply without reasoning, where none was seen: an answer and the end of the turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(Stage):
    """Accuracy of models on the same questions, with intervals: a score card each, and paired differences."""

    models: tuple[Model, ...]
    """Who is asked; each is compared with the model that it started from where that is asked too."""
    questions: Rows
    """Rows of questions."""
    styles: tuple[Style, ...] = (Style.DIRECT, Style.REASON)
    """Prompts: `direct` asks for the answer alone, `reason` for a chain of thought."""
    blind: tuple[Style, ...] = (Style.REASON,)
    """Prompts for which the pictures are withheld too, as a control."""
    temperature: float = 0.0
    """0 takes the likeliest reply; above it one reply a question is drawn (mm-cot-rlaif: 0.4 and 0.8)."""
    max_tokens: int = 128
    """Tokens of a reply, at most."""
    unfit: Unfit = Unfit.STOP
    """Of questions that a model cannot take: `stop` when all are counted, `drop` them for all models alike, or
    `unchecked`, where a step before has looked."""
    split: str = "test"
    """Of questions of several splits, the one that is measured."""
    per_shard: int = 250
    """Questions a shard."""
    seed: int = 0
    """Seed of every drawn reply's own generator."""
    also: tuple[Suite, ...] = ()
    """Suites in whose form each model's replies and verdicts are written too, under `also`: lmms-eval, vlmevalkit."""
    engine: EnginePlan = field(default=EnginePlan(), metadata=RARE)
    """Who draws: seewhy's own sampler, or servers that have the model's weights."""

    main: ClassVar[str] = ""
    shows_parts: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse a measurement of nothing."""
        for name in ("models", "styles"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty: name one at least")
        require_least(self, 1, "max_tokens", "per_shard")
        require_seed(self)
        assert SamplingParams(temperature=self.temperature)

    def require(self, compute: ComputePlan) -> None:
        require_suites([suite.value for suite in self.also], "also")

    def units(self, name: str) -> Mapping[str, RowStage | PageStage]:
        found: dict[str, RowStage | PageStage] = {}
        asked = self._asked(name)
        if asked != self.questions:
            found[FIT] = Fitting(own=asked, questions=self.questions, models=self.models, unfit=self.unfit,
                                 styles=self.styles, max_tokens=self.max_tokens, split=self.split)  # fmt: skip
        for setting in self.settings():
            part = setting.part
            chains, verdicts = f"{name}.{part}/chains", f"{name}.{part}/verdicts"
            found[f"{part}/chains"] = replace(setting, questions=asked)
            found[f"{part}/verdicts"] = Judge(chains=chains, questions=asked, judge=choose("outcome"))
            if self.also:
                found[f"also/{part}"] = SuiteFiles(model=setting.model, questions=asked, chains=chains,
                                                   verdicts=verdicts, suites=self.also)  # fmt: skip
        return found

    def _asked(self, name: str) -> Rows:
        """The questions that all models can take, or all."""
        return self.questions if self.unfit is Unfit.UNCHECKED else f"{name}.{FIT}"

    def _finished(self, run: Run, name: str) -> "Evaluate":
        """The measurement of those models all of whose replies are judged."""
        parts = {model: [one.part for one in self.settings() if one.model == model] for model in self.models}
        done = [model for model in self.models if all(run.is_done(f"{name}.{part}/verdicts") for part in parts[model])]
        return replace(self, models=tuple(done)) if done else self

    def conclusion(self, run: Run, name: str) -> Sequence[str]:
        """A line a model: accuracy in each prompt with its interval, and without the pictures."""
        section = self.section(run, name)
        return measured_lines(section) if isinstance(section, Evaluation) else ()

    def settings(self) -> Iterator["Replies"]:
        """All measurements, model by model."""
        for model in self.models:
            for style, blind in (*((style, False) for style in self.styles), *((style, True) for style in self.blind)):
                yield Replies(model=model, questions=self.questions, style=style, blind=blind,
                              temperature=self.temperature, max_tokens=self.max_tokens, per_shard=self.per_shard,
                              seed=self.seed if self.temperature else 0, engine=self.engine)  # fmt: skip

    def block_size(self) -> int:
        return self.per_shard

    def needs(self) -> Sequence[Need]:
        return (Need(field="questions", ref=self.questions, wants=Question),)

    def section(self, run: Run, name: str) -> Section | None:
        return self._finished(run, name)._section(run, name)

    def _section(self, run: Run, name: str) -> Section | None:
        asked = self._asked(name)
        verdicts = {setting.part: list(run.read(f"{name}.{setting.part}/verdicts", Verdict))
                    for setting in self.settings()}  # fmt: skip
        # A run of a version that did not look which questions fit was asked those of all splits that have a verdict.
        judged = {row.question_id for rows in verdicts.values() for row in rows}
        place = asked if run.is_done(asked) else self.questions
        questions = [one for one in run.questions(place) if place == asked or one.id in judged]
        clusters = call_part("evaluation", "pictures", "picture_clusters", questions)
        scorecard_of = load_part("evaluation", "scorecard").scorecard_of
        paired_difference = load_part("evaluation", "compare").paired_difference
        cards = tuple(
            scorecard_of(questions, verdicts[setting.part], model=setting.model, blind=setting.blind, clusters=clusters)
            for setting in self.settings()
        )
        changes = {
            (before, after, style): paired_difference(verdicts[_part(before, style)], verdicts[_part(after, style)],
                                                      clusters=clusters)
            for after in self.models for before in self.models[: self.models.index(after)] for style in self.styles
        }  # fmt: skip
        return Evaluation(name=name, models=self.models, cards=cards, changes=changes, temperature=self.temperature,
                          cuts=tuple(self._cuts(run, name)),
                          overlaps=call_part("runs", "overlap", "overlaps_of", run, self.models, questions),
                          samples=tuple(self._samples(run, name, questions, verdicts)))  # fmt: skip

    def _cuts(self, run: Run, name: str) -> Iterator[Cut]:
        for one in self.settings():
            stops = [row.stop for row in run.read(f"{name}.{one.part}/chains", Chain)]
            if cut := stops.count(FinishReason.LENGTH):
                yield Cut(model=one.model, style=one.style, blind=one.blind, n=len(stops), cut=cut,
                          max_tokens=self.max_tokens)  # fmt: skip

    def _samples(
        self, run: Run, name: str, questions: Sequence[Question], verdicts: Mapping[str, Sequence[Verdict]]
    ) -> Iterator[Sample]:
        """The first question of each kind, with every model's chain of thought."""
        style = Style.REASON if Style.REASON in self.styles else self.styles[0]
        parts = {model: _part(model, style) for model in self.models}
        said = {model: {row.question_id: row for row in run.read(f"{name}.{part}/chains", Chain)}
                for model, part in parts.items()}  # fmt: skip
        found = {model: {row.question_id: row for row in verdicts[part]} for model, part in parts.items()}
        seen: set[str] = set()
        for question in questions:
            kind = dict(question.facets).get("kind", question.id)
            if kind in seen or len(seen) == SHOWN:
                continue
            seen.add(kind)
            yield Sample(question=question, picture=picture_of(question), replies=tuple(
                Reply(model=model, style=style, text=said[model][question.id].text,
                      outcome=found[model][question.id].outcome, answer=found[model][question.id].answer)
                for model in self.models
            ))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFiles(PageStage):
    """The replies of a model and their verdicts as files of other evaluation suites."""

    model: str
    """Its name in the files."""
    questions: Rows
    chains: Rows
    verdicts: Rows
    suites: tuple[Suite, ...]

    shows_steps: ClassVar[bool] = False

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="questions", ref=self.questions, wants=Question),
            *judged_needs(self.chains, self.verdicts),
        )

    def write(self, run: Run, place: Path, sections: Mapping[str, Section]) -> Sequence[Path]:
        verdicts = list(run.read(self.verdicts, Verdict))
        asked = {verdict.question_id for verdict in verdicts}
        questions = [question for question in run.questions(self.questions) if question.id in asked]
        return write_suites(place, self.suites, questions, list(run.read(self.chains, Chain)), verdicts,
                            model=self.model)  # fmt: skip


def _part(model: str, style: Style) -> str:
    return f"{model}/{style.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies(RowStage):
    """One reply of a model to each question, in one prompt, with or without pictures."""

    model: Model
    questions: Rows
    style: Style
    blind: bool
    temperature: float
    max_tokens: int
    per_shard: int
    seed: int
    engine: EnginePlan = field(default=EnginePlan(), metadata=RARE)

    rows: ClassVar[type[Chain]] = Chain
    unit: ClassVar[str] = "questions"

    @property
    def part(self) -> str:
        """Its folder within the step."""
        return f"{_part(self.model, self.style)}{'-blind' if self.blind else ''}"

    def block_size(self) -> int:
        return self.per_shard

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="questions", ref=self.questions, wants=Question),
            drawn_need(self.model, self.engine),
        )

    def inputs(self, run: Run) -> Sequence[Question]:
        return run.questions(self.questions)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Question]], Iterable[Chain]]:
        model = models.sampler(self.model, self.engine)
        if isinstance(model, LooksFirst):
            model.look(self.inputs(run), self.style, self.max_tokens, blind=self.blind)
        return lambda block: answer_once(
            model, block, self.style, self.max_tokens, blind=self.blind, temperature=self.temperature, seed=self.seed
        )

    def tally(self, block: Sequence[Question], rows: Sequence[Chain]) -> Mapping[str, int]:
        return served_counts(rows, self.engine)

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        asked = outlook.forecast(self.questions)
        work = ModelWork(
            model=self.model, is_drawn=True, prompts=asked.rows or 0, style=self.style, is_blind=self.blind,
            questions=tuple(outlook.rows(self.questions, Question)), responses=tuple(self._likely(outlook)),
            max_tokens=self.max_tokens,
        )  # fmt: skip
        return StageForecast(rows=asked.rows, unit="replies", is_exact=asked.is_exact, max_tokens=self.max_tokens,
                             work=() if self.engine.is_server else (work,),
                             basis="one a question, as long as those trained on")  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Chain]:
        return imitations(outlook.rows(self.questions, Question), self.style, 1, self._likely(outlook))

    def _likely(self, outlook: Outlook) -> Sequence[Response]:
        usual = DIRECT_TOKENS if self.style is Style.DIRECT else self.max_tokens
        found = outlook.replies(self.model, self.style) if outlook.limit else ()
        return found or [stand_in(0, min(usual, self.max_tokens) if outlook.limit else self.max_tokens)]
