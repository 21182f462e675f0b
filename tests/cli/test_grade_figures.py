"""`seewhy grade --benchmark` names the figure that the benchmark's paper reports."""

import json
from pathlib import Path

import pytest
from grade_files import card, write
from PIL import Image

from seewhy.cli.main import main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


def pope(said: dict[str, str]) -> list[str]:
    """POPE's three files, a yes and a no each, and replies that say "yes" and "no" as `said` does; the words."""
    rows = [{"question_id": 1, "image": "a.jpg", "text": "Is there a cat?", "label": "yes"},
            {"question_id": 2, "image": "a.jpg", "text": "Is there a dog?", "label": "no"}]  # fmt: skip
    for objects in said:
        Path(f"coco_pope_{objects}.json").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    Path("val2014").mkdir()
    Image.new("RGB", (8, 8)).save("val2014/a.jpg")
    letters = {"y": "yes", "n": "no"}
    replies = [{"id": f"{objects}/{number}", "text": letters[letter]}
               for objects, line in said.items() for number, letter in enumerate(line, start=1)]  # fmt: skip
    return [write("replies.jsonl", replies), "--benchmark", "pope", "--root", ".", "--split", "test"]


def docvqa() -> list[str]:
    """Two questions of DocVQA of two kinds, and replies of which one lacks a letter of five; the words."""
    rows = [
        {"questionId": n, "question": "Who?", "image": "documents/a.png", "answers": [gold], "question_types": [kind]}
        for n, (gold, kind) in enumerate([("smith", "form"), ("jones", "layout")])
    ]
    Path("val_v1.0_withQT.json").write_text(json.dumps({"data": rows}), encoding="utf-8")
    Path("documents").mkdir()
    Image.new("RGB", (8, 8)).save("documents/a.png")
    replies = [{"id": 0, "text": "smith"}, {"id": 1, "text": "jone"}]
    return [write("replies.jsonl", replies), "--benchmark", "docvqa", "--root", ".", "--split", "validation"]


def test_popes_figure_is_f1_of_all_and_its_mean_over_the_three_kinds_stands_beside_it(
    capsys: pytest.CaptureFixture[str],
):
    words = pope({"random": "yn", "popular": "yy", "adversarial": "yy"})
    found = card(capsys, *words)
    assert (found["metric"], found["accuracy"]["value"]) == ("f1", 4 / 6)
    assert found["figure"]["value"] == pytest.approx(2 * 3 / (5 + 3))
    assert found["mean_f1"]["objects"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert main(["grade", *words]) == 0
    said = capsys.readouterr().out
    assert "The paper's figure is the F1 of yes: 75.00." in said
    assert "Its mean over objects: 77.78." in said


def test_an_objects_f1_that_nothing_defines_leaves_no_mean(capsys: pytest.CaptureFixture[str]):
    words = pope({"random": "yn", "popular": "yn", "adversarial": "yn"})
    only_no = Path("coco_pope_random.json")
    only_no.write_text(only_no.read_text(encoding="utf-8").replace('"yes"', '"no"'), encoding="utf-8")
    write("replies.jsonl", [{"id": f"{objects}/{number}", "text": "no"}
                            for objects in ("random", "popular", "adversarial") for number in (1, 2)])  # fmt: skip
    found = card(capsys, *words)
    assert found["mean_f1"] == {}
    assert [row["f1"] is None for row in found["yes_no"]] == [False, False, False, True]


def test_docvqas_figure_is_the_mean_score_of_all_and_of_each_kind(capsys: pytest.CaptureFixture[str]):
    words = docvqa()
    found = card(capsys, *words)
    assert found["metric"] == "mean_score"
    assert found["figure"]["value"] == pytest.approx((1 + 0.8) / 2)
    scores = {(row["facet"], row["value"]): row["score"]["value"] for row in found["facets"]}
    assert (scores["form", "yes"], scores["form", "no"]) == pytest.approx((1.0, 0.8))
    assert main(["grade", *words]) == 0
    assert "The paper's figure is the mean score: 90.00." in capsys.readouterr().out


def test_a_benchmark_that_reports_accuracy_has_it_for_its_figure(capsys: pytest.CaptureFixture[str]):
    Path("asked").mkdir()
    write("asked/test.jsonl", [{"id": n, "question": "?", "answer": str(n)} for n in range(2)])
    found = card(capsys, write("a.jsonl", [{"id": n, "text": "1"} for n in range(2)]), "--benchmark", "jsonl", "--root",
                 "asked", "--split", "test")  # fmt: skip
    assert (found["metric"], found["figure"]) == ("accuracy", found["accuracy"])
