"""`seewhy plan`: memory, steps, time and disk of a run, foretold from its data before anything runs."""

import json
import tempfile
from pathlib import Path

from rich.console import Console

from seewhy.cli.plan_forecast import Outlook, prefer, sft
from seewhy.cli.plan_memory import machine_mb, open_paper, resident_bytes, training_bytes
from seewhy.cli.plan_page import Forecast, as_plain, show
from seewhy.cli.plan_rows import Sampled, look_at, take_questions
from seewhy.cli.plan_stages import distil, later_stages, questions, sample
from seewhy.cli.plan_times import Rates, probe
from seewhy.cli.shelf import ModelPool
from seewhy.model.families.hub import HubModel
from seewhy.recipes.plans import Recipe
from seewhy.records.types import Split, Style

FULL_COPIES = 5
"""Of the weights, that the timed steps need: themselves, gradients, two moments, and room for a short row."""
PROBE_TOKENS = 32
"""Tokens of a timed chain, at most."""


def run(recipe: Recipe, root: Path, *, as_json: bool) -> None:
    """Print the forecast; nothing is written but to a folder that is removed again."""
    forecast = forecast_cost_of(recipe, root)
    if as_json:
        print(json.dumps(as_plain(forecast), indent=1))
    else:
        show(Console(), forecast)


def forecast_cost_of(recipe: Recipe, root: Path) -> Forecast:
    """The forecast of a recipe, with the rows that lie in `root` where a run is there already.

    Raises:
        ValueError: model, benchmark or questions cannot be opened, or no sampled prompt can be encoded.
    """
    paper = open_paper(recipe.model)
    with tempfile.TemporaryDirectory() as scratch:
        taken = take_questions(recipe, root, Path(scratch))
        if Split.TRAIN not in taken or Split.TEST not in taken:
            raise ValueError("a run needs training and test questions: set --questions.train and --questions.test")
        sampled = look_at(paper, recipe, taken)
        if not sampled.lessons:
            raise ValueError(f"no sampled training prompt can be encoded: {sampled.refused[0]}")
        return _foretell(recipe, root, paper, sampled)


def _foretell(recipe: Recipe, root: Path, paper: HubModel, sampled: Sampled) -> Forecast:
    weights = sum(parameter.nbytes for parameter in paper.net.parameters())
    # Once, so that what a rehearsal loads counts into the base: the real step loads as much.
    groups = [row.group for row in sampled.lessons]
    training_bytes(paper, recipe.sft, groups[:1], 1, 1, base=0, is_packed=True)
    base, room = resident_bytes(), machine_mb()
    fits = FULL_COPIES * weights / 2**20 < room
    rates, is_packed = _timed(recipe, sampled) if fits else (None, True)
    outlook = Outlook(recipe=recipe, run=root, model=paper, sampled=sampled, rates=rates, base=base,
                      is_packed=is_packed)  # fmt: skip
    trainings = (sft(outlook), prefer(outlook))
    stages = (
        questions(outlook), distil(outlook), trainings[0].stage, sample(outlook), trainings[1].stage,
        *later_stages(outlook),
    )  # fmt: skip
    return Forecast(
        recipe=recipe, parameters=sum(parameter.numel() for parameter in paper.net.parameters()),
        weights_mb=weights / 2**20, machine_mb=room, base_mb=base / 2**20, is_packed=is_packed, sampled=sampled,
        rates=rates, trainings=trainings, stages=stages, context=_context(paper),
    )  # fmt: skip


def _timed(recipe: Recipe, sampled: Sampled) -> tuple[Rates, bool]:
    """Rates of the real model on this machine, and whether its rows can be packed."""
    model = ModelPool(recipe.compute).load_trainable(recipe.model, "base", recipe.adapter)
    rows = [row for row in sampled.lessons if row.style is Style.REASON]
    is_packed = model.path_of([rows[0].group.prompt]).value == "packed"
    tokens = min(PROBE_TOKENS, recipe.sampling.max_tokens)
    return probe(model, recipe.sft, rows, recipe.sampling.per_question, tokens), is_packed


def _context(paper: HubModel) -> int:
    return int(paper.net.config.get_text_config().max_position_embeddings)
