"""Trainings, scores and chains of a tiny LLaVA on the simulated device and on the CPU: what they gave, and waited for.

A process of its own, because torch learns of a device before its first backward pass: `python simulated_runs.py FILE
NAME...` writes for each run that is named its numbers on both devices, and the lines that waited.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
import torchvision_names
from drawn_objectives import LESSON_OBJECTIVES, PAIR_OBJECTIVES, draw_lessons, draw_pairs
from drawn_rollouts import POLICY_OBJECTIVES, draw_rollouts, with_penalty
from simulated_device import OnDevice, Watched, device, move, simulated
from small_hub import PLAN, asked_in, base_in, opened
from small_online import FIT, online
from small_online import PLAN as ROLLOUTS
from tiny_trainable import lesson, pairs_of

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.trials import PathCheck
from seewhy.model.plan import AdapterPlan
from seewhy.objectives.api import PairObjective, PolicyObjective, reference_views
from seewhy.objectives.dpo import DPO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.mdpo import MDPO
from seewhy.objectives.mpo import MPO
from seewhy.objectives.ppo import PPO
from seewhy.objectives.sft import SFT
from seewhy.records.types import StepLog, Style
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.online.fit import fit_online
from seewhy.training.online.pairs import OnlinePairs
from seewhy.training.online.plan import PairsPlan
from seewhy.training.reference import ReferenceStore, reference_rows

Way = Callable[[HubModel, Path, Watched], list[float]]
FULL, LORA = AdapterPlan(rank=0), AdapterPlan(rank=4)
SAVING = ("checkpoint.py", "hashed_tensors.py")
STEPS = replace(PLAN, epochs=2, save_every=99, row_tokens=150)


def losses(steps: Iterator[StepLog], watched: Watched) -> list[float]:
    """Of all steps; what the first waits for, with its trials, is not counted, nor what is saved after the last."""
    found: list[float] = []
    counted: list[dict[str, int]] = []
    for log in steps:
        found += [log.loss, log.terms["grad_norm"]]
        if len(found) == 2:
            watched.clear()
        counted = [dict(watched.reads), dict(watched.uploads)]
    for kind, before in zip((watched.reads, watched.uploads), counted, strict=True):
        kind.clear()
        kind.update({place: count for place, count in before.items() if not any(one in place for one in SAVING)})
    return found


def lessons(model: HubModel, folder: Path, watched: Watched) -> list[float]:
    rows = [lesson(question.id, f"{word} it is") for question in asked_in(folder) for word in ("so", "thus", "hence")]
    return losses(fit_lessons(model, SFT(), rows, asked_in(folder), STEPS, Path(tempfile.mkdtemp())), watched)


def pairs(objective: PairObjective) -> Way:
    def run(model: HubModel, folder: Path, watched: Watched) -> list[float]:
        questions, rows = asked_in(folder), pairs_of(4)
        varied = [replace(one, images=two.images) for one, two in zip(questions, reversed(questions), strict=True)]
        known = reference_rows(model, rows, questions, STEPS, views=objective.views, varied=varied)
        store = ReferenceStore.of(model.fingerprint, known) if reference_views(objective) else None
        directory = Path(tempfile.mkdtemp())
        return losses(fit_pairs(model, objective, rows, questions, store, STEPS, directory, varied=varied), watched)

    return run


def rollouts(objective: PolicyObjective) -> Way:
    def run(model: HubModel, folder: Path, watched: Watched) -> list[float]:
        made = online(folder, tempfile.mkdtemp(), objective=objective, plan=replace(ROLLOUTS, rounds=2), fit=FIT)
        there = isinstance(next(model.net.parameters()), OnDevice)
        critic, reference = made.learner.critic, made.learner.reference
        nets = [made.learner.model.net, *([critic] if critic else []), *([reference.model.net] if reference else [])]
        for net in nets if there else []:
            move(net)
        return losses(fit_online(made), watched)

    return run


def path_is(model: HubModel, path: ScorePath) -> None:
    check = PathCheck(path=path, value_gap=0.0, gradient_gap=0.0, why="told so")
    for has_pictures in (True, False):
        model.checks[has_pictures] = model.draw_checks[has_pictures] = check


def scores(path: ScorePath) -> Way:
    def run(model: HubModel, folder: Path, watched: Watched) -> list[float]:
        path_is(model, path)
        replies = {pair.question_id: (pair.chosen, pair.rejected) for pair in pairs_of(4)}
        asks = [ScoreRequest(question=one, style=Style.REASON, responses=replies[one.id]) for one in asked_in(folder)]
        watched.clear()
        return [number for rows in model.score(asks) for row in rows for number in row]

    return run


def chains(path: ScorePath) -> Way:
    def run(model: HubModel, folder: Path, watched: Watched) -> list[float]:
        path_is(model, path)
        asks = [GenerateRequest(question=one, style=Style.REASON, count=3) for one in asked_in(folder)]
        watched.clear()
        drawn = model.generate(asks, SamplingParams(max_tokens=17))
        return [number for rows in drawn for one in rows for number in (*(one.token_ids or ()), *(one.logprobs or ()))]

    return run


RUNS: dict[str, tuple[Way, AdapterPlan]] = {
    "sft": (lessons, FULL),
    "sft through an adapter": (lessons, LORA),
    "dpo": (pairs(DPO()), FULL),
    "mpo": (pairs(MPO()), LORA),
    "mdpo": (pairs(MDPO()), FULL),
    "grpo": (rollouts(GRPO(kl=0.04)), FULL),
    "ppo": (rollouts(PPO()), FULL),
    "online dpo": (rollouts(OnlinePairs(objective=DPO(), plan=PairsPlan(most=2))), FULL),
    **{f"scores, {path}": (scores(path), FULL) for path in ScorePath},
    **{f"chains, {path}": (chains(path), FULL) for path in (ScorePath.PACKED, ScorePath.SEPARATE)},
}


def both(way: Way, adapter: AdapterPlan, folder: Path) -> dict[str, Any]:
    """What a run gives here and there, and what it waited for there."""
    found: dict[str, Any] = {}
    for name in ("here", "there"):
        with simulated() if name == "there" else nullcontext(Watched()) as watched:
            model = opened(folder, adapter)
            if name == "there":
                move(model.net)
            found[name] = way(model, folder, watched)
            found |= {"reads": dict(watched.reads), "uploads": dict(watched.uploads)}
    return found


def of_objectives() -> dict[str, list[str]]:
    """What each objective's loss waits for, by its name."""
    views = [(one, draw_pairs(0, 3, 5, 4)) for one in PAIR_OBJECTIVES]
    views += [(one, draw_lessons(0, 3, 5)) for one in LESSON_OBJECTIVES]
    views += [(with_penalty(one), draw_rollouts(0)) for one in POLICY_OBJECTIVES]
    waits: dict[str, list[str]] = {}
    for objective, view in views:
        there = {field.name: OnDevice(value.detach())
                 for field in fields(view) if (value := getattr(view, field.name)) is not None}  # fmt: skip
        with simulated() as watched:
            made = replace(view, **there)
            objective.loss(made, *([] if objective in LESSON_OBJECTIVES else [objective.initial()]))
            waits[objective.name] = [*watched.reads, *watched.uploads]
    return waits


if __name__ == "__main__":
    torchvision_names.let_import()
    torch.set_num_threads(1)
    device()
    place = Path(tempfile.mkdtemp())
    base_in(place)
    result = {name: both(*RUNS[name], place) for name in sys.argv[2:]}
    Path(sys.argv[1]).write_text(json.dumps({"runs": result, "objectives": of_objectives()}), encoding="utf-8")
