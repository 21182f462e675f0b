"""Does mDPO make the right picture matter more than plain DPO does? inkgrid, direct answers, the shipped tiny model.

Pairs of the gold answer over another one. Measured on validation questions: the share for which the gold answer is
likelier beside its own picture than beside another question's, with Wilson's 95 % interval, and the share that changed
for the better and for the worse against the start.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from seewhy.benchmarks import inkgrid
from seewhy.evaluation.intervals import wilson_interval
from seewhy.model.api import ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.weights import weights_place
from seewhy.objectives.dpo import DPO
from seewhy.objectives.mdpo import MDPO
from seewhy.pairs.lessons import gold_reply
from seewhy.pairs.pictures.cropped import Cropped
from seewhy.pairs.varied import vary_question
from seewhy.records.types import Pair, Question, Response, Split, Style
from seewhy.stages.vary_pictures import AllPictures
from seewhy.training.fit import fit_pairs
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows


def pair_of(question: Question, rng: random.Random) -> Pair:
    """The gold answer over another of its kind."""
    gold = gold_reply(question)
    others = (
        [letter for letter in "ABCD"[: len(question.options)] if letter != gold]
        if question.options
        else (
            [str(int(gold) + step) for step in (-2, -1, 1, 2)] if gold.isdigit() else ["no" if gold == "yes" else "yes"]
        )
    )
    return Pair(question_id=question.id, style=Style.DIRECT, chosen=Response(text=gold),
                rejected=Response(text=rng.choice(others)), source="gold", margin=1.0)  # fmt: skip


def beside_others(questions: Sequence[Question]) -> list[Question]:
    """Each question with the picture of the next one."""
    return [replace(one, images=other.images) for one, other in
            zip(questions, [*questions[1:], questions[0]], strict=True)]  # fmt: skip


def gold_logps(model: HubModel, questions: Sequence[Question]) -> list[float]:
    """Log-probability of each question's gold answer."""
    asks = [ScoreRequest(question=one, style=Style.DIRECT, responses=(Response(text=gold_reply(one)),))
            for one in questions]  # fmt: skip
    return [sum(rows[0]) for rows in model.score(asks)]


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--train", type=int, default=128)
    made.add_argument("--test", type=int, default=300)
    made.add_argument("--rate", type=float, default=1e-4)
    made.add_argument("--epochs", type=int, default=2)
    asked = made.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        train = list(inkgrid.load(place, Split.TRAIN, count=asked.train))
        test = list(inkgrid.load(place, Split.VALIDATION, count=asked.test))
        rng, wrong, pool = random.Random(0), beside_others(test), AllPictures(train)
        varied = [vary_question(one, "cropped", Cropped(), pool, partial(inkgrid.keep_picture, place), 0)
                  for one in train]  # fmt: skip
        pairs = [pair_of(one, rng) for one in train]
        plan = FitPlan(learning_rate=asked.rate, batch_size=16, epochs=asked.epochs)
        start: list[bool] = []
        for name, objective in (("start", None), ("DPO", DPO()), ("mDPO", MDPO())):
            began = time.process_time()
            model = HubModel.load(weights_place("tiny"), label=name, masters=True)
            if objective is not None:
                rows = reference_rows(model, pairs, train, plan, views=objective.views, varied=varied)
                store = ReferenceStore.of(model.fingerprint, list(rows))
                for _ in fit_pairs(model, objective, pairs, train, store, plan, place / name, varied=varied):
                    pass
            gaps = [own - other for own, other in zip(gold_logps(model, test), gold_logps(model, wrong), strict=True)]
            right = [gap > 0 for gap in gaps]
            start = start or right
            told = wilson_interval(sum(right), len(right))
            better = sum(now and not then for now, then in zip(right, start, strict=True))
            worse = sum(then and not now for now, then in zip(right, start, strict=True))
            print(f"{name}: {told.value:.3f} ({told.low:.3f} to {told.high:.3f}) of {len(right)}, {better} better and "
                  f"{worse} worse than at the start; mean gap {sum(gaps) / len(gaps):.3f} nats; "
                  f"{time.process_time() - began:.0f} CPU s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
