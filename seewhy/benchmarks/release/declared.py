"""A published data set as a declaration, and how its files become questions."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

from seewhy.benchmarks.release.choices import LETTERS
from seewhy.benchmarks.release.faults import BesideError, require_none
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.pictures import Picture, look, refer, see
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.benchmarks.release.tables import READERS, read_records
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split

HUB = (
    "{split}-*.parquet", "data/{split}-*.parquet", "*/{split}-*.parquet", "{split}.parquet", "*/{split}.parquet",
    "{split}/data-*.arrow", "*-{split}.arrow", "*-{split}-*.arrow",
)  # fmt: skip
"""Where the Hub, `Dataset.save_to_disk` and the cache of `datasets` put a split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A data set: what it is, what it asks, where its files are.

    `load`, `sizes` and `files` are what a benchmark's file offers to the rest of seewhy.
    """

    name: str
    """The benchmark's file."""
    title: str
    version: str
    citation: str
    """Authors, year, title, where published."""
    licence: str
    rule: MatchRule
    """How an answer is compared with the gold one, where a row does not say otherwise."""
    splits: Mapping[Split, tuple[str, ...]]
    """What the release calls ours, the usual name first."""
    layouts: tuple[str, ...]
    """Patterns under the root; the first that finds a file of the split is read. `A + B` reads both, `{split}` stands
    for each name of the split, `{SPLIT}` for it in capitals (the TSV files of VLMEvalKit)."""
    pose: Callable[[Row], Iterator[ParsedQuestion]]
    """The questions of a row: mostly one."""
    facets: tuple[str, ...] = ()
    """Names of the published breakdowns; every question has each."""
    metric: Metric = Metric.ACCURACY
    aliases: Callable[[Question], tuple[str, ...]] = lambda _: ()
    """Other names by which files of predictions know a question; several questions may share one."""
    hidden: frozenset[Split] = field(default_factory=frozenset[Split])
    """Splits whose answers are not published: their questions are UNJUDGED."""

    def load(
        self, root: Path, split: Split, *, count: int, seed: int = 0, first: int = 0, pictures: Path | None = None
    ) -> Iterator[Question]:
        """At most `count` questions of a split from number `first` on, in the release's order, whatever the seed.

        Every row is checked before any is given. Pictures in tables are written under `pictures/images`, by
        their hash, and all are decoded once. Without `pictures` they are hashed alone, as far as they are there, and
        an image's path may name a table: enough for grading, and for nothing else.

        Raises:
            ValueError: rows that are not as they must be, each with its file, row and field; or there is none.
        """
        del seed
        view = refer if pictures is None else partial(see, folder=pictures)
        questions, faults = self._read(root, split, view, first, first + count)
        require_none(faults)
        if not questions and not any(True for _ in self._rows(root, split, faults, bare=True)):
            raise ValueError(f"{root} holds no question of {self.title}'s {split.value} split")
        return iter(questions)

    def inspect(self, root: Path, split: Split) -> tuple[list[Question], list[str]]:
        """All questions of a split that are whole, every picture decoded, and what is wrong with the other rows.

        Raises:
            ValueError: there is no file of the split, or one cannot be read at all.
        """
        return self._read(root, split, look, 0, sys.maxsize)

    def has(self, root: Path, split: Split) -> bool:
        """Whether there is a file of a split."""
        return bool(self._found(root, split))

    def _read(
        self, root: Path, split: Split, view: Callable[[Picture], ImageRef], first: int, stop: int
    ) -> tuple[list[Question], list[str]]:
        """The questions from one number to another, and what is wrong with any row of the split."""
        faults: list[str] = []
        questions: list[Question] = []
        known: dict[Path | bytes, ImageRef] = {}
        for number, (row, posed) in enumerate(self._rows(root, split, faults)):
            if first <= number < stop:
                try:
                    images = tuple(_image(one, view, known) for one in posed.pictures)
                    questions.append(self._question(row, posed, images))
                except ValueError as error:
                    faults.append(f"{row.place}: {error}")
        return questions, faults

    def sizes(self, root: Path) -> dict[Split, int]:
        """How many questions each split has; errors as in `load`, pictures apart. A split without files has none."""
        faults: list[str] = []
        counts = {split: sum(1 for _ in self._rows(root, split, faults, bare=True)) if self._found(root, split) else 0
                  for split in Split}  # fmt: skip
        require_none(faults)
        return counts

    def files(self, root: Path) -> tuple[Path, ...]:
        """The files that hold the rows of all splits.

        Raises:
            ValueError: there is none.
        """
        found = dict.fromkeys(path for split in self.splits for path in self._found(root, split))
        if not found:
            raise ValueError(self._missing(root, *self.splits))
        return tuple(found)

    def key_of(self, question_id: str) -> str:
        """The release's own id of a question, as prediction files name it.

        Example:
            >>> question_id = "pope/test/random/7"
            >>> question_id.split("/", 2)[2]
            'random/7'
        """
        return question_id.split("/", 2)[2]

    def _found(self, root: Path, split: Split) -> tuple[Path, ...]:
        """The files of a split: those of the first layout that has any."""
        folder, names = (root.parent, {root}) if root.is_file() else (root, None)
        for layout in self.layouts:
            patterns = [part.replace("{split}", name).replace("{SPLIT}", name.upper())
                        for part in layout.split(" + ") for name in self.splits.get(split, ())]  # fmt: skip
            found = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.suffix in READERS})
            if names is not None:
                found = [path for path in found if path in names]
            if found:
                return tuple(found)
        return ()

    def _missing(self, root: Path, *splits: Split) -> str:
        if not root.exists():
            return f"{root}: no such file or folder; give the release's with --questions.source or --root"
        names = [name for split in splits for name in self.splits.get(split, ())]
        if not names:
            has = ", ".join(split.value for split in self.splits)
            return f"{self.title} has no {splits[0].value} split; it has {has}"
        wanted = ", ".join(layout.replace("{split}", names[0]) for layout in self.layouts)
        return f"{root} holds no file of {self.title}; wanted is one of {wanted} (docs/benchmarks.md)"

    def _rows(
        self, root: Path, split: Split, faults: list[str], *, bare: bool = False
    ) -> Iterator[tuple[Row, ParsedQuestion]]:
        """The questions of all rows that are whole; what is wrong with the others goes to `faults`."""
        paths = self._found(root, split)
        if not paths:
            raise ValueError(self._missing(root, split))
        seen: dict[str, str] = {}
        number = 0
        for path in paths:
            for record in read_records(path, bare=bare):
                row = Row(place=record.place, fields=record.fields, file=path, split=split, number=number, bare=bare,
                          root=root.parent if root.is_file() else root, names=self.splits[split])  # fmt: skip
                number += 1
                try:
                    if record.fault:
                        raise ValueError(record.fault)
                    for posed in self.pose(row):
                        self._check(row, posed, seen)
                        yield row, posed
                except BesideError:
                    raise
                except ValueError as error:
                    faults.append(f"{record.place}: {error}")

    def _check(self, row: Row, posed: ParsedQuestion, seen: dict[str, str]) -> None:
        if posed.key in seen:
            raise ValueError(f"its id {posed.key!r} is that of {seen[posed.key]} too")
        seen[posed.key] = row.place
        rule = posed.rule or self.rule
        if not posed.answers and rule is not MatchRule.OPEN and row.split not in self.hidden:
            raise ValueError("the gold answer is missing")
        if rule is MatchRule.LETTER and not 2 <= len(posed.options) <= len(LETTERS):
            raise ValueError(f"there are {len(posed.options)} options; a multiple-choice question has 2 to 26")
        if tuple(posed.facets) != self.facets:
            raise ValueError(
                f"its facets are {', '.join(posed.facets)}, and {self.name} declares {', '.join(self.facets)}"
            )

    def _question(self, row: Row, posed: ParsedQuestion, images: tuple[ImageRef, ...]) -> Question:
        return Question(
            id=f"{self.name}/{row.split.value}/{posed.key}",
            benchmark=self.name,
            split=row.split,
            text=posed.text,
            context=posed.context,
            options=posed.options,
            gold=Gold(answers=posed.answers, rule=posed.rule or self.rule),
            images=images,
            rationale=posed.rationale or None,
            facets=posed.facets,
        )


def _image(picture: Picture, view: Callable[[Picture], ImageRef], known: dict[Path | bytes, ImageRef]) -> ImageRef:
    """The picture; many questions share one, and it is decoded once for all."""
    key = picture.path or sha256(picture.payload).digest()
    if key not in known:
        known[key] = view(picture)
    return known[key]
