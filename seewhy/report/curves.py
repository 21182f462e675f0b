"""Curves: training terms step by step, accuracy over the number of chains, and how hard the questions were."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from seewhy.records.measures import CurvePoint, Selection
from seewhy.records.types import StepLog
from seewhy.report.bounds import MOST_BARS, averages, extremes
from seewhy.report.inputs import Sampling, TrainingRun
from seewhy.report.plots import Panel
from seewhy.report.svg import BAND, MARKERS, MUTED, PAPER, RULE, SLOTS, draw_svg, open_axes
from seewhy.report.words import say_count, say_percent, say_selection

_HEIGHT = 1.9
_LINE_SLOTS = ("preference", "sft", "base")
_SMOOTH_FROM = 40
_METHOD_SLOTS: Mapping[Selection, str] = {
    Selection.WEIGHTED_VOTE: "preference",
    Selection.BEST_OF_N: "variant-1",
    Selection.SELF_CONSISTENCY: "sft",
    Selection.PASS_AT_K: "base",
}


def plot_training(run: TrainingRun) -> Iterator[Panel]:
    """Loss, the named terms that the steps hold, and the learning rate."""
    steps = run.steps
    unit = "" if run.is_online else "nats"
    yield _plot_lines(run.name, "Loss", unit, {"loss": [(step.step, step.loss) for step in steps]})
    yield from plot_terms(run)
    rates = {"learning rate": [(step.step, step.learning_rate) for step in steps]}
    yield _plot_lines(run.name, "Learning rate", "", rates, is_noisy=False)


def plot_terms(run: TrainingRun) -> Iterator[Panel]:
    """The named terms that the steps hold."""
    for panel in run.panels:
        lines = {term: _read_term(run.steps, term) for term in panel.terms}
        drawn = {term: points for term, points in lines.items() if points}
        if drawn:
            yield _plot_lines(run.name, panel.title, panel.unit, drawn)


def plot_choices(points: Sequence[CurvePoint]) -> Panel:
    """Accuracy over the number of chains a question, on a logarithmic axis, with bands of 95 %; pass@k is dashed."""
    figure, axes = open_axes(2.7)
    for method in dict.fromkeys(point.method for point in points):
        line = sorted((point for point in points if point.method is method), key=lambda point: point.n)
        colour, numbers = SLOTS[_METHOD_SLOTS[method]], [point.n for point in line]
        low, high = [100 * point.low for point in line], [100 * point.high for point in line]
        axes.fill_between(numbers, low, high, color=colour, alpha=0.13, linewidth=0)
        is_bound = method is Selection.PASS_AT_K
        axes.plot(
            numbers,
            [100 * point.value for point in line],
            color=colour,
            linewidth=1.2 if is_bound else 1.8,
            linestyle="--" if is_bound else "-",
            marker=MARKERS[_METHOD_SLOTS[method]],
            markersize=0 if is_bound else 3.5,
        )
    ticks = sorted({point.n for point in points})
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("chains a question")
    axes.tick_params(axis="y", labelcolor=MUTED)
    summary = "; ".join(
        f"{say_selection(point.method)}: {say_percent(point.value)}" for point in points if point.n == ticks[-1]
    )
    summary = f"With {ticks[-1]} chains a question: {summary}"
    key = tuple((_METHOD_SLOTS[method], say_selection(method)) for method in dict.fromkeys(p.method for p in points))
    drawing = draw_svg(figure, "choices", summary)
    rows = [(point.method.value, point.n, point.value, point.low, point.high) for point in points]
    return Panel(title="Accuracy over the number of chains", unit="percent", key=key, drawing=drawing,
                 numbers=(("method", "chains", "accuracy", "low", "high"), *rows))  # fmt: skip


def plot_accuracies(sampling: Sampling) -> Panel:
    """How many questions had each share of right chains; the band is shaded, where pairs are taken from one."""
    parts = min(sampling.per_question, MOST_BARS)
    bars = Counter(round(share * parts) for share in sampling.accuracies)
    figure, axes = open_axes(2.1)
    half = 50 / parts
    lowest, highest = sampling.band or (0.0, 1.0)
    if sampling.band:
        axes.axvspan(100 * lowest, 100 * highest, color=BAND, linewidth=0, zorder=0)
    centres = [100 * right / parts for right in sorted(bars)]
    heights = [bars[right] for right in sorted(bars)]
    axes.bar(centres, heights, width=1.7 * half, color=SLOTS["sft"], edgecolor=PAPER, linewidth=0.6)
    axes.set_xlim(-half - 1, 100 + half + 1)
    axes.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="y", labelcolor=MUTED)
    axes.set_xlabel("right chains of a question")
    inside = sum(lowest <= share <= highest for share in sampling.accuracies)
    summary = f"{say_count(inside)} of {say_count(len(sampling.accuracies))} questions are in the band"
    if sampling.band is None:
        summary = f"{say_count(inside)} questions by their share of right chains"
    rows = [(right / parts, bars[right]) for right in sorted(bars)]
    return Panel(title="Questions by their share of right chains", drawing=draw_svg(figure, "accuracies", summary),
                 numbers=(("share of right chains", "questions"), *rows))  # fmt: skip


def smooth(values: Sequence[float]) -> list[float]:
    """Running mean over a twentieth of the run, centred on each step; towards the ends the window narrows."""
    half = len(values) // 40
    means: list[float] = []
    for i in range(len(values)):
        reach = min(half, i, len(values) - 1 - i)
        near = values[i - reach : i + reach + 1]
        means.append(sum(near) / len(near))
    return means


def _plot_lines(
    run: str, title: str, unit: str, lines: dict[str, list[tuple[int, float]]], *, is_noisy: bool = True
) -> Panel:
    figure, axes = open_axes(_HEIGHT)
    for points, slot in zip(lines.values(), _cycle_slots(), strict=False):
        is_smoothed = is_noisy and len(points) >= _SMOOTH_FROM
        if is_smoothed:
            axes.plot(*zip(*extremes(points), strict=True), color=SLOTS[slot], linewidth=0.7, alpha=0.35)
        steps, values = zip(*averages(points), strict=True)
        axes.plot(steps, smooth(values) if is_smoothed else values, color=SLOTS[slot], linewidth=1.7)
    if any(value < 0 for points in lines.values() for _, value in points):
        axes.axhline(0, color=RULE, linewidth=1.2, zorder=0)
    axes.ticklabel_format(axis="y", scilimits=(-3, 5))
    axes.yaxis.get_offset_text().set_color(MUTED)
    axes.tick_params(axis="y", labelcolor=MUTED)
    axes.set_xlabel("step")
    axes.margins(x=0.02)
    last = "; ".join(f"{label} ends at {points[-1][1]:.3g}" for label, points in lines.items())
    drawing = draw_svg(figure, f"{run} {title}", f"{run}, {title}: {last}")
    labels = tuple((slot, label.replace("_", " ")) for label, slot in zip(lines, _cycle_slots(), strict=False))
    rows = [(label, step, value) for label, points in lines.items() for step, value in points]
    return Panel(title=title, unit=unit, key=labels if len(labels) > 1 else (), drawing=drawing,
                 numbers=(("figure", "step", "value"), *rows))  # fmt: skip


def _read_term(steps: Sequence[StepLog], term: str) -> list[tuple[int, float]]:
    return [(step.step, step.terms[term]) for step in steps if term in step.terms]


def _cycle_slots() -> Iterator[str]:
    while True:
        yield from _LINE_SLOTS
