"""One HTML page that shows what a run did: no script, no network, no other file."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from seewhy.records.files import write_text_atomically
from seewhy.records.types import Split
from seewhy.report.bounds import bounded, encode_picture
from seewhy.report.cards import in_style, main_style, seen_cards
from seewhy.report.doubts import tell_doubts
from seewhy.report.head import list_facts, make_tiles
from seewhy.report.inputs import ReportInput
from seewhy.report.lead import tell_what_happened
from seewhy.report.measured import tabulate_measured
from seewhy.report.sections import (
    plot_headline,
    show_choices,
    show_credits,
    show_distillation,
    show_facets,
    show_facts,
    show_sampling,
    show_settings,
    show_training,
    tell_sampling,
)
from seewhy.report.svg import assign_slots
from seewhy.report.tables import tabulate_scores, tabulate_stages, tabulate_steps
from seewhy.report.trainings import tabulate_trainings
from seewhy.report.words import say_count, say_outcome, say_style

_HERE = Path(__file__).parent


def render(report: ReportInput) -> str:
    """The page as HTML text; sections without input are left out, and all text from models is escaped.

    Raises ValueError where a row names a model that `report.models` lacks, and where the tokens of a
    coloured chain overlap.
    """
    _check_models(report)
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.jinja").render(fill(report))


def write_report(path: Path, report: ReportInput) -> None:
    """Write the page to `path`, whole or not at all."""
    write_text_atomically(path, render(report))


def fill(report: ReportInput) -> dict[str, Any]:
    """What the page shows, by name: texts, tables and figures."""
    report = bounded(report)
    tested = seen_cards(report.cards, Split.TEST)
    return {
        "style": Markup("".join((_HERE / name).read_text(encoding="utf-8") for name in ("colours.css", "page.css"))),
        "report": report,
        "facts": list_facts(report.header),
        "lead": tell_what_happened(report),
        "doubts": tell_doubts(report),
        "tiles": make_tiles(report),
        "measured_models": len({card.model for card in in_style(tested, main_style(tested))}),
        "tiles_style": say_style(main_style(tested)),
        "legend": _list_legend(report),
        "slots": assign_slots(report.models),
        "labels": {model.key: model.label for model in report.models},
        "headline": plot_headline(report),
        "scores": tabulate_scores(report) if tested else None,
        "steps": tabulate_steps(report) if report.steps else None,
        "facets": show_facets(report),
        "measured": tabulate_measured(report.measurements, report.models),
        "settings": show_settings(report),
        "distillation": show_distillation(report),
        "sampling": [(tell_sampling(one), *show_sampling(one)) for one in report.samplings],
        "training": show_training(report),
        "trainings": tabulate_trainings(report),
        "choices": show_choices(report),
        "facts_tables": show_facts(report),
        "credits": show_credits(report),
        "stages": tabulate_stages(report.stages) if report.stages else None,
        "say_count": say_count,
        "say_outcome": say_outcome,
        "say_style": say_style,
        "encode_picture": encode_picture,
    }


def _list_legend(report: ReportInput) -> list[tuple[str, str]]:
    slots = assign_slots(report.models)
    return [(slots[model.key], model.label) for model in report.models]


def _check_models(report: ReportInput) -> None:
    known = {model.key for model in report.models}
    named = [
        *(("cards", card.model) for card in report.cards),
        *(("steps", step.before) for step in report.steps),
        *(("steps", step.after) for step in report.steps),
        *(("samples", reply.model) for sample in report.samples for reply in sample.replies),
    ]
    for field, key in named:
        if key not in known:
            raise ValueError(
                f"report.{field} names the model {key!r}, which report.models lacks (it has {sorted(known)}): "
                f"add ModelName(key={key!r}, label=...) to it"
            )
