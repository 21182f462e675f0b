"""How a model is asked, as options of a stage's own command; and a Hub that does not answer is told in seconds."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.cli.run import recipe_of
from seewhy.cli.stage import plain_step
from seewhy.model.loading import reached
from seewhy.model.weights import weights_place
from seewhy.runs.discovery import class_of
from seewhy.runs.recipe_text import build_recipe


def models_of(stage: str, *words: str) -> dict[str, object]:
    recipe, _ = build_recipe(plain_step(stage, class_of("stages", stage), words, 0), "here")
    return {name: (spec.prompt.system, spec.prompt.processor) for name, spec in recipe.models.items()}


def test_options_of_the_prompt_are_those_of_every_model_with_weights() -> None:
    asking = ("--prompt.system", "Look closely.", "--prompt.processor.max_pixels", "1003520")
    set_so = ("Look closely.", {"max_pixels": 1003520})
    assert models_of("sample", "--model", "tiny", *asking, "--questions", "q.jsonl") == {"model": set_so}
    assert models_of("evaluate", *asking, "--models", "tiny", "mine/one", "--questions", "q.jsonl") == {
        "tiny": set_so, "one": set_so,
    }  # fmt: skip
    assert models_of("train", "--start", "tiny", "--data", "d", "--objective", "sft", "--fit.learning-rate", "1e-5",
                     "--prompt.system=Look closely.", *asking[2:]) == {"start": set_so}  # fmt: skip


def test_precision_is_an_option_of_a_lone_stage_and_of_a_recipe_that_does_not_name_it(tmp_path: Path) -> None:
    words = ("--model", "tiny", "--questions", "q.jsonl", "--compute.precision", "bf16", "--machine.workers", "1")
    recipe, machine = build_recipe(plain_step("sample", class_of("stages", "sample"), words, 0), "here")
    assert (recipe.compute.precision, machine.workers) == ("bf16", 1)
    own = tmp_path / "own.yaml"
    own.write_text("name: own\nmodels: {base: {path: tiny}}\nsteps: {questions: {stage: questions}}\n")
    recipe, _ = recipe_of(str(own), ["--compute.precision", "bf16", "--compute.no-tf32"])
    assert (recipe.compute.precision, recipe.compute.tf32) == ("bf16", False)


def test_a_prompt_option_without_a_model_with_weights_and_one_that_is_none_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--chains", "c", "--judge", "rubric", "--model", "m@http://127.0.0.1:9/v1", "--out", str(tmp_path / "o")]
    assert main(["judge", *words, "--prompt.system", "x"]) == 2
    assert "--prompt.system: no model with weights" in capsys.readouterr().err
    words = ["--model", "tiny", "--questions", "q.jsonl", "--out", str(tmp_path / "o")]
    assert main(["sample", *words, "--prompt.sytem", "x"]) == 2
    assert "sytem" in capsys.readouterr().err
    # A judge's own `--prompt FILE` is another option.
    assert main(["judge", "--chains", "c", "--prompt", "none.txt", "--out", str(tmp_path / "o")]) == 2
    assert "none.txt" in capsys.readouterr().err


LOOK = """
import sys
from seewhy.model.loading.reached import require_reached
try:
    require_reached("nobody/nothing")
except ValueError as error:
    print(error)
assert not {"torch", "transformers"} & sys.modules.keys()
"""


def test_a_hub_that_does_not_answer_is_told_in_seconds_and_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = {"HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}", "HF_HUB_ETAG_TIMEOUT": "1",
                 "HF_HUB_OFFLINE": "0"}  # fmt: skip
        run = subprocess.run([sys.executable, "-c", LOOK], env={**os.environ, **asked}, capture_output=True, text=True,
                             timeout=120, check=False)  # fmt: skip
    assert run.stdout.startswith("model 'nobody/nothing' cannot be opened (there is no folder"), run.stderr
    assert "the Hub cannot be reached at http" in run.stdout
    assert not run.stderr


@pytest.mark.parametrize("config", ["config.json", "adapter_config.json"])
def test_the_base_of_an_adapter_is_looked_for_too(config: str, tmp_path: Path) -> None:
    (tmp_path / config).write_text(json.dumps({"base_model_name_or_path": str(tmp_path / "gone")}))
    if config == "config.json":
        reached.require_reached(str(tmp_path))
        reached.require_reached(weights_place("tiny"))
        return
    with pytest.raises(ValueError, match=r"gone' cannot be opened \(there is no folder"):
        reached.require_reached(str(tmp_path))
