"""Forecasts of what is made of an own file count the questions that the stages will take, whatever form it has."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from seewhy.cli.main import main

TRAIN, OTHERS = 60, 20
RECIPE = """
name: own
seed: 0
inputs: {questions: FILE}
steps:
  taught: {stage: distil, questions: questions, teacher: gold, ask: ASK}
  short: {stage: direct, questions: questions, ask: ASK}
  lessons: {stage: lessons, rationales: taught, verdicts: taught.verdicts, direct: questions, ask: ASK,
            direct_share: 0.5, format_aligned: 0}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Questions of all splits; those of train alone have a rationale, which the teacher `gold` wants."""
    Image.new("RGB", (32, 32)).save(tmp_path / "page.png")
    splits = ["test"] * OTHERS + ["train"] * TRAIN + ["validation"] * OTHERS
    rows = [
        {"id": f"q{n}", "split": split, "question": f"What is {n} + 1?", "image": "page.png", "answer": str(n + 1),
         **({"rationale": f"One more than {n} is {n + 1}."} if split == "train" else {})}
        for n, split in enumerate(splits)
    ]  # fmt: skip
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with (tmp_path / "own.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[OTHERS]))
        table.writeheader()
        table.writerows(rows)
    return tmp_path


@pytest.mark.parametrize("name", ["own.jsonl", "own.csv"])
@pytest.mark.parametrize("ask", [0, 7])
def test_a_forecast_counts_the_training_questions_of_an_own_file(
    capsys: pytest.CaptureFixture[str], own: Path, name: str, ask: int
) -> None:
    """60 of 100 questions are of train; half of the lessons are direct, so that the mix has as many again."""
    recipe = own / "own.yaml"
    recipe.write_text(RECIPE.replace("FILE", str(own / name)).replace("ASK", str(ask)))
    assert main(["plan", str(recipe), "--json"]) == 0
    units = {one["name"]: one for one in json.loads(capsys.readouterr().out)["units"]}
    taken = ask or TRAIN
    assert {name: units[name]["rows"] for name in ("taught.chains", "short", "lessons")} == {
        "taught.chains": taken, "short": taken, "lessons": 2 * taken,
    }  # fmt: skip
    assert main(["run", str(recipe), "--run", str(own / "run"), "--dry-run"]) == 0
    capsys.readouterr()
    assert main(["run", str(recipe), "--run", str(own / "run")]) == 0
    assert {name: json.loads((own / "run" / name.replace(".", "/") / "_manifest.json").read_text())["counts"]["rows"]
            for name in ("taught.chains", "short", "lessons")} == {
        "taught.chains": taken, "short": taken, "lessons": 2 * taken,
    }  # fmt: skip
