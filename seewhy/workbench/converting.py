"""Rows of a place in any format: where they are, what they are written as, and what is said of it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

from seewhy.formats.api import Format, Source
from seewhy.formats.converting.batches import with_results
from seewhy.formats.converting.convert import Converted, Target, convert
from seewhy.formats.converting.reading import ReadPlan, Tally
from seewhy.formats.converting.sources import Known, sources_of, with_reader
from seewhy.formats.openai_batch import OpenAIBatch
from seewhy.formats.seewhy import QUESTIONS, Seewhy
from seewhy.records.types import Question, Split
from seewhy.runs.discovery import class_of, kind_names, nearest
from seewhy.runs.outside import hash_input
from seewhy.runs.plan_file import rows_behind, source_of, write_plan

SHOWN = 10
"""Reasons of bad rows that are told."""
DATA_ENDINGS = (".jsonl", ".json", ".parquet", ".csv", ".tsv", ".xlsx", ".arrow")
"""What a name ends in that is meant as a file's; a format writes one of them or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What rows are written as."""

    to: str
    """Name of the format."""
    take: Literal["all", "chosen", "pairs", "replies", "question"] = "all"
    skip_bad: bool = False
    name: str = ""
    """Of the set; empty takes that of what is read."""
    split: Split = Split.TRAIN
    """Of questions, where a row names none."""
    model: str = ""
    """That an OpenAI batch asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was read and written."""

    read: Format
    written: Converted
    target: Target

    def as_json(self) -> dict[str, object]:
        """For machines."""
        files = [{"name": one.name, "rows": one.rows} for one in self.written.files]
        return {"from": self.read.title, "to": self.target.format.title, "folder": str(self.target.folder),
                "files": files, "pictures": self.written.pictures, **self.written.tally.as_json()}  # fmt: skip

    def lines(self) -> Iterator[str]:
        """For people."""
        tally, folder = self.written.tally, self.target.folder
        rows = ", ".join(f"{one.rows:,} in {one.name}" for one in self.written.files)
        yield (f"{self.read.title} to {self.target.format.title}: {tally.read:,} rows read, {tally.written:,} written "
               f"to {folder} ({rows}), {self.written.pictures:,} pictures beside them")  # fmt: skip
        yield from tally_lines(tally)


def known_formats() -> dict[str, Format]:
    """Every format by its name."""
    return {name: class_of("formats", name)() for name in kind_names("formats")}


def sources_at(place: Path, format_name: str = "", questions: Path | None = None) -> list[Source]:
    """The files of rows of a place, our own with the questions behind them.

    Args:
        place: a file or a folder.
        format_name: of the rows; empty tells it by their fields.
        questions: of our own pairs and SFT examples, or requests of a batch's results, where they are not found beside
            them.

    Raises:
        ValueError: there are none, or their format is not known.
    """
    formats = known_formats()
    forced = format_name.replace("-", "_")
    if forced:
        _called(formats, forced)
    known = Known(formats=formats, forced=forced)
    sources = sources_of(place, known)
    if isinstance(sources[0].reader, OpenAIBatch):
        return with_results(sources, sources_of(questions, known) if questions else (), place)
    if not isinstance(sources[0].reader, Seewhy):
        return sources
    folder = place if place.is_dir() else place.parent
    found = questions or rows_behind(folder, Question.__name__, hash_input)
    if found is None and (folder / QUESTIONS).is_dir():
        found = folder / QUESTIONS
    return with_reader(sources, Seewhy(questions=found))


def convert_rows(sources: list[Source], place: Path, out: Path, plan: ReadPlan, wanted: Wanted) -> Done:
    """Write the rows of a place in another format.

    Args:
        sources: of `sources_at`.
        place: where they are, for names.
        out: file or folder.
        plan: how rows are read.
        wanted: what they are written as.

    Raises:
        ValueError: rows are refused, or the ending of `out` is not that of the format.
    """
    name = wanted.name or _name_of(place)
    format_ = _with_settings(
        _called(known_formats(), wanted.to), {"name": name, "split": wanted.split, "model": wanted.model}
    )
    is_file = out.suffix in DATA_ENDINGS
    if is_file and isinstance(format_, Seewhy):
        raise ValueError(f"{out}: seewhy's own rows go into a folder of shards; give one, without an ending")
    if is_file and out.suffix != format_.layout.suffix:
        raise ValueError(f"{out}: {wanted.to} is written as {format_.layout.suffix}; name such a file, or a folder")
    target = Target(
        format=format_, folder=out.parent if is_file else out, name=out.stem if is_file else name,
        is_file=is_file, skip_bad=wanted.skip_bad, take=wanted.take,
    )  # fmt: skip
    if isinstance(format_, Seewhy) and isinstance(sources[0].reader, Seewhy) and wanted.take == "all":
        raise ValueError(f"{place} holds seewhy's own rows already; name another format with --to")
    done = convert(sources, plan, target)
    if isinstance(format_, Seewhy):
        _name_questions(out)
    return Done(read=sources[0].reader, written=done, target=target)


def tally_lines(tally: Tally) -> Iterator[str]:
    """What was odd about rows, and what was bad."""
    if tally.undrawn:
        yield f"{tally.undrawn:,} rows are not of the share that is taken of their set"
    if tally.repeated:
        yield f"{tally.repeated:,} rows have the id and the content of another"
    if tally.placed:
        yield f"{tally.placed:,} rows do not mark the places of their pictures: these are shown in front"
    for note, count in tally.notes.items():
        yield f"{count:,} rows: {note}" if count > 1 else note
    if tally.bad:
        yield f"{tally.bad:,} rows are bad:"
        for reason, count in tally.reasons.most_common(SHOWN):
            yield f"  {count:,} {reason}; first {tally.first[reason]}"


def _called(formats: dict[str, Format], name: str) -> Format:
    found = name.replace("-", "_")
    if found not in formats:
        raise ValueError(f"{name!r} is no format{nearest(found, list(formats))}")
    return formats[found]


def _with_settings(one: Format, settings: dict[str, object]) -> Format:
    """A format with those of the settings that it has."""
    there = {part.name for part in fields(one) if part.init}  # type: ignore[arg-type]
    return replace(one, **{name: value for name, value in settings.items() if name in there and value})  # type: ignore[type-var]


def _name_of(place: Path) -> str:
    """The name of a set by what is read: letters, digits, `-`, `_` and points."""
    stem = place.resolve().name.removesuffix(".gz").partition(".")[0] or "data"
    return "".join(one if one.isalnum() or one in "-_" else "_" for one in stem)


def _name_questions(out: Path) -> None:
    """Say beside the rows where their questions are, so that a training finds them."""
    questions = out / QUESTIONS
    if questions.is_dir():
        source = source_of(QUESTIONS, Question.__name__, questions, out, hash_input(questions))
        write_plan(out, {"stage": "convert"}, [source])
