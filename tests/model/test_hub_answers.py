"""What the Hub answers about a model's name is told before a library is loaded, each answer with its own words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import Answer, Asked, LoopServer

LOOK = """
import sys
from seewhy.model.loading.reached import require_reached
for name in sys.argv[1:]:
    try:
        require_reached(name)
    except ValueError as error:
        print(error)
assert not {"torch", "transformers"} & sys.modules.keys()
"""
SAID = {
    "me/gated": (Answer(status=403, headers={"X-Error-Code": "GatedRepo"}), "its owner grants access on the Hub"),
    "me/nothing": (Answer(status=404, headers={"X-Error-Code": "RepoNotFound"}), "the Hub has no such model"),
    "me/empty": (Answer(status=404, headers={"X-Error-Code": "EntryNotFound"}), "no such model with a config.json"),
    "me/broken": (Answer(status=418), "and the Hub says: "),
}


def hub(asked: Asked) -> Answer:
    return next(answer for name, (answer, _) in SAID.items() if name in asked.path)


def test_a_name_that_the_hub_does_not_give_is_told_with_its_reason(tmp_path: Path) -> None:
    with LoopServer(hub) as server:
        asked = {"HF_ENDPOINT": server.url.removesuffix("/v1"), "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path)}
        run = subprocess.run([sys.executable, "-c", LOOK, *SAID], env={**os.environ, **asked}, capture_output=True,
                             text=True, timeout=120, check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == len(SAID), run.stdout + run.stderr
    for line, (name, (_, words)) in zip(lines, SAID.items(), strict=True):
        assert line.startswith(f"model {name!r} cannot be opened (")
        assert words in line
        assert line.endswith("; give `tiny`, a folder in Hugging Face format with its processor, or the name of a "
                             "vision-language model on the Hub")  # fmt: skip


@pytest.mark.parametrize("endpoint", ["hub.example", "ftp://hub.example"])
def test_an_address_that_is_none_of_a_hub_is_told_with_itself(endpoint: str, tmp_path: Path) -> None:
    asked = {"HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", LOOK, "me/nothing"], env={**os.environ, **asked}, capture_output=True,
                         text=True, timeout=120, check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert f"and the Hub cannot be reached at {endpoint} (" in run.stdout
