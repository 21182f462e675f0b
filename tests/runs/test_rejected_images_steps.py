"""Pairs of another tool whose rejected side shows other pictures: converted, planned and trained on."""

import json
from pathlib import Path

import pytest
from PIL import Image

from seewhy.cli.main import main
from seewhy.records.rows import RowReader
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Pair, ReferenceRow

RECIPE = """
name: other pictures
models: {base: {path: tiny}}
inputs: {pairs: MINE, questions: MINE/questions}
steps:
  dpo: {stage: train, start: base, data: {pairs: 1.0}, questions: questions, objective: dpo,
        fit: {learning_rate: 1e-4, batch_size: 3}}
"""


def test_pictures_of_the_rejected_side_come_from_a_file_into_the_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for number in range(3):
        for side in ("own", "other"):
            Image.new("RGB", (56, 56), (80 * number, 0 if side == "own" else 255, 30)).save(
                tmp_path / f"{side}{number}.png"
            )
        messages = [{"role": "user", "content": f"<image>What is {number}?"}, {"role": "assistant", "content": "A"}]
        rows.append({"messages": messages, "images": [f"own{number}.png"], "rejected_images": [f"other{number}.png"],
                     "rejected_response": "A" if number else "B"})  # fmt: skip
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["data", "convert", str(tmp_path / "pairs.jsonl"), str(tmp_path / "mine"), "--to", "seewhy"]) == 0
    assert all(pair.rejected_images for pair in RowReader(tmp_path / "mine", Pair))
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("MINE", str(tmp_path / "mine")))
    words = [str(tmp_path / "recipe.yaml"), "--run", str(tmp_path / "out"), "--workers", "1"]
    assert main(["plan", *words]) == 0
    assert "3 pairs" in capsys.readouterr().out
    assert main(["run", *words]) == 0, capsys.readouterr().out
    (log,) = read_steps(next((tmp_path / "out").rglob("steps.jsonl")))
    assert (log.terms["rows"], log.terms["dropped_pairs"]) == (3, 0)
    reference = next(path.parent for path in (tmp_path / "out").rglob("part-*.parquet"))
    assert len(RowReader(reference, ReferenceRow)) == 6
