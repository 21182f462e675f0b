"""The page on a user's own model: its commands are right as they stand, and lead from a random model to a tuned one."""

import json
import os
import shlex
from pathlib import Path

import pytest
from families import FAMILIES
from PIL import Image

from seewhy.cli.main import main
from seewhy.cli.stage import plain_step
from seewhy.runs.discovery import class_of
from seewhy.runs.recipe_text import build_recipe

PAGE = Path(__file__).parents[2] / "docs" / "your-model.md"
FEW = {"--per-question": "4", "--max-tokens": "12", "--adapter.rank": "4"}
"""Smaller numbers of the same options."""


def commands() -> list[list[str]]:
    return [shlex.split(line) for line in PAGE.read_text().splitlines() if line.startswith("seewhy ")]


def test_each_command_is_one_of_a_stage_and_reads_what_one_before_it_wrote() -> None:
    there = {"models/mine", "mine/train.jsonl", "mine/test.jsonl"}
    found = commands()
    assert [words[1] for words in found] == [
        "evaluate", "distil", "lessons", "train", "train", "sample", "judge", "pair", "train", "evaluate",
    ]  # fmt: skip
    for _, stage, *words in found:
        at = words.index("--out")
        recipe, _ = build_recipe(plain_step(stage, class_of("stages", stage), [*words[:at], *words[at + 2 :]], 0), "")
        read = [*map(str, recipe.inputs.values()), *(spec.path for spec in recipe.models.values())]
        assert read
        assert all(place in there or place.split("/")[0] in there for place in read), read
        there.add(words[at + 1])


def own_questions(folder: Path) -> None:
    """Thirty sums, twenty of them to train on, each with a page of its own."""
    (folder / "mine" / "pages").mkdir(parents=True)
    for number in range(30):
        Image.new("RGB", (56 + number % 3, 48), (8 * number, 100, 30)).save(folder / f"mine/pages/{number}.png")
    rows = [{"id": f"own-{n}", "question": f"What is {n % 7} plus 5?", "image": f"pages/{n}.png", "answer": n % 7 + 5,
             "rationale": f"{n % 7} and 5 are {n % 7 + 5}."} for n in range(30)]  # fmt: skip
    for name, part in (("train", rows[:20]), ("test", rows[20:])):
        (folder / "mine" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["qwen2_vl", "smolvlm", "llava"])
def test_a_random_model_goes_the_whole_way(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Random weights are right on no question, so that no pair is left: `pair` says so, and the training after it."""
    own_questions(tmp_path)
    next(family for family in FAMILIES if family.name == name).make().save(tmp_path / "models" / "mine")
    out = ""
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _, *words in commands():
            given = [FEW.get(before, word) for before, word in zip(["", *words], words, strict=False)]
            status = main(given)
            out, err = capsys.readouterr()
            if words[0] == "pair" or "pairs" in words:
                assert status == 2
                told = "no pair is left of 20 questions" if words[0] == "pair" else "pairs holds no row to train on"
                assert told in f"{out}{err}"
            else:
                assert status == 0, f"{words}: {out}{err}"
    finally:
        os.chdir(here)
    assert "lora" in out
    assert (tmp_path / "lora" / "adapter" / "adapter_config.json").is_file()
