"""The models of a run share what their vision encoders saw, and one that is opened to be read is never trained."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seewhy.benchmarks import inkgrid
from seewhy.model.api import ScoreRequest
from seewhy.model.plan import AdapterPlan, ComputePlan, FeaturePlan
from seewhy.model.weights import SHIPPED
from seewhy.objectives.sft import SFT
from seewhy.records.types import Lesson, Response, Split, Style
from seewhy.runs.forecast.local import LocalModel
from seewhy.runs.forecast.outlook import outlook_on
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.models import ProcessModels
from seewhy.runs.recipe import Recipe
from seewhy.runs.run import OpenRun
from seewhy.training.fit import fit_lessons
from seewhy.training.plan import FitPlan


@contextmanager
def models_of(root: Path, features: FeaturePlan, prompts_mib: int = 0) -> Iterator[ProcessModels]:
    """The models of a run that has the shipped one twice, under two names."""
    specs = {name: ModelSpec(path="tiny") for name in ("first", "second")}
    machine = Machine(features=features, prompts_mib=prompts_mib)
    run = OpenRun(root=root, recipe=Recipe(name="two", models=specs, steps={}), machine=machine)
    with ProcessModels(run=run, note=print) as models:
        yield models


def test_a_model_of_a_run_that_is_asked_for_what_it_is_not_is_named(tmp_path: Path) -> None:
    """Recipes are checked for this; stages of one's own may ask for a model that they do not say they need."""
    cut = tmp_path / "cut"
    shutil.copytree(SHIPPED, cut)
    (cut / "model.safetensors").write_bytes(b"")
    recipe = Recipe(name="one", models={"base": ModelSpec(path=str(cut))}, steps={})
    run = OpenRun(root=tmp_path / "run", recipe=recipe, machine=Machine())
    with ProcessModels(run=run, note=print) as models:
        with pytest.raises(ValueError, match="base is no model behind a server"):
            models.server("base")
        with pytest.raises(ValueError, match=rf"base \({cut}\).*; correct the files of the model, or copy it"):
            models.local("base")
    with outlook_on(run) as outlook, pytest.raises(ValueError, match="base is no model behind a server"):
        outlook.listener("base")


def test_models_of_a_run_that_share_an_encoder_run_it_once_a_picture(tmp_path: Path) -> None:
    questions = list(inkgrid.load(tmp_path, Split.TRAIN, count=3))
    asks = [ScoreRequest(question=each, style=Style.REASON, responses=(Response(text="16"),)) for each in questions]
    with models_of(tmp_path, FeaturePlan(least_weights=0)) as models:
        opened, runs = models.local("first"), list[int]()
        scored = opened.score(asks)
        held = models.features.held_bytes
        assert held > 0
        again = models.local("second")
        again.net.model.vision_tower.register_forward_hook(lambda *_: runs.append(1))
        for one, other in zip(again.score(asks), scored, strict=True):
            assert one == other
        assert models.features.held_bytes == held
        # The comparison of paths runs it once each way, that of logits twice, the trial three times; two questions in
        # one row are compared once more, their pictures seen together and apart.
        assert len(runs) == 7 + 3
        opened.score(asks)
        assert models.features.held_bytes == held
        assert models.local("first") is opened


def test_models_of_a_run_keep_prompts_together_within_the_bytes_that_the_machine_names(tmp_path: Path) -> None:
    [asked] = inkgrid.load(tmp_path, Split.TRAIN, count=1)
    with models_of(tmp_path, FeaturePlan(), prompts_mib=3) as models:
        prompt = models.local("first").prompt(asked, Style.REASON)
        assert models.local("second").prompt(asked, Style.REASON) is prompt
        assert models.prompts.max_bytes == 3 << 20
    forecast = LocalModel.open("first", ModelSpec(path="tiny"), ComputePlan(), 3)
    assert (forecast.prompts_mb, forecast.meta.prompts.max_bytes) == (3.0, 3 << 20)


def test_a_model_that_was_opened_to_be_read_refuses_to_be_trained_and_one_that_is_opened_to_be_does_not(
    tmp_path: Path,
) -> None:
    questions = list(inkgrid.load(tmp_path, Split.TRAIN, count=1))
    lesson = Lesson(question_id=questions[0].id, style=Style.REASON, response=Response(text="16"), source="hand")
    with models_of(tmp_path, FeaturePlan()) as models:
        rows, plan = [lesson], FitPlan(learning_rate=1e-3)
        read = models.local("first")
        steps = fit_lessons(read, SFT(), rows, questions, plan, tmp_path / "read")
        with pytest.raises(ValueError, match="open it anew to train it"):
            next(steps)
        trained = models.trainable("first", "sft", AdapterPlan())
        assert trained is not read
        assert len(list(fit_lessons(trained, SFT(), rows, questions, plan, tmp_path / "sft"))) == 1
