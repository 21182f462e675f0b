"""Accuracies as dots with their intervals, on one fixed scale from 0 to 100 percent."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.axes import Axes

from seewhy.records.measures import Interval
from seewhy.report.svg import INK, MARKERS, MUTED, PAPER, SLOTS, draw_svg, open_axes
from seewhy.report.words import say_hundredths, say_percent

_ROW = 0.27
_EDGES = 0.42
_APART = 0.17


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One accuracy: its row, the colour slot of its model, and its interval."""

    row: str
    slot: str
    share: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A drawn figure under its heading."""

    title: str
    unit: str = ""
    key: tuple[tuple[str, str], ...] = ()
    """Colour slot and label of each line, where there are several."""
    drawing: Markup
    numbers: tuple[tuple[str | float, ...], ...] = ()
    """What is drawn, as rows; the first one names the columns."""


def plot_dots(name: str, title: str, dots: Sequence[Dot], *, is_labelled: bool = False) -> Panel:
    """A dot plot, rows from top to bottom as they first appear; dots of one row are a little apart.

    With `is_labelled` each dot carries its number. `name` differs between the figures of a page.
    """
    rows = list(dict.fromkeys(dot.row for dot in dots))
    most = max(sum(dot.row == row for dot in dots) for row in rows)
    figure, axes = open_axes(_EDGES + _ROW * len(rows) * (1 + 0.3 * (most - 1)))
    for place, row in enumerate(rows):
        members = [dot for dot in dots if dot.row == row]
        for i, dot in enumerate(members):
            _draw_dot(axes, dot, place + _APART * (i - (len(members) - 1) / 2), is_labelled)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")
    _scale_percent(axes)
    summary = "; ".join(f"{dot.row}: {say_percent(dot.share.value)}" for dot in dots)
    numbers = [(dot.row, dot.slot, dot.share.value, dot.share.low, dot.share.high) for dot in dots]
    return Panel(title=title, drawing=draw_svg(figure, name, f"{title}. {summary}"),
                 numbers=(("row", "model", "accuracy", "low", "high"), *numbers))  # fmt: skip


def _draw_dot(axes: Axes, dot: Dot, place: float, is_labelled: bool) -> None:
    colour = SLOTS[dot.slot]
    axes.plot([100 * dot.share.low, 100 * dot.share.high], [place, place], color=colour, linewidth=1.8, alpha=0.55)
    axes.plot(
        [100 * dot.share.value],
        [place],
        marker=MARKERS[dot.slot],
        markersize=6 if MARKERS[dot.slot] == "o" else 5,
        markeredgewidth=0.9,
        color=colour,
        markeredgecolor=PAPER,
    )
    if is_labelled:
        is_far_right = dot.share.high > 0.85
        axes.annotate(
            say_hundredths(dot.share.value),
            (100 * (dot.share.low if is_far_right else dot.share.high), place),
            xytext=(-6 if is_far_right else 6, 0),
            textcoords="offset points",
            ha="right" if is_far_right else "left",
            va="center_baseline",
            color=INK,
            fontsize=8.5,
        )


def _scale_percent(axes: Axes) -> None:
    axes.set_xlim(-1.5, 101.5)
    axes.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"], color=MUTED)
    axes.spines["left"].set_visible(False)
