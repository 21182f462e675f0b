"""The models of a run share what their vision encoders saw, and one that is opened to be read is never trained."""

from pathlib import Path

import pytest
from seewhy.cli.shelf import ModelPool

from seewhy.benchmarks import inkgrid
from seewhy.model.api import ScoreRequest
from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.objectives.sft import SFT
from seewhy.records.types import Lesson, Response, Split, Style
from seewhy.training.fit import fit_lessons
from seewhy.training.plan import FitPlan


def test_models_of_a_run_that_share_an_encoder_run_it_once_a_picture(tmp_path: Path):
    shelf = ModelPool(features=FeatureCache(FeaturePlan(least_weights=0)))
    questions = list(inkgrid.load(tmp_path, Split.TRAIN, count=3))
    asks = [ScoreRequest(question=each, style=Style.REASON, responses=(Response(text="16"),)) for each in questions]
    opened = shelf.open("tiny", "first")
    scored = opened.score(asks)
    assert shelf.features is not None
    held = shelf.features.held_bytes
    assert held > 0
    runs: list[int] = []
    again = shelf.fresh("tiny", "second")
    again.image_features.freeze()
    again.net.model.vision_tower.register_forward_hook(lambda *_: runs.append(1))
    for one, other in zip(again.score(asks), scored, strict=True):
        assert one == other
    assert shelf.features.held_bytes == held
    # The comparison of paths runs it once each way, that of logits twice, the trial three times.
    assert len(runs) == 7
    opened.score(asks)
    assert shelf.features.held_bytes == held


def test_a_model_that_was_opened_to_be_read_refuses_to_be_trained(tmp_path: Path):
    shelf = ModelPool(features=FeatureCache(FeaturePlan()))
    questions = list(inkgrid.load(tmp_path, Split.TRAIN, count=1))
    lesson = Lesson(question_id=questions[0].id, style=Style.REASON, response=Response(text="16"), source="hand")
    steps = fit_lessons(shelf.open("tiny", "read"), SFT(), [lesson], questions, FitPlan(learning_rate=1e-3), tmp_path)
    with pytest.raises(ValueError, match="said to stand still: open it anew to train it"):
        next(steps)
