"""`seewhy data convert`, `stats` and `pull`: rows of other tools and of the Hub become ours and each other's."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from seewhy.cli.parsing import parsed
from seewhy.formats.converting.reading import LONGEST, ReadPlan, Tally
from seewhy.formats.converting.stats import stats_of
from seewhy.formats.hub.sharing import pull
from seewhy.formats.pictures.archives import require_roots
from seewhy.formats.pictures.urls import fetch_picture
from seewhy.records.types import Split
from seewhy.workbench.converting import Wanted, convert_rows, sources_at, tally_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWords:
    """How rows are read."""

    source: Annotated[str, tyro.conf.arg(name="from")] = ""
    """Format of the rows; empty tells it by their fields."""
    pictures: tuple[Path, ...] = ()
    """Folders, zip or tar files in which paths of pictures are looked for; none takes the folder of the rows."""
    questions: Path | None = None
    """Questions of seewhy's own rows, or requests of a batch's results, where they are not found beside them."""
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
    take: Literal["all", "chosen", "pairs", "replies", "question"] = "all"
    """What of a row is written: `chosen` makes an SFT example of a pair, `pairs` makes pairs of the picks of a ranked
    group, `replies` an SFT example of each reply, `question` leaves replies away."""
    name: str = ""
    """Of the set: its file, its registration, the benchmark of its questions. Empty takes that of what is read."""
    split: Split = Split.TRAIN
    """Split of questions that seewhy writes, where a row names none."""
    model: str = ""
    """Model that an OpenAI batch asks."""
    json: bool = False
    """Print one JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsWords:
    """Count what is in rows of any format, and what is wrong with them. The exit status is 1 where rows are bad."""

    read: tyro.conf.OmitArgPrefixes[ReadWords] = field(default_factory=ReadWords)
    """How rows are read."""
    json: bool = False
    """Tell everything as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullWords:
    """Fetch a data set of the Hub into a new folder."""

    revision: str = "main"
    """Branch, tag or commit."""
    endpoint: str | None = None
    """Address of the Hub; else that of the variable HF_ENDPOINT."""
    json: bool = False
    """Print one JSON object."""


def read_plan(said: ReadWords) -> ReadPlan:
    """How rows are read, by the words of the command line."""
    require_roots(said.pictures)
    return ReadPlan(
        pictures=said.pictures, fetch=fetch_picture if said.fetch else None, longest=said.max_characters,
        by_content=said.ids == "content", seed=said.seed,
    )  # fmt: skip


def run_convert(place: Path, out: Path, said: ConvertWords) -> None:
    """Convert, and say what was done.

    Raises:
        ValueError: rows are refused, or the words do not fit.
    """
    wanted = Wanted(to=said.to, take=said.take, skip_bad=said.skip_bad, name=said.name, split=said.split,
                    model=said.model)  # fmt: skip
    sources = sources_at(place, said.read.source, said.read.questions)
    done = convert_rows(sources, place, out, read_plan(said.read), wanted)
    _show(done.as_json(), done.lines(), as_json=said.json)


def run_stats(place: Path, said: StatsWords) -> bool:
    """Count, and show it; whether rows are bad."""
    tally = Tally()
    sources = sources_at(place, said.read.source, said.read.questions)
    found = stats_of(sources, read_plan(said.read), tally)
    _show({**found.as_json(), **tally.as_json()}, (*found.lines(), *tally_lines(tally)), as_json=said.json)
    return tally.bad > 0


def _show(plain: Mapping[str, object], lines: Iterable[str], *, as_json: bool) -> None:
    print(json.dumps(plain, indent=2, ensure_ascii=False) if as_json else "\n".join(lines))


def convert_words(place: str, out: str, words: Sequence[str]) -> None:
    """`seewhy data convert IN OUT ...`."""
    said = parsed(ConvertWords, words, "seewhy data convert IN OUT")
    run_convert(Path(place), Path(out), said)


def stats_words(place: str, words: Sequence[str]) -> bool:
    """`seewhy data stats IN ...`; whether rows are bad."""
    return run_stats(Path(place), parsed(StatsWords, words, "seewhy data stats IN"))


def pull_words(repo: str, out: str, words: Sequence[str]) -> None:
    """`seewhy data pull REPO OUT ...`."""
    said = parsed(PullWords, words, "seewhy data pull REPO OUT")
    names = pull(repo, Path(out), revision=said.revision, endpoint=said.endpoint)
    line = f"{len(names):,} files of {repo} in {out}; look at them with `seewhy data stats {out}`"
    _show({"repo": repo, "folder": out, "files": names}, [line], as_json=said.json)
