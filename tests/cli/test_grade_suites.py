"""Result files of lmms-eval and VLMEvalKit through `seewhy grade`, and what it writes for them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from grade_files import ask, card, reply, told, write
from sklearn.metrics import f1_score

from seewhy.cli.main import main
from seewhy.records.shards import read_rows
from seewhy.records.types import Verdict


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


POPE = [("random", "yes", "Yes, there is."), ("random", "no", "No"), ("random", "yes", "no"), ("popular", "no", "Yes"),
        ("popular", "yes", "Yes"), ("popular", "no", "No."), ("adversarial", "no", "yes"),
        ("adversarial", "yes", "It is hard to tell.")]  # fmt: skip


def pope_samples() -> str:
    """As lmms-eval's evaluation tracker writes them."""
    rows: list[dict[str, object]] = []
    for number, (category, gold, said) in enumerate(POPE):
        doc = {"id": str(number), "question_id": str(number), "question": "Is there a snowboard in the image?",
               "answer": gold, "image_source": f"COCO_val2014_{number // 2:012d}", "category": category}  # fmt: skip
        measured = {"question_id": str(number), "score": 1.0, "prediction": said.lower(), "ground_truth": gold,
                    "category": category}  # fmt: skip
        rows.append({
            "doc_id": number, "doc": doc, "target": gold,
            "arguments": {"gen_args_0": {"arg_0": "Is there a snowboard?", "arg_1": {"max_new_tokens": 8}}},
            "resps": [[said]], "filtered_resps": [said], "doc_hash": "74234e98", "prompt_hash": "0b1a", "target_hash":
            "5c31", "pope_accuracy": measured, "pope_f1_score": measured,
        })  # fmt: skip
    return write("20260101_120000_samples_pope.jsonl", rows)


def test_lmms_evals_samples_of_pope_grade_alone_and_have_f1_for_each_split(capsys: pytest.CaptureFixture[str]):
    found = card(capsys, pope_samples(), "--rule", "yes_no")
    assert (found["benchmark"], found["n"], found["correct"], found["no_answer"], found["pictures"]) == (
        "pope", 8, 4, 1, 4,
    )  # fmt: skip
    gold, said = [one == "yes" for _, one, _ in POPE], [one.lower().startswith("yes") for _, _, one in POPE]
    everything, *splits = found["yes_no"]
    assert everything["f1"]["value"] == pytest.approx(f1_score(gold, said))
    assert everything["yes_share"]["value"] == 4 / 8
    assert [(row["value"], row["n"], row["f1"]["value"]) for row in splits] == [
        ("adversarial", 2, 0.0), ("popular", 3, pytest.approx(2 / 3)), ("random", 3, pytest.approx(2 / 3)),
    ]  # fmt: skip
    assert main(["grade", pope_samples(), "--rule", "yes_no"]) == 0
    shown = capsys.readouterr().out
    assert "yes is positive" in shown
    assert "category: adversarial" in shown


def test_compat_reads_as_another_suite_does(capsys: pytest.CaptureFixture[str]):
    """POPE's own code takes whatever holds no "no" for a yes: the reply that says neither becomes a right yes."""
    ours, theirs = (card(capsys, pope_samples(), "--rule", "yes_no", *more) for more in ([], ["--compat", "official"]))
    assert (ours["correct"], ours["no_answer"], theirs["correct"], theirs["no_answer"]) == (4, 1, 5, 0)
    assert theirs["compat"] == "official"
    assert theirs["yes_no"][0]["yes_share"]["value"] == 5 / 8
    complaint = told(capsys, pope_samples(), "--rule", "yes_no", "--compat", "lmms")
    assert "--compat 'lmms'; did you mean 'lmms-eval'?" in complaint


WITHOUT = """
import sys
sys.modules["openpyxl"] = None  # Python then says that there is no such module
from seewhy.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("more", [["Model_MMStar.xlsx"], ["Model_MMStar.tsv", "--out", "o", "--also", "vlmevalkit"]])
def test_without_openpyxl_the_extra_that_brings_it_is_named_and_nothing_is_written(more: list[str]):
    star_sheet(more[0])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "grade", *more, "--rule", "letter"], env={**os.environ, "PYTHONPATH":
        str(Path(__file__).parents[2])}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    clone = Path(__file__).parents[2]
    assert done.stderr.splitlines()[0] == "seewhy: openpyxl is not installed"
    assert done.stderr.splitlines()[2] == f"  remedy: pip install '{clone}[xlsx]' brings it"
    assert not Path("o").exists()


def test_a_gold_that_is_neither_yes_nor_no_is_in_no_f1(capsys: pytest.CaptureFixture[str]):
    rows = [{"doc_id": n, "doc": {"question": "?"}, "target": gold, "filtered_resps": ["hm"]} for n, gold in
            enumerate(["maybe", "yes"])]  # fmt: skip
    found = card(capsys, write("x_samples_own.jsonl", rows), "--rule", "yes_no")
    assert (found["n"], found["no_answer"], found["yes_no"][0]["n"]) == (2, 2, 1)


def star_sheet(name: str = "Model_MMStar.xlsx") -> str:
    """As VLMEvalKit dumps it: the data set's columns, the prediction last; questions with fewer options have gaps."""
    frame = pd.DataFrame({
        "index": [0, 1, 2, 3], "question": ["Which?", "How many?", "Where?", "Who?"],
        "A": ["a cat", 1, "here", "he"], "B": ["a dog", 2, "there", "she"], "C": ["a cow", 3, None, None],
        "D": ["a pig", 4, None, None], "answer": ["B", "D", "A", "B"], "category": ["coarse", "math", "coarse", "math"],
        "l2_category": ["scene", "count", "scene", "count"], "bench": ["x"] * 4,
        "prediction": ["B. a dog", "The answer is 4.", "D", "Failed to obtain answer via API."],
    })  # fmt: skip
    if name.endswith("xlsx"):
        frame.to_excel(name, index=False)
    else:
        frame.to_csv(name, sep="\t", index=False)
    return name


@pytest.mark.parametrize("name", ["Model_MMStar.xlsx", "Model_MMStar.tsv"])
def test_vlmevalkits_sheet_grades_alone(capsys: pytest.CaptureFixture[str], name: str):
    """B by letter, D by its text 4, no option D of the two there are, and no answer at all: 2 of 4."""
    found = card(capsys, star_sheet(name), "--rule", "letter")
    assert (found["n"], found["correct"], found["incorrect"], found["no_answer"]) == (4, 2, 0, 2)
    assert [(row["facet"], row["value"], row["accuracy"]["value"]) for row in found["facets"]] == [
        ("category", "coarse", 0.5), ("category", "math", 0.5), ("l2_category", "count", 0.5),
        ("l2_category", "scene", 0.5),
    ]  # fmt: skip


def test_a_result_file_needs_a_rule_and_options_where_its_rows_have_none(capsys: pytest.CaptureFixture[str]):
    assert "--rule '' and no --questions or --benchmark; say how answers are compared, one of letter, exact" in told(
        capsys, star_sheet()
    )
    assert "--rule 'leter' and no --questions or --benchmark; did you mean 'letter'?" in told(
        capsys, star_sheet(), "--rule", "leter"
    )
    row = {"doc_id": 0, "doc": {"question": "Which? Options: A: cat, B: dog"}, "target": "B", "filtered_resps": ["(B)"]}
    write("run_samples_mmstar.jsonl", [row])
    assert "line 1: no options in fields A, B, C..., options or choices; say how many letters there are" in told(
        capsys, "run_samples_mmstar.jsonl", "--rule", "letter"
    )
    assert card(capsys, "run_samples_mmstar.jsonl", "--rule", "letter", "--options", "2")["correct"] == 1


def test_what_is_written_in_suites_forms_grades_to_the_same_scorecard(capsys: pytest.CaptureFixture[str]):
    words = [reply("ABBABB"), "--questions", ask(facets={"category": "pets"})]
    first = card(capsys, *words, "--out", "out", "--also", "lmms-eval,vlmevalkit", "--model", "my/model")
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "my_model_questions.xlsx", "rows.jsonl", "samples_questions.jsonl", "scorecard.json", "verdicts",
    ]  # fmt: skip
    for name in ("out/my_model_questions.xlsx", "out/samples_questions.jsonl"):
        again = card(capsys, name, "--rule", "letter")
        assert [again[key] for key in ("n", "correct", "incorrect", "no_answer")] == [6, 4, 2, 0]
        assert [(row["facet"], row["n"]) for row in again["facets"]] == [("category", 6)]
    assert {**first, "hashes": 0} == {**json.loads(Path("out/scorecard.json").read_text()), "hashes": 0}
    rows = [json.loads(line) for line in Path("out/rows.jsonl").read_text().splitlines()]
    assert [(row["id"], row["outcome"], row["answer"], row["gold"], row["reply"]) for row in rows][2] == (
        "q2", "incorrect", "B", "C", "The answer is (B).",
    )  # fmt: skip
    assert [row.outcome.value for row in read_rows(Path("out/verdicts"), Verdict)] == [row["outcome"] for row in rows]


def test_a_directory_of_something_else_is_never_written_into(capsys: pytest.CaptureFixture[str]):
    Path("mine").mkdir()
    Path("mine/scorecard.json").write_text('{"my": "notes"}')
    words = [reply("ABCABC"), "--questions", ask(), "--out"]
    assert "--out mine holds the grading of other predictions; choose another" in told(capsys, *words, "mine")
    assert [path.name for path in Path("mine").iterdir()] == ["scorecard.json"]
    assert main(["grade", *words, "own"]) == main(["grade", *words, "own"]) == 0
    capsys.readouterr()
    reply("AAAAAA")
    assert "--out own holds the grading of other predictions" in told(capsys, *words, "own")
    Path("full").mkdir()
    Path("full/notes").write_text("mine")
    assert "--out full is there and holds no earlier grading" in told(capsys, *words, "full")
