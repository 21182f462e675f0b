"""On a device other than the CPU: nothing is left behind, a step is read once, no copy to the device is waited for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
QUICK = ("mpo", "chains, packed")
"""Of training and of drawing one each; the others with the nightly tests."""
OTHERS = (
    "sft", "sft through an adapter", "dpo", "mdpo", "grpo", "ppo", "online dpo", "scores, packed", "scores, continued",
    "scores, separate", "chains, separate",
)  # fmt: skip


def ran(folder: Path, names: tuple[str, ...]) -> dict[str, Any]:
    found = folder / "found.json"
    places = [str(TESTS), str(TESTS / "training"), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    script = str(TESTS / "simulated_runs.py")
    subprocess.run([sys.executable, script, str(found), *names], check=True, env=environment, capture_output=True)
    return json.loads(found.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return ran(tmp_path_factory.mktemp("quick"), QUICK)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return ran(tmp_path_factory.mktemp("others"), OTHERS)


def require(run: dict[str, Any], name: str) -> None:
    """The numbers of the CPU, no copy that the host waits for, and reads at the end of steps, passes and draws alone.

    A training logs two numbers a step, of which the first is not counted; of online training the steps are rounds of
    four updates, of pairs two, of one draw and of at most three passes that score. Rewards of pairs, by which an
    objective's state moves, are read apart. Four questions are drawn packed in one batch, or
    apart; it is asked after every eighth of 17 tokens which chains have ended, and the chains are read at their end.
    """
    assert run["there"] == pytest.approx(run["here"], rel=1e-4, abs=1e-4)
    assert run["uploads"] == {}
    counts = {place.split(" at ")[1].split(":")[0]: 0 for place in run["reads"]}
    for place, count in run["reads"].items():
        counts[place.split(" at ")[1].split(":")[0]] += count
    if name.startswith("scores"):
        assert counts == {"sending.py": 1}
    elif name.startswith("chains"):
        assert counts == {"decode.py": 3 if name.endswith("packed") else 4 * 3}
    elif name in ("grpo", "ppo"):
        assert counts == {"decode.py": 1, "sums.py": 4, "scored.py": 2 if name == "grpo" else 3}
    elif name == "online dpo":
        assert counts == {"decode.py": 1, "pairs.py": 2, "sums.py": 2, "scored.py": 2}
    else:
        assert counts == {"sums.py": len(run["here"]) // 2 - 1}


@pytest.mark.parametrize("name", QUICK)
def test_a_step_is_read_once_and_waits_for_no_copy(quick: dict[str, Any], name: str) -> None:
    require(quick["runs"][name], name)


@pytest.mark.nightly
@pytest.mark.parametrize("name", OTHERS)
def test_every_training_score_and_draw_is_read_once_and_waits_for_no_copy(others: dict[str, Any], name: str) -> None:
    require(others["runs"][name], name)


def test_no_objective_waits_for_the_device(quick: dict[str, Any]) -> None:
    assert len(quick["objectives"]) > 15
    assert {name: waits for name, waits in quick["objectives"].items() if waits} == {}
