"""A tiny LLaVA that is trained through an adapter, and pairs about pictures of noise."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tiny_trainable import pairs_of, questions_of

from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import Geometry, make_net, make_processor, make_tokenizer
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.objectives.mpo import MPO
from seewhy.records.types import ImageRef, Pair, Question, StepLog
from seewhy.training.fit import fit_pairs
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

ADAPTER = AdapterPlan(rank=4)
FLOAT32, BF16 = (ComputePlan(device="cpu", precision=precision) for precision in ("float32", "bf16"))
PLAN = FitPlan(learning_rate=1e-2, tower_learning_rate=1e-3, batch_size=4, epochs=2, save_every=2, row_tokens=400)


def base_in(directory: Path) -> Path:
    """The folder of a net with random weights so large that attention matters; made where it is not there."""
    folder = directory / "base"
    if not folder.exists():
        tokenizer = make_tokenizer(["What is the sum of row 1? ### Answer: 16"] * 40, vocabulary=300)
        net, generator = make_net(tokenizer, geometry=Geometry(width=32, layers=2)), torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in net.parameters():
                if parameter.dim() > 1:
                    parameter.normal_(0, 0.15, generator=generator)
        HubModel(net, make_processor(tokenizer), "base").save(folder)
    return folder


def asked_in(directory: Path, count: int = 4) -> list[Question]:
    """Questions, each with a picture of noise."""
    asked = []
    for number, question in enumerate(questions_of(count)):
        path = directory / f"{number}.png"
        if not path.exists():  # several processes may read it
            noise = np.random.default_rng(number).integers(0, 256, (48, 48, 3), dtype=np.uint8)
            Image.fromarray(noise).save(path)
        asked.append(replace(question, images=(ImageRef(sha256=str(number), path=str(path)),)))
    return asked


def opened(directory: Path, adapter: AdapterPlan = ADAPTER, compute: ComputePlan = FLOAT32) -> HubModel:
    """The base with a new adapter, as a stage opens it."""
    model = HubModel.load(base_in(directory), compute=compute, masters=not adapter.rank)
    model.adapt(adapter)
    return model


def reference_of(model: HubModel, pairs: Sequence[Pair], questions: Sequence[Question]) -> ReferenceStore:
    """What the model says of the pairs now."""
    return ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, questions, PLAN))


def steps_of_run(
    model: HubModel, directory: Path, run: str, plan: FitPlan = PLAN, reference: ReferenceStore | None = None
) -> Iterator[StepLog]:
    """A preference run in `directory / run`, its reference the model as it starts."""
    questions, pairs = asked_in(directory), pairs_of(4)
    store = reference or reference_of(model, pairs, questions)
    return fit_pairs(model, MPO(), pairs, questions, store, plan, directory / run)


def run_slowly(directory: Path, run: str) -> None:
    """A run of ten epochs with room for a kill between its steps."""
    torch.set_num_threads(1)
    for _ in steps_of_run(opened(directory), directory, run, replace(PLAN, epochs=10)):
        time.sleep(0.05)
