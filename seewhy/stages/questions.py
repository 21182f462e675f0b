"""The questions of every split: drawn by a benchmark, or read from its files."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from seewhy.benchmarks.release.reading import read_questions
from seewhy.records.files import hash_file
from seewhy.records.marks import RARE
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Question, Split
from seewhy.runs.api import Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Model
from seewhy.runs.discovery import find_module
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.picture_paths import relate_pictures
from seewhy.stages.fitting import Fitting, Unfit

PER_SHARD = 500
MAX_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions(Stage):
    """Questions of a benchmark, a part a split; pictures that it draws or that are in tables are under `images`."""

    benchmark: str = "inkgrid"
    """A file of `seewhy/benchmarks`, or a dotted path to a module with `load`."""
    source: str = ""
    """File or folder that the benchmark reads; inkgrid draws its own pages and needs none."""
    train: int = 6000
    """Questions for lessons and pairs. Of a file, each split's first so many are taken, or all it has."""
    validation: int = 400
    """Questions for choosing settings; never reported as a result."""
    test: int = 1000
    """Questions of every reported accuracy."""
    shifted: int = 0
    """Questions of another kind than any trained on; 0 where a benchmark has none."""
    seed: int = 0
    """Seed of the training and validation questions; test and shifted are the same for every seed."""
    models: tuple[Model, ...] = ()
    """Models that will be asked: every question is encoded once as they do, before anything is drawn or paid for;
    none looks at no question."""
    unfit: Unfit = Unfit.STOP
    """Of questions that these models cannot take: `stop` when all are counted, or `drop` them."""
    with_rationale: bool = False
    """Whether a training question without a rationale does not fit, as where teacher gold gives them."""
    only: Mapping[str, str] = field(default_factory=dict[str, str], metadata=RARE)
    """Facets that a question of a file must have, such as `IMG: yes` for ScienceQA's with a picture; none takes all."""
    drawn: bool = field(default=False, metadata=RARE)
    """Of a file that holds more than are wanted, take them from the whole file by `seed` (test and shifted by 0), not
    its first ones: files are often sorted. A larger number keeps those that a smaller one takes."""

    main: ClassVar[str] = "train"

    def __post_init__(self) -> None:
        """Refuse counts below zero, and a source where none is read or the other way round."""
        require_least(self, 0, *(split.value for split in Split))
        require_seed(self)
        if (self.unfit is not Unfit.STOP or self.with_rationale) and not self.models:
            raise ValueError("unfit and with_rationale are of questions that are looked at, and `models` names none by "
                             "which: name one, or leave both away")  # fmt: skip
        reads = "files" in vars(find_module("benchmarks", self.benchmark))
        if reads and not self.source:
            raise ValueError(f"source: benchmark {self.benchmark} reads files; name their file or folder")
        if self.source and not reads:
            raise ValueError(
                f"source: {self.benchmark} draws its own questions; leave it away, or choose benchmark jsonl"
            )
        for name in [name for name in ("only", "drawn") if getattr(self, name)]:
            if not reads:
                raise ValueError(f"{name}: {self.benchmark} draws its own questions; leave it away")

    def _counts(self) -> dict[Split, int]:
        return {Split.TRAIN: self.train, Split.VALIDATION: self.validation, Split.TEST: self.test,
                Split.SHIFTED: self.shifted}  # fmt: skip

    def units(self, name: str) -> Mapping[str, RowStage]:
        found: dict[str, RowStage] = {}
        for split, count in self._counts().items():
            if count and self.models:
                found[f"{split.value}/read"] = self._split(f"{name}.{split.value}/read", split, count)
                found[split.value] = Fitting(
                    own=f"{name}.{split.value}", questions=f"{name}.{split.value}/read", models=self.models,
                    unfit=self.unfit, with_rationale=self.with_rationale and split is Split.TRAIN,
                )  # fmt: skip
            elif count:
                found[split.value] = self._split(f"{name}.{split.value}", split, count)
        return found

    def _split(self, own: str, split: Split, count: int) -> RowStage:
        seed = self.seed if split in (Split.TRAIN, Split.VALIDATION) else 0
        if not self.source:
            return DrawSplit(own=own, benchmark=self.benchmark, split=split, count=count, seed=seed)
        return ReadSplit(own=own, benchmark=self.benchmark, source=self.source, split=split, count=count, seed=seed,
                         only=self.only, drawn_by=seed if self.drawn else None)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawSplit(RowStage):
    """Questions of one split that a benchmark makes."""

    own: str = field(compare=False)
    """Its own reference, by which it finds its folder."""
    benchmark: str
    source: str = ""
    split: Split
    count: int
    seed: int

    rows: ClassVar[type[Question]] = Question
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return PER_SHARD

    def needs(self) -> Sequence[Need]:
        return ()

    def inputs(self, run: Run) -> Sequence[int]:
        return range(self.count)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[int]], Iterable[Question]]:
        benchmark, folder = _module(self.benchmark), run.place(self.own)

        def draw(numbers: Sequence[int]) -> Iterator[Question]:
            found = benchmark.load(run.root, self.split, count=len(numbers), seed=self.seed, first=numbers[0])
            return (relate_pictures(question, folder, run.root) for question in found)

        return draw

    def tally(self, block: Sequence[int], rows: Sequence[Question]) -> Mapping[str, int]:
        return {"letter": sum(bool(question.options) for question in rows)}

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        few = outlook.rows(self.own, Question)
        pictures = sum(Path(image.path).stat().st_size for one in few for image in one.images)
        return StageForecast(
            rows=self.count, unit="questions", is_tried=True, disk_bytes=self.count * pictures / max(1, len(few)),
            basis=f"as the recipe has them; {len(few)} were drawn and timed",
        )  # fmt: skip

    def preview(self, run: Run, scratch: Path, count: int) -> Sequence[Question]:
        """The first so many, drawn under `scratch`."""
        return list(_module(self.benchmark).load(scratch, self.split, count=min(count, self.count), seed=self.seed))

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Question]:
        count = min(self.count, outlook.limit or self.count)
        return list(_module(self.benchmark).load(outlook.scratch, self.split, count=count, seed=self.seed))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSplit(RowStage):
    """Questions of one split that files hold; all are read before one is written."""

    own: str = field(compare=False)
    """Its own reference, by which it finds its folder."""
    benchmark: str
    source: str = field(compare=False)
    split: Split
    count: int
    seed: int = field(default=0, compare=False)
    only: Mapping[str, str] = field(default_factory=dict[str, str], metadata=RARE)
    drawn_by: int | None = field(default=None, metadata=RARE)
    """The seed by which they are taken from the whole file; None takes the first ones."""

    rows: ClassVar[type[Question]] = Question
    unit: ClassVar[str] = "splits"

    def block_size(self) -> int:
        return 1

    def needs(self) -> Sequence[Need]:
        return ()

    def follows(self) -> Mapping[str, object]:
        source = Path(self.source).expanduser().resolve()
        return {"files": {_name(path, source): hash_file(path) for path in _module(self.benchmark).files(source)}}

    def inputs(self, run: Run) -> Sequence[Split]:
        return (self.split,)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Split]], Iterable[Question]]:
        benchmark, source = _module(self.benchmark), Path(self.source).expanduser().resolve()
        there = benchmark.sizes(source).get(self.split, 0)
        folder = run.place(self.own)

        def read(_: Sequence[Split]) -> Iterator[Question]:
            found = self._read(source, run.root, self.count)
            models.note(f"{self.split.value}: {self._which(len(found), there)}")
            if "notes" in vars(benchmark):
                for said in benchmark.notes(source):
                    models.note(said)
            return (relate_pictures(question, folder, run.root) for question in found)

        return read

    def tally(self, block: Sequence[Split], rows: Sequence[Question]) -> Mapping[str, int]:
        return {"letter": sum(bool(question.options) for question in rows), "read": len(rows)}

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if not counts["read"]:
            facets = ", ".join(f"{name} {said}" for name, said in self.only.items())
            raise ValueError(f"{self.source} has no question of the split {self.split.value}"
                             f"{f' with {facets}: correct `only`, or set' if facets else ': set'} it to 0")  # fmt: skip
        return ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        source = Path(self.source).expanduser().resolve()
        there = _module(self.benchmark).sizes(source).get(self.split, 0)
        return StageForecast(
            rows=min(self.count, there), unit="questions", is_tried=True, basis=f"as {self.source} has them"
        )

    def preview(self, run: Run, scratch: Path, count: int) -> Sequence[Question]:
        """The first so many; every row of one's own file is looked at."""
        return self._read(Path(self.source).expanduser().resolve(), scratch, min(count, self.count))

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Question]:
        return self._read(Path(self.source).expanduser().resolve(), outlook.scratch, self.count)

    def _read(self, source: Path, pictures: Path, count: int) -> list[Question]:
        """The first so many that have the facets, or as many from the whole file."""
        benchmark = _module(self.benchmark)
        if not self.only and self.drawn_by is None:
            return read_questions(benchmark, source, self.split, count, pictures)
        there = benchmark.sizes(source).get(self.split, 0)
        found = read_questions(benchmark, source, self.split, there, pictures)
        found = [one for one in found if all(one.facets.get(name) == said for name, said in self.only.items())]
        return found[:count] if self.drawn_by is None else draw_questions(found, count, self.drawn_by)

    def _which(self, taken: int, there: int) -> str:
        if taken == there:
            return f"all {there:,} questions"
        if self.only or self.drawn_by is not None:
            how = "" if self.drawn_by is None else f", drawn by seed {self.drawn_by}"
            return f"{taken:,} of {there:,} questions{how}"
        return f"the first {taken:,} of {there:,} questions (questions.drawn takes them from the whole file)"


def draw_questions(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """So many of the questions, in their order; which ones follows from the seed and their ids alone.

    Of a larger number, those that a smaller one takes are part.
    """
    ranked = sorted(questions, key=lambda one: hashlib.sha256(f"{seed}/{one.id}".encode()).digest())
    taken = {one.id for one in ranked[:count]}
    return [one for one in questions if one.id in taken]


def _module(name: str) -> Any:  # noqa: ANN401
    return find_module("benchmarks", name)


def _name(path: Path, source: Path) -> str:
    return path.relative_to(source).as_posix() if path != source else path.name
