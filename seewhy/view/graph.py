"""The graph of a run's steps as a drawing: a row a step, in the recipe's order, with its edges as lanes on the left.

A list with lanes, and not boxes in layers: it fits a phone and 100 steps as well as ten, and its names are never cut.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from seewhy.runs.changes import State

ROW, LANE, NARROW, LEFT, LANES = 28, 16, 9, 12, 150
"""Pixels: the height of a row, the width of a lane and the least one, the middle of the first lane, and of all lanes
together, which get narrower beyond it so that names stay in sight on a phone."""
LETTER = 8.5
"""Pixels of a letter, at most: the width of the drawing is reckoned with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a run, as a drawing needs it.

    Example:
        >>> Step(name="dpo", stage="train", state="finished", reads=("pairs", "sft"), to="training/dpo").summary
        'dpo: train, finished; reads pairs, sft'
    """

    name: str
    stage: str
    state: str
    """As a person reads it: `state_word`."""
    reads: tuple[str, ...] = ()
    """Names of the steps whose rows or weights it reads."""
    to: str = ""
    """Where its link leads: a path below the run's, or an anchor."""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of that path."""

    @property
    def label(self) -> str:
        """What stands beside its node."""
        return self.stage if self.state == State.FINISHED else f"{self.stage}, {self.state}"

    @property
    def summary(self) -> str:
        """The step in words."""
        reads = f"; reads {', '.join(self.reads)}" if self.reads else ""
        return f"{self.name}: {self.stage}, {self.state}{reads}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from a step to one that reads it.

    Example:
        >>> Edge("sft", "dpo", "M12 14V42H22").reader
        'dpo'
    """

    source: str
    reader: str
    path: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A node in its place.

    Example:
        >>> Dot(Step(name="sft", stage="train", state="waiting"), 12, 14).y
        14
    """

    step: Step
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Nodes and edges in pixels.

    Example:
        >>> Drawing((), (), 300, 28, 6, 40).width
        300
    """

    dots: Sequence[Dot]
    edges: Sequence[Edge]
    width: int
    height: int
    radius: float
    text: int
    """Where the names begin, from the left."""


def draw(steps: Sequence[Step]) -> Drawing:
    """The drawing of steps, each behind those that it reads."""
    direct = without_detours({step.name: step.reads for step in steps})
    lanes = lanes_of(direct)
    many = max(lanes.values(), default=0) + 1
    wide = min(LANE, max(NARROW, LANES // many))
    radius = 6 if wide > 13 else 4.5
    dots = {step.name: Dot(step, LEFT + wide * lanes[step.name], ROW // 2 + ROW * number)
            for number, step in enumerate(steps)}  # fmt: skip
    edges = [Edge(source, name, _path(dots[source], dots[name], radius))
             for name, reads in direct.items() for source in reads]  # fmt: skip
    text = LEFT + wide * many + 4
    longest = max((len(step.name) + len(step.label) + 2 for step in steps), default=0)
    return Drawing(tuple(dots.values()), edges, text + round(LETTER * longest), ROW * len(steps), radius, text)


def without_detours(reads: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """The reads that follow from no others: the transitive reduction of a graph whose steps are in order.

    Example:
        >>> dict(without_detours({"a": (), "b": ("a",), "c": ("a", "b")}))
        {'a': [], 'b': ['a'], 'c': ['b']}
    """
    above: dict[str, Set[str]] = {}
    found: dict[str, Sequence[str]] = {}
    for name, sources in reads.items():
        known = [source for source in sources if source in above]
        through = set[str]().union(*(above[source] for source in known))
        above[name] = through | set(known)
        found[name] = [source for source in known if source not in through]
    return found


def lanes_of(reads: Mapping[str, Sequence[str]]) -> Mapping[str, int]:
    """The lane of each step: its own until the last step that reads it, so that no line passes through a node.

    Example:
        >>> dict(lanes_of({"a": (), "b": ("a",), "c": ("a",), "d": ("c",)}))
        {'a': 0, 'b': 1, 'c': 0, 'd': 0}
    """
    order = {name: number for number, name in enumerate(reads)}
    last = dict(order)
    for name, sources in reads.items():
        for source in sources:
            last[source] = order[name]
    lanes: dict[str, int] = {}
    ends: list[int] = []
    for name, number in order.items():
        free = [lane for lane, end in enumerate(ends) if end <= number]
        lane = free[0] if free else len(ends)
        ends[lane : lane + 1] = [last[name]]
        lanes[name] = lane
    return lanes


def _path(source: Dot, reader: Dot, radius: float) -> str:
    """Down the lane of the source and, with a bend, along the row of the reader."""
    start, end = f"M{source.x} {source.y + radius:g}", f"{reader.y - radius:g}"
    if source.x == reader.x:
        return f"{start}V{end}"
    side = 1 if reader.x > source.x else -1
    return f"{start}V{end}q0 {radius} {side * radius} {radius}H{reader.x - side * radius:g}"
