"""`seewhy data push` and `seewhy data pull`: folders of rows to the Hub and from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from seewhy.cli.data_convert import ReadWords, read_plan, sources_at
from seewhy.formats.converting.reading import Tally
from seewhy.formats.converting.stats import Stats, stats_of
from seewhy.formats.hub.card import card_of
from seewhy.formats.hub.sharing import Outgoing, outgoing, pull, push
from seewhy.formats.seewhy import QUESTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class PushWords:
    """Send a folder of rows to the Hub in one commit, with a card; private unless you say otherwise."""

    public: bool = False
    """Let all see it, where the repository is made by this."""
    license: str = ""
    """By the Hub's name for it, such as cc-by-4.0."""
    endpoint: str | None = None
    """Address of the Hub; else that of the variable HF_ENDPOINT."""
    dry_run: bool = False
    """Show what would be sent, and send nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullWords:
    """Fetch a data set of the Hub into a new folder."""

    revision: str = "main"
    """Branch, tag or commit."""
    endpoint: str | None = None
    """Address of the Hub; else that of the variable HF_ENDPOINT."""


def push_words(place: str, repo: str, words: Sequence[str]) -> None:
    """`seewhy data push DIR REPO ...`.

    Raises:
        ValueError: rows are bad, files cannot be sent, or the Hub refuses.
    """
    said = tyro.cli(PushWords, args=list(words), prog="seewhy data push DIR REPO")
    folder = Path(place)
    sent, tally = outgoing(folder), Tally()
    stats = stats_of(sources_at(folder, ReadWords()), read_plan(ReadWords()), tally)
    if tally.bad:
        raise ValueError(f"{tally.bad:,} rows are bad; first {next(iter(tally.first.values()))}. Nothing was sent")
    configs = _configs(folder, sent)

    def card(before: str) -> str:
        return card_of(before, list(stats.lines()), configs, _rows(stats), said.license)

    seen = "all may see it" if said.public else "private"
    print(f"{len(sent.files):,} files, {sent.size:,} bytes, to {repo} ({seen}):")
    print("\n".join(f"  {path.relative_to(folder).as_posix()}" for path in sent.files[:20]))
    if len(sent.files) > 20:
        print(f"  ... and {len(sent.files) - 20:,} more")
    if said.dry_run:
        print(card(""))
        return
    print(push(folder, sent, repo, card, public=said.public, endpoint=said.endpoint))


def _rows(stats: Stats) -> int:
    return sum(stats.kinds.values())


def _configs(folder: Path, sent: Outgoing) -> dict[str, list[str]]:
    """The rows as one part of the set, and questions that lie beside pairs as another."""
    found = [source.path for source in sources_at(folder, ReadWords())]
    questions = [path for path in sent.files if path.parent == folder / QUESTIONS]
    parts = {"default": found, QUESTIONS: questions}
    return {name: [path.relative_to(folder).as_posix() for path in paths] for name, paths in parts.items() if paths}


def pull_words(repo: str, out: str, words: Sequence[str]) -> None:
    """`seewhy data pull REPO OUT ...`."""
    said = tyro.cli(PullWords, args=list(words), prog="seewhy data pull REPO OUT")
    names = pull(repo, Path(out), revision=said.revision, endpoint=said.endpoint)
    print(f"{len(names):,} files of {repo} in {out}; look at them with `seewhy data stats {out}`")
