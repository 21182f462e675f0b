"""`seewhy data convert` and `seewhy data stats`: rows of other tools become ours and each other's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.markup import escape

from seewhy.formats.api import Format, Source
from seewhy.formats.converting.convert import Converted, Target, convert
from seewhy.formats.converting.reading import LONGEST, ReadPlan, Tally
from seewhy.formats.converting.sources import Known, sources_of, with_reader
from seewhy.formats.converting.stats import Stats, stats_of
from seewhy.formats.pictures.urls import fetch_picture
from seewhy.formats.seewhy import QUESTIONS, Seewhy
from seewhy.records.types import Question, Split
from seewhy.runs.discovery import class_of, kind_names, nearest
from seewhy.runs.outside import hash_input
from seewhy.runs.plan_file import rows_behind, source_of, write_plan

ByValue = Annotated[Split, tyro.conf.EnumChoicesFromValues]
SHOWN = 10
DATA_ENDINGS = (".jsonl", ".json", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWords:
    """How rows are read."""

    source: Annotated[str, tyro.conf.arg(name="from")] = ""
    """Format of the rows; empty tells it by their fields."""
    pictures: tuple[Path, ...] = ()
    """Folders, zip or tar files in which paths of pictures are looked for; none takes the folder of the rows."""
    questions: Path | None = None
    """Questions of seewhy's own pairs and lessons, where they are not found beside them."""
    fetch: bool = False
    """Fetch pictures behind URLs, which are refused otherwise."""
    max_characters: int = LONGEST
    """Of one text."""
    ids: Literal["file", "content"] = "file"
    """Whether ids are the file's own, or made from what rows say."""
    seed: int = 0
    """By which a share of a set is drawn, where a meta.json names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertWords:
    """Write rows of one format in another."""

    to: str
    """Format to write."""
    read: tyro.conf.OmitArgPrefixes[ReadWords] = field(default_factory=ReadWords)
    """How rows are read."""
    skip_bad: bool = False
    """Keep the good rows; count the bad ones and write them beside, to _bad.jsonl."""
    take: Literal["all", "chosen", "pairs", "question"] = "all"
    """What of a row is written: `chosen` makes an SFT example of a pair, `pairs` makes pairs of the picks of a ranked
    group, `question` leaves replies away."""
    name: str = ""
    """Of the set: its file, its registration, the benchmark of its questions. Empty takes that of what is read."""
    split: ByValue = Split.TRAIN
    """Split of questions that seewhy writes, where a row names none."""
    model: str = ""
    """Model that an OpenAI batch asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsWords:
    """Count what is in rows of any format, and what is wrong with them. The exit status is 1 where rows are bad."""

    read: tyro.conf.OmitArgPrefixes[ReadWords] = field(default_factory=ReadWords)
    """How rows are read."""
    json: bool = False
    """Tell everything as JSON."""


def known_formats() -> dict[str, Format]:
    """Every format by its name."""
    return {name: class_of("formats", name)() for name in kind_names("formats")}


def run_convert(place: Path, out: Path, said: ConvertWords) -> None:
    """Convert, and say what was done.

    Raises:
        ValueError: rows are refused, or the words do not fit.
    """
    formats = known_formats()
    name = said.name or _name_of(place)
    target_format = _with_settings(_format(formats, said.to), {"name": name, "split": said.split, "model": said.model})
    is_file = out.suffix in DATA_ENDINGS
    if is_file and isinstance(target_format, Seewhy):
        raise ValueError(f"{out}: seewhy's own rows go into a folder of shards; give one, without an ending")
    if is_file and out.suffix != target_format.layout.suffix:
        raise ValueError(f"{out}: {said.to} is written as {target_format.layout.suffix}; name such a file, or a folder")
    target = Target(
        format=target_format, folder=out.parent if is_file else out, name=out.stem if is_file else name,
        is_file=is_file, skip_bad=said.skip_bad, take=said.take,
    )  # fmt: skip
    sources = sources_at(place, said.read)
    if isinstance(target_format, Seewhy) and isinstance(sources[0].reader, Seewhy) and said.take == "all":
        raise ValueError(f"{place} holds seewhy's own rows already")
    done = convert(sources, read_plan(said.read), target)
    if isinstance(target_format, Seewhy):
        _name_questions(out)
    _show(done, sources[0].reader, target)


def run_stats(place: Path, said: StatsWords) -> bool:
    """Count, and show it; whether rows are bad."""
    tally = Tally()
    found = stats_of(sources_at(place, said.read), read_plan(said.read), tally)
    if said.json:
        print(json.dumps({**found.as_json(), **tally.as_json()}, indent=2, ensure_ascii=False))
    else:
        _show_stats(found, tally)
    return tally.bad > 0


def _format(formats: dict[str, Format], name: str) -> Format:
    found = name.replace("-", "_")
    if found not in formats:
        raise ValueError(f"{name!r} is no format{nearest(found, list(formats))}")
    return formats[found]


def _with_settings(one: Format, settings: dict[str, object]) -> Format:
    """A format with those of the settings that it has."""
    there = {part.name for part in fields(one) if part.init}  # type: ignore[arg-type]
    return replace(one, **{name: value for name, value in settings.items() if name in there and value})  # type: ignore[type-var]


def sources_at(place: Path, said: ReadWords) -> list[Source]:
    """The files of rows of a place, our own with the questions behind them.

    Raises:
        ValueError: there are none, or their format is not known.
    """
    formats = known_formats()
    forced = said.source.replace("-", "_")
    if forced:
        _format(formats, forced)
    sources = sources_of(place, Known(formats=formats, forced=forced))
    if not isinstance(sources[0].reader, Seewhy):
        return sources
    folder = place if place.is_dir() else place.parent
    questions = said.questions or rows_behind(folder, Question.__name__, hash_input)
    if questions is None and (folder / QUESTIONS).is_dir():
        questions = folder / QUESTIONS
    return with_reader(sources, Seewhy(questions=questions))


def read_plan(said: ReadWords) -> ReadPlan:
    """How rows are read, by the words of the command line."""
    for root in said.pictures:
        if not root.exists():
            raise ValueError(f"--pictures {root}: no such file or folder")
    return ReadPlan(
        pictures=said.pictures, fetch=fetch_picture if said.fetch else None, longest=said.max_characters,
        by_content=said.ids == "content", seed=said.seed,
    )  # fmt: skip


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


def _show(done: Converted, reader: Format, target: Target) -> None:
    tally = done.tally
    rows = ", ".join(f"{one.rows:,} in {one.name}" for one in done.files)
    print(f"{reader.title} to {target.format.title}: {tally.read:,} rows read, {tally.written:,} written to "
          f"{target.folder} ({rows}), {done.pictures:,} pictures beside them")  # fmt: skip
    _show_tally(tally)


def _show_tally(tally: Tally) -> None:
    if tally.undrawn:
        print(f"{tally.undrawn:,} rows are not of the share that is taken of their set")
    if tally.repeated:
        print(f"{tally.repeated:,} rows have the id and the content of another")
    if tally.placed:
        print(f"{tally.placed:,} rows do not mark the places of their pictures: these are shown in front")
    for note, count in tally.notes.items():
        print(f"{count:,} rows: {note}" if count > 1 else note)
    if tally.bad:
        print(f"{tally.bad:,} rows are bad:")
        for reason, count in tally.reasons.most_common(SHOWN):
            print(f"  {count:,} {reason}; first {tally.first[reason]}")


def _show_stats(found: Stats, tally: Tally) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for line in found.lines():
        console.print(escape(line))
    _show_tally(tally)


def convert_words(place: str, out: str, words: Sequence[str]) -> None:
    """`seewhy data convert IN OUT ...`."""
    said = tyro.cli(ConvertWords, args=list(words), prog="seewhy data convert IN OUT")
    run_convert(Path(place), Path(out), said)


def stats_words(place: str, words: Sequence[str]) -> bool:
    """`seewhy data stats IN ...`; whether rows are bad."""
    return run_stats(Path(place), tyro.cli(StatsWords, args=list(words), prog="seewhy data stats IN"))
