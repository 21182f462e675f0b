"""The report's numbers for machines: one JSON object of a fixed shape, shares from 0 to 1."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from seewhy.records.files import write_text_atomically
from seewhy.records.measures import Interval, Scorecard, Selection
from seewhy.records.types import Split, Style
from seewhy.report.cards import blind_cards, seen_cards
from seewhy.report.inputs import ReportInput

MAIN = ("base", "sft", "preference")
_STYLE_KEYS: Mapping[Style, str] = {Style.DIRECT: "direct", Style.REASON: "cot"}


def summarise(report: ReportInput) -> dict[str, object]:
    """The summary as plain values; an interval is `[value, low, high]`, what was not measured is empty or null.

    `accuracy`, `no_answer` and `unjudged` hold base, sft and preference; `variants` holds the accuracy of any
    other model. `no_answer` and `unjudged` are shares of the questions asked. `paired` compares chains of
    thought, `paired_direct` direct answers.
    """
    tested = seen_cards(report.cards, Split.TEST)
    main = [card for card in tested if card.model in MAIN]
    return {
        "n": report.header.n,
        "accuracy": _accuracies(main),
        "blind": _accuracies(blind_cards(report.cards)),
        "paired": _differences(report, Style.REASON),
        "no_answer": _nest(main, [card.no_answer / card.n for card in main]),
        "unjudged": _nest(main, [card.unjudged / card.n for card in main]),
        "verifier": {method.value: _curve(report, method) for method in Selection},
        "credit_auroc": _list(report.credit.auroc) if report.credit else None,
        "seconds": {stage.name: stage.seconds for stage in report.stages},
        "versions": dict(report.header.versions),
        "variants": _accuracies([card for card in tested if card.model not in MAIN]),
        "shifted": _accuracies(seen_cards(report.cards, Split.SHIFTED)),
        "paired_direct": _differences(report, Style.DIRECT),
    }


def summary_json(report: ReportInput) -> str:
    """The summary as JSON text; raises ValueError where a number is not finite."""
    return json.dumps(summarise(report), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def write_summary(path: Path, report: ReportInput) -> None:
    """Write the summary to `path`, whole or not at all."""
    write_text_atomically(path, summary_json(report))


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
    points = sorted((point for point in report.curves if point.method is method), key=lambda point: point.n)
    return {str(point.n): [point.value, point.low, point.high] for point in points}


def _differences(report: ReportInput, style: Style) -> dict[str, list[float]]:
    return {
        f"{step.after}_vs_{step.before}": [step.change.difference, step.change.low, step.change.high]
        for step in report.steps
        if step.style is style
    }
