"""Small figures as SVG that wears the page's colours and type: light and dark without a second drawing."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from seewhy.report.inputs import ModelName

WIDTH = 4.1
"""Inches of every figure: one fits a phone, two fit side by side on a desktop."""

# Colours that no figure would otherwise hold; each becomes the style sheet's variable of the same name.
INK = "#010101"
MUTED = "#020202"
RULE = "#030303"
PAPER = "#040404"
BAND = "#050505"
SLOTS: Mapping[str, str] = {
    "base": "#060606",
    "sft": "#070707",
    "preference": "#080808",
    "variant-1": "#090909",
    "variant-2": "#0a0a0a",
    "variant-3": "#0b0b0b",
}
MARKERS: Mapping[str, str] = {
    "base": "o",
    "sft": "o",
    "preference": "o",
    "variant-1": "D",
    "variant-2": "s",
    "variant-3": "^",
}
_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAPER: "paper",
    BAND: "band",
    **{colour: slot for slot, colour in SLOTS.items()},
}
# Any: matplotlib 3.11 types the keys by a union of names that older versions lack.
_STYLE: dict[Any, object] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


def assign_slots(models: Sequence[ModelName]) -> dict[str, str]:
    """Each model's colour slot: its own for base, sft and preference, the variants' in turn for all others."""
    variants = [model.key for model in models if model.key not in SLOTS]
    slots = {model.key: model.key for model in models if model.key in SLOTS}
    return slots | {key: f"variant-{i % 3 + 1}" for i, key in enumerate(variants)}


def open_axes(height: float) -> tuple[Figure, Axes]:
    """A figure of the common width, `height` inches high, with one quiet pair of axes."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
        axes.grid(color=RULE, linewidth=0.6)
        axes.tick_params(length=0, pad=4)
        axes.patch.set_visible(False)
        figure.patch.set_visible(False)
    return figure, axes


def draw_svg(figure: Figure, name: str, summary: str) -> Markup:
    """The figure as an inline `<svg>`.

    `name` must differ between the figures of a page, since it seeds the ids inside; `summary` says in words
    what the figure shows, for readers who cannot see it.
    """
    file = io.StringIO()
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(file, format="svg", metadata=_NO_METADATA)
    drawing = file.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r'(<g) id="[^"]*"', r"\1", drawing)
    drawing = re.sub(r"<!--.*?-->\s*", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"#0([1-9ab])0\1(?:0\1)\b", _name_colour, drawing)
    drawing = drawing.replace("'DejaVu Sans', sans-serif", "var(--sans)").replace("'DejaVu Sans'", "var(--sans)")
    head = re.search(r'viewBox="([^"]*)"', drawing)
    if head is None:
        raise ValueError(f"figure {name!r}: matplotlib {mpl.__version__} wrote an SVG without a viewBox")
    body = drawing[drawing.index(">") + 1 :]
    opening = f'<svg viewBox="{head[1]}" role="img" aria-label="{escape(summary)}">'
    # Safe as it is: matplotlib has escaped the text it drew.
    return Markup(opening + body)


def _name_colour(match: re.Match[str]) -> str:
    return f"var(--{_VARIABLES[match[0]]})"
