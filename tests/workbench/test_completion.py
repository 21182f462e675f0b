"""Shell completion lists commands, recipes and steps, in a real bash, without loading torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from seewhy.cli.main import COMMANDS, main
from seewhy.runs.discovery import kind_names
from seewhy.workbench.completion import steps_of, words_after

FAST = """
import sys
from seewhy.cli.main import main
assert main(["completion", "--words"]) == 0
heavy = {"torch", "transformers", "pyarrow", "numpy", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""


def test_words_that_may_follow_are_those_that_the_commands_take(tmp_path: Path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: mine\nsteps:\n  one: {stage: report}\n  two: {stage: report}\n", encoding="utf-8")
    assert set(words_after([], list(COMMANDS))) == {*COMMANDS, *kind_names("stages")}
    assert words_after(["run"], []) == words_after(["recipe", "show"], []) == kind_names("recipes")
    assert words_after(["step", str(tmp_path)], []) == ["one", "two"]
    assert words_after(["run", str(recipe), "--run", "x", "--only"], []) == ["one", "two"]
    assert words_after(["train", "--objective"], []) == kind_names("objectives")
    assert words_after(["recipe"], []) == ["list", "show", "check"]
    assert steps_of(tmp_path / "none.yaml") == []


def test_completion_loads_no_library_that_is_slow():
    done = subprocess.run([sys.executable, "-c", FAST], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "doctor" in done.stdout.split()


def test_bash_completes_a_command_by_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    command = tmp_path / "seewhy"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m seewhy.cli.main "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    typed = [f'PATH="{tmp_path}:$PATH"', script, "COMP_WORDS=(seewhy recipe sh)", "COMP_CWORD=2", "_seewhy seewhy sh",
             'echo "${COMPREPLY[@]}"']  # fmt: skip
    done = subprocess.run(["bash", "-c", "\n".join(typed)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "show"
    assert main(["completion", "fish"]) == 2
