"""A thing in a picture, and the words for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

ROWS = 6
"""Bands of equal height into which a picture is cut, row 1 at the top; as many as the recipe's model has patches."""
COLOURS = ("yellow", "black", "blue", "red", "green", "pink", "brown", "grey", "white")
NOUNS = ("circle", "square", "triangle", "bird", "fish", "flower", "fruit", "mammal", "vehicle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What one thing is, and where its middle lies: shares of the picture's width and height, from 0 to 1.

    Example:
        >>> thing = Thing(colour="yellow", noun="circle", x=0.5, y=0.95)
        >>> thing.phrase, thing.row
        ('yellow circle', 6)
    """

    colour: str
    noun: str
    x: float
    y: float

    @property
    def phrase(self) -> str:
        """Colour and noun."""
        return f"{self.colour} {self.noun}"

    @property
    def row(self) -> int:
        """The band that holds its middle, from 1 at the top to ROWS."""
        return min(ROWS, int(self.y * ROWS) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which things are meant; an empty word means any.

    Example:
        >>> Target(colour="yellow", noun="").words(2), Target(colour="", noun="fish").words(2)
        ('yellow things', 'fish')
    """

    colour: str
    noun: str

    def holds(self, thing: Thing) -> bool:
        """Whether the thing is meant."""
        return self.colour in ("", thing.colour) and self.noun in ("", thing.noun)

    def count(self, things: Sequence[Thing]) -> int:
        """How many of the things are meant."""
        return sum(map(self.holds, things))

    def words(self, count: int) -> str:
        """The words for so many of them."""
        return " ".join(word for word in (self.colour, plural(self.noun or "thing", count)) if word)


def plural(noun: str, count: int) -> str:
    """The noun's form behind a count.

    Example:
        >>> plural("bird", 1), plural("bird", 0), plural("fish", 3)
        ('bird', 'birds', 'fish')
    """
    return noun if count == 1 or noun in ("fish", "fruit") else f"{noun}s"


def listed(things: Sequence[Thing]) -> str:
    """Things of a kind counted together, in the order of COLOURS and NOUNS.

    Example:
        >>> bird = Thing(colour="red", noun="bird", x=0.1, y=0.1)
        >>> listed([bird, Thing(colour="black", noun="fish", x=0.5, y=0.5), bird])
        '1 black fish, 2 red birds'
    """
    counts = Counter((COLOURS.index(thing.colour), NOUNS.index(thing.noun)) for thing in things)
    return ", ".join(f"{count} {COLOURS[colour]} {plural(NOUNS[noun], count)}"
                     for (colour, noun), count in sorted(counts.items())) or "nothing"  # fmt: skip


def written(pictures: Sequence[Sequence[Thing]]) -> str:
    """The things of each picture as text, pictures parted by `/`: what `read_back` reads."""
    return "/".join(";".join(f"{thing.colour} {thing.noun} {thing.x:.3f} {thing.y:.3f}" for thing in things)
                    for things in pictures)  # fmt: skip


def read_back(text: str) -> tuple[tuple[Thing, ...], ...]:
    """The things of each picture.

    Example:
        >>> things = (Thing(colour="red", noun="bird", x=0.125, y=0.5),)
        >>> read_back(written((things, ()))) == (things, ())
        True
    """
    return tuple(tuple(map(_thing, part.split(";") if part else ())) for part in text.split("/"))


def _thing(text: str) -> Thing:
    colour, noun, x, y = text.split(" ")
    return Thing(colour=colour, noun=noun, x=float(x), y=float(y))
