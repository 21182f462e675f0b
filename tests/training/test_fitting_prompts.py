"""Questions are tried with each prompt that they are asked in, also where two models have the same weights."""

from pathlib import Path
from types import SimpleNamespace

from small_hub import asked_in, base_in

from seewhy.model.prompt_plan import PromptPlan
from seewhy.stages.fitting import Fitting

LONG = "Look at every single picture with the greatest care. " * 2000


def left_out(folder: Path, *prompts: PromptPlan) -> int:
    made = [SimpleNamespace(prompt=prompt, is_server=False) for prompt in prompts]
    specs = {f"model {number}": one for number, one in enumerate(made)}
    run = SimpleNamespace(weights=lambda _: str(base_in(folder)), spec=specs.get)
    stage = Fitting(questions="questions", models=tuple(specs))
    asked = asked_in(folder)
    sift = stage.worker(run, SimpleNamespace(note=lambda _: None))  # pyright: ignore[reportArgumentType]
    return len(asked) - len(list(sift(asked).rows))


def test_a_prompt_that_is_too_long_for_one_of_two_models_of_the_same_weights_is_found(tmp_path: Path) -> None:
    short, long = PromptPlan(), PromptPlan(system=LONG)
    assert left_out(tmp_path, short, short) == 0
    assert left_out(tmp_path, short, long) == left_out(tmp_path, long, short) == 4
