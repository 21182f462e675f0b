"""Questions with other pictures in the place of their own, drawn once by seed and stored."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

from PIL import Image

from seewhy.benchmarks.release.pictures import keep_bytes
from seewhy.pairs.varied import vary_question
from seewhy.records.pictures import PictureError, as_png, read_pixels
from seewhy.records.ranges import require_seed
from seewhy.records.ranked import RankedGroup
from seewhy.records.types import ImageRef, Pair, Question
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Choice, Layer, Rows, choose, make
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.picture_paths import relate_pictures
from seewhy.stages.reference import pairs_in, question_needs, questions_behind

PICTURES = "pairs.pictures"
WITHOUT = "questions without pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaryPictures(Stage):
    """One row a question, of the same id and text, for objectives that compare pictures (`mdpo`)."""

    questions: Rows
    """Rows of questions."""
    kind: Annotated[Choice, Layer(PICTURES)] = field(default_factory=lambda: choose("cropped"))
    """`cropped` keeps 0 to 20 % of a picture, `other` takes another question's, `noised` and `blurred` hide it."""
    seed: int = 0
    """Seed of the draw, with each question's id."""

    def __post_init__(self) -> None:
        """Refuse a seed that is none, a kind that does not exist, and settings that it refuses."""
        require_seed(self)
        assert make(self.kind, PICTURES, "kind")

    def units(self, name: str) -> Mapping[str, RowStage]:
        return {"": Varied(own=name, questions=self.questions, kind=self.kind, seed=self.seed)}

    def section(self, run: Run, name: str) -> Section | None:
        counts = run.manifest(name).counts
        shown = [Count(name="questions", count=counts["rows"]), Count(name=WITHOUT, count=counts[WITHOUT])]
        return Facts(title=f"Varied pictures: {self.kind.kind}", counts=tuple(shown))


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied(RowStage):
    """The questions with varied pictures; the drawn pictures are in `images` of the run."""

    own: str = field(compare=False)
    """Its own reference, by which it finds its folder."""
    questions: Rows = ""
    """Empty takes those from which `pairs` follow."""
    pairs: tuple[Rows, ...] = ()
    """Rows of pairs: their questions alone are varied; empty varies all questions."""
    kind: Annotated[Choice, Layer(PICTURES)] = field(default_factory=lambda: choose("cropped"))
    seed: int = 0

    rows: ClassVar[type[Question]] = Question
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 256

    def needs(self) -> Sequence[Need]:
        pairs = (Need(field="pairs", ref=ref, wants=Pair, also=RankedGroup) for ref in self.pairs)
        return (*question_needs(self.pairs, self.questions), *pairs)

    def inputs(self, run: Run) -> Sequence[Question]:
        if not self.pairs:
            return run.questions(self.questions)
        paired = {pair.question_id for ref in self.pairs for pair in pairs_in(run, ref)}
        return [question for question in self._all(run) if question.id in paired]

    def _all(self, run: Run) -> Sequence[Question]:
        return questions_behind(run, self.pairs, self.questions) if self.pairs else run.questions(self.questions)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Question]], Iterable[Question]]:
        rule, pictures, folder = make(self.kind, PICTURES, "kind"), AllPictures(self._all(run)), run.place(self.own)

        def keep(picture: Image.Image) -> ImageRef:
            return keep_bytes(run.root, as_png(picture), "png")

        def vary(block: Sequence[Question]) -> Iterator[Question]:
            for question in block:
                try:
                    varied = vary_question(question, self.kind.kind, rule, pictures, keep, self.seed)
                except ValueError as error:
                    raise ValueError(f"question {question.id}: {error}") from error
                yield relate_pictures(varied, folder, run.root)

        return vary

    def tally(self, block: Sequence[Question], rows: Sequence[Question]) -> Mapping[str, int]:
        return {WITHOUT: sum(not row.images for row in rows)}

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if counts[WITHOUT] == len(self.inputs(run)):
            raise ValueError(f"none of {counts[WITHOUT]} questions has a picture to vary; name others as `questions`")
        return ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        if not self.pairs:
            return StageForecast(rows=outlook.forecast(self.questions).rows, unit="questions", basis="one a question")
        count = sum(len(outlook.counts(ref)) for ref in self.pairs)
        return StageForecast(rows=count, unit="questions", is_exact=False, basis="at most: one a question with pairs")

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Question]:
        if not self.pairs:
            return outlook.rows(self.questions, Question)
        return list({name: one for ref in self.pairs for name, one in outlook.questions(ref).items()}.values())


class AllPictures:
    """The pictures of all questions."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self._questions = questions
        self._all: list[ImageRef] = []

    @property
    def all(self) -> Sequence[ImageRef]:
        """Every distinct picture once, in the order of the hashes; read when it is first asked for."""
        if not self._all:
            found = {ref.sha256: ref for question in self._questions for ref in question.images}
            self._all = [found[digest] for digest in sorted(found)]
        return self._all

    def open(self, ref: ImageRef) -> Image.Image:
        """The pixels; raises ValueError where the file is no picture."""
        try:
            return read_pixels(Path(ref.path))
        except PictureError as error:
            raise ValueError(f"picture {ref.path} cannot be read ({error}); replace the file") from error
