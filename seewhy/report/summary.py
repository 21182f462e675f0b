"""The report's numbers for machines: one JSON object of a fixed shape, shares from 0 to 1."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from seewhy.records.files import write_text_atomically
from seewhy.records.measures import Interval, Scorecard, Selection
from seewhy.records.types import Split, Style
from seewhy.report.cards import blind_cards, seen_cards
from seewhy.report.inputs import ReportInput

_STYLE_KEYS: Mapping[Style, str] = {Style.DIRECT: "direct", Style.REASON: "cot", Style.PLAIN: "plain"}


def summarise(report: ReportInput) -> dict[str, object]:
    """The summary as plain values; an interval is `[value, low, high]`, what was not measured is empty or null.

    `no_answer` and `unjudged` are shares of the questions asked. `paired` compares chains of thought, `paired_direct`
    direct answers. `verifier` and `credit_auroc` are of the last step of their kind; of credit, the last that a
    training changed where there is one.
    """
    tested = seen_cards(report.cards, Split.TEST)
    return {
        "n": report.header.n,
        "accuracy": _accuracies(tested),
        "blind": _accuracies(blind_cards(report.cards)),
        "paired": _differences(report, Style.REASON),
        "no_answer": _nest(tested, [card.no_answer / card.n for card in tested]),
        "unjudged": _nest(tested, [card.unjudged / card.n for card in tested]),
        "verifier": {method.value: _curve(report, method) for method in Selection},
        "credit_auroc": _credit(report),
        "seconds": {stage.name: stage.seconds for stage in report.stages},
        "versions": dict(report.header.versions),
        "shifted": _accuracies(seen_cards(report.cards, Split.SHIFTED)),
        "paired_direct": _differences(report, Style.DIRECT),
    }


def summary_json(report: ReportInput) -> str:
    """The summary as JSON text; raises ValueError where a number is not finite."""
    return json.dumps(summarise(report), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def write_summary(path: Path, report: ReportInput) -> None:
    """Write the summary to `path`, whole or not at all."""
    write_text_atomically(path, summary_json(report))


def _credit(report: ReportInput) -> list[float] | None:
    found = [one for one in report.credits if not one.words] or report.credits
    return _list(found[-1].auroc) if found else None


def _list(interval: Interval) -> list[float]:
    return [interval.value, interval.low, interval.high]


def _accuracies(cards: Sequence[Scorecard]) -> dict[str, dict[str, object]]:
    return _nest(cards, [_list(card.accuracy) for card in cards])


def _nest(cards: Sequence[Scorecard], numbers: Sequence[object]) -> dict[str, dict[str, object]]:
    nested: dict[str, dict[str, object]] = {}
    for card, number in zip(cards, numbers, strict=True):
        nested.setdefault(card.model, {})[_STYLE_KEYS[card.style]] = number
    return nested


def _curve(report: ReportInput, method: Selection) -> dict[str, list[float]]:
    points = sorted(
        (point for point in (report.choices[-1].curves if report.choices else ()) if point.method is method),
        key=lambda point: point.n,
    )
    return {str(point.n): [point.value, point.low, point.high] for point in points}


def _differences(report: ReportInput, style: Style) -> dict[str, list[float]]:
    return {
        f"{step.after}_vs_{step.before}": [step.change.difference, step.change.low, step.change.high]
        for step in report.steps
        if step.style is style
    }
