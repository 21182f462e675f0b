"""Training with what a frozen vision encoder saw kept: the same losses and weights, and the same bits after a stop."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from families_plain import llava, llava_next
from safetensors.torch import load_file
from untrained import picture, question

from seewhy.model.families.hub import HubModel
from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.objectives.mpo import MPO
from seewhy.records.types import Pair, Question, ReferenceRow, Response, StepLog, Style
from seewhy.training.fit import fit_pairs
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

PLAN = FitPlan(learning_rate=1e-3, epochs=2, batch_size=2, save_every=1, row_tokens=400)
LLAVAS = pytest.mark.parametrize("make", [llava, llava_next])
Make = Callable[[], HubModel]


class Training:
    """Three questions with two pairs each, a family, and how often its encoder ran."""

    def __init__(self, make: Make, folder: Path) -> None:
        self.make, self.folder = make, folder
        self.runs = 0
        self.questions: list[Question] = [question(number, picture(folder, number)) for number in range(3)]
        words = [("16", "15"), ("The digits are 3.", "The digits are 8.")]
        self.pairs = [
            Pair(question_id=each.id, style=Style.REASON, chosen=Response(text=good), rejected=Response(text=bad),
                 source="hand", margin=1.0)
            for each in self.questions for good, bad in words
        ]  # fmt: skip

    def model(self, cache: FeatureCache | None) -> HubModel:
        torch.manual_seed(0)
        model = self.make()
        model.image_features.cache = cache
        model.net.model.vision_tower.register_forward_hook(self._add)
        return model

    def _add(self, *_: object) -> None:
        self.runs += 1

    def reference(self, cache: FeatureCache | None = None) -> list[ReferenceRow]:
        return list(reference_rows(self.model(cache), self.pairs, self.questions, PLAN))

    def run(
        self, name: str, cache: FeatureCache | None = None, stop: int | None = None, plan: FitPlan = PLAN,
        frozen: tuple[str, ...] = (),
    ) -> list[StepLog]:  # fmt: skip
        model = self.model(cache)
        for parameter_name, parameter in model.net.named_parameters():
            parameter.requires_grad_(not any(part in parameter_name for part in frozen))
        store = ReferenceStore.of(model.fingerprint, self.reference())
        self.runs = 0
        steps = fit_pairs(model, MPO(), self.pairs, self.questions, store, plan, self.folder / name)
        taken = list(islice(steps, stop))
        steps.close()
        return taken

    def opened(self, *names: str) -> list[HubModel]:
        return [HubModel.load(self.folder / name / "model") for name in names]

    def weights(self, name: str) -> dict[str, torch.Tensor]:
        return load_file(self.folder / name / "model" / "model.safetensors")


def kept(**settings: object) -> FeatureCache:
    return FeatureCache(FeaturePlan(least_weights=0, **settings))


@LLAVAS
@pytest.mark.parametrize("frozen", [(), ("projector", "image_newline")])
def test_losses_gradients_and_weights_are_those_of_a_tower_that_runs_in_each_pass(
    make: Make, frozen: tuple[str, ...], tmp_path: Path
):
    training = Training(make, tmp_path)
    expected = training.run("plain", frozen=frozen)
    each_pass = training.runs
    cache = kept()
    found = training.run("kept", cache, frozen=frozen)
    assert cache.held_bytes > 0
    assert training.runs < each_pass
    assert len(found) == len(expected) == 6
    for a, b in zip(found, expected, strict=True):
        assert a.loss == pytest.approx(b.loss, abs=1e-5)
        assert a.terms["grad_norm"] == pytest.approx(b.terms["grad_norm"], rel=1e-4)
    start, plain, trained = (
        model.net.state_dict() for model in (training.model(None), *training.opened("plain", "kept"))
    )
    for name, weight in plain.items():
        torch.testing.assert_close(trained[name], weight, rtol=0, atol=1e-4, msg=name)
        stays = "vision_tower" in name or any(part in name for part in frozen)
        assert torch.equal(weight, start[name]) == stays, name


@LLAVAS
def test_a_resumed_run_gives_the_same_bits_whatever_is_kept(make: Make, tmp_path: Path):
    training = Training(make, tmp_path)
    disk = {"disk_mib": 8, "folder": str(tmp_path / "features")}
    whole = training.run("whole", kept())
    warm = kept(**disk)
    training.run("cut", warm, stop=3)
    # One goes on with what it kept, the other with files alone, the third with nothing.
    for name, cache in (("warm", warm), ("files", kept(**disk)), ("cold", kept())):
        (tmp_path / "cut").rename(tmp_path / name)
        rest = training.run(name, cache)
        assert [log.loss for log in rest] == [log.loss for log in whole[3:]]
        found, expected = training.weights(name), training.weights("whole")
        assert all(torch.equal(found[key], weight) for key, weight in expected.items())
        training.run("cut", warm, stop=3)


def test_a_tower_that_is_trained_is_never_kept(tmp_path: Path):
    training = Training(llava, tmp_path)
    plan = replace(PLAN, tower_learning_rate=1e-4)
    expected = training.run("plain", plan=plan)
    cache = kept()
    found = training.run("kept", cache, plan=plan)
    assert cache.held_bytes == 0
    assert [log.loss for log in found] == [log.loss for log in expected]


@LLAVAS
def test_the_reference_sees_each_picture_once_and_says_the_same(make: Make, tmp_path: Path):
    training = Training(make, tmp_path)
    expected = training.reference()
    cache = kept()
    found = training.reference(cache)
    assert cache.held_bytes > 0
    assert [row.key for row in found] == [row.key for row in expected]
    for a, b in zip(found, expected, strict=True):
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-5)
    training.runs = 0
    training.reference(cache)
    # The trial's two, the comparisons of paths and of logits, and of two questions in one row, seen together and apart;
    # three prompts are found in memory.
    assert training.runs <= 7 + 3
