"""What is in rows of any format: kinds, turns, pictures, lengths of texts, and how alike both sides of pairs are."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seewhy.formats.api import Source
from seewhy.formats.converting.reading import ReadPlan, Tally, read_sources
from seewhy.formats.rows.example import Example, Kind
from seewhy.formats.talk.marks import is_front
from seewhy.records.turns import Role


@dataclass(slots=True)
class Lengths:
    """Characters of some texts."""

    count: int = 0
    total: int = 0
    longest: int = 0

    def take(self, text: str) -> None:
        """Count a text."""
        self.count += 1
        self.total += len(text)
        self.longest = max(self.longest, len(text))

    @property
    def mean(self) -> float:
        """Of the texts; 0 where there is none."""
        return self.total / self.count if self.count else 0.0

    def as_json(self) -> Mapping[str, float]:
        """For `--json`."""
        return {"count": self.count, "mean": self.mean, "longest": self.longest}


@dataclass(slots=True, kw_only=True)
class Stats:
    """Counts over rows."""

    title: str
    files: int
    kinds: Counter[str] = field(default_factory=Counter)
    pictures: Counter[int] = field(default_factory=Counter)
    """Pictures of a row's prompt to the number of such rows."""
    systems: int = 0
    talks: int = 0
    """Rows with earlier turns."""
    within: int = 0
    """Rows whose pictures do not stand in front of the first turn."""
    answered: int = 0
    """Rows with a right answer."""
    prompts: Lengths = field(default_factory=Lengths)
    replies: dict[str, Lengths] = field(default_factory=dict)
    chosen_longer: int = 0

    def take(self, example: Example) -> None:
        """Count a row."""
        self.kinds[example.kind.value] += 1
        self.pictures[len(example.pictures)] += 1
        self.systems += example.prompt[0].role is Role.SYSTEM
        self.talks += sum(turn.role is Role.USER for turn in example.prompt) > 1
        self.within += not is_front(example.prompt)
        self.answered += bool(example.answers)
        self.prompts.take("".join(turn.text for turn in example.prompt))
        names = ("chosen", "rejected") if example.kind is Kind.PAIR else ("reply",) * len(example.replies)
        texts = ["".join(turn.text for turn in reply.turns) for reply in example.replies]
        for name, text in zip(names, texts, strict=True):
            self.replies.setdefault(name, Lengths()).take(text)
        if example.kind is Kind.PAIR:
            self.chosen_longer += len(texts[0]) > len(texts[1])

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "format": self.title, "files": self.files, "kinds": dict(self.kinds),
            "pictures": {str(count): rows for count, rows in sorted(self.pictures.items())},
            "system texts": self.systems, "earlier turns": self.talks, "pictures within the text": self.within,
            "right answers": self.answered, "characters of prompts": self.prompts.as_json(),
            "characters of replies": {name: one.as_json() for name, one in self.replies.items()},
            "chosen is longer": self.chosen_longer,
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """For people."""
        kinds = ", ".join(f"{count:,} {kind}s" for kind, count in self.kinds.items()) or "no good row"
        yield f"{self.title}, {self.files} files: {kinds}"
        shown = ", ".join(f"{rows:,} with {count}" for count, rows in sorted(self.pictures.items()))
        yield f"pictures: {shown}; {self.within:,} rows show some within the text"
        counted = f"{self.systems:,} rows have a system text, {self.talks:,} earlier turns"
        yield f"{counted}, {self.answered:,} a right answer"
        for name, one in {"prompts": self.prompts, **self.replies}.items():
            yield f"characters of {name}: {one.mean:,.1f} on average, {one.longest:,} at most"
        if pairs := self.kinds[Kind.PAIR.value]:
            yield f"the chosen reply is the longer one in {self.chosen_longer / pairs:.1%} of the pairs"


def stats_of(sources: Sequence[Source], plan: ReadPlan, tally: Tally) -> Stats:
    """Read all rows and count them; bad ones are counted in `tally`."""
    stats = Stats(title=sources[0].reader.title, files=len(sources))
    for found in read_sources(sources, plan, tally):
        if found.fault is not None:
            tally.refuse(found.raw.place, found.fault, found.raw.count)
        elif found.example is not None:
            tally.kept += 1
            tally.placed += found.example.is_placed
            stats.take(found.example)
    return stats
