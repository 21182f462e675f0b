"""`seewhy grade` on files as other programs write them: what it prints and says, and what it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from grade_files import OPTIONS, ask, card, process, reply, told, write

from seewhy.cli.main import main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


def test_a_process_prints_a_plain_table_with_every_doubt_and_what_it_cannot_see():
    ask()
    rows = [{"question_id": f"q{n}", "text": f"Answer: {said}"} for n, said in enumerate("ABBAB")]
    write("replies.jsonl", [*rows, {"question_id": "q5", "text": "I do not know"}])
    done = process("replies.jsonl", "--questions", "questions.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "replies on questions/test (6 questions)"
    assert lines[1] == "n accuracy % 95 % interval NO_ANSWER UNJUDGED"
    assert lines[2].startswith("all 6 66.67 ")
    assert lines[2].endswith(" 1 0")
    assert [line.split()[:4] for line in lines[3:5]] == [
        ["kind:", "even", "3", "66.67"],
        ["kind:", "odd", "3", "66.67"],
    ]
    assert "6 questions about 3 pictures cannot see a gain over this accuracy, however large" in done.stdout
    assert "NO_ANSWER counts as not right: 1 x 'I do not know' names no single option" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_process_that_cannot_grade_prints_what_where_and_remedy_to_standard_error_and_ends_with_2():
    ask()
    done = process(reply("AB"), "--questions", "questions.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "seewhy: replies.jsonl: 4 of 6 questions have no reply: q2, q3, q4, q5",
        "  where:  replies.jsonl in seewhy grade replies.jsonl --questions questions.jsonl",
        "  remedy: say --missing wrong to count them as without an answer, or --missing leave-out to grade the others "
        "alone",
    ]


LOADS = """
import json, sys
from seewhy.cli.main import main
assert main(sys.argv[1:]) == 0
names = set(sys.modules)
heavy = {"torch", "transformers", "matplotlib", "openpyxl", "pyarrow", "PIL", "yaml", "cattrs", "aiohttp"}
rooms = ("seewhy.runs.", "seewhy.model.", "seewhy.training.", "seewhy.testing.", "seewhy.endpoints.")
print(json.dumps([sorted(heavy & names), sorted(name for name in names if name.startswith(rooms)),
                  sum(name.startswith("seewhy.") for name in names)]), file=sys.stderr)
"""


@pytest.mark.parametrize("words", [["replies.jsonl", "--questions", "questions.jsonl"], ["own.jsonl", "--rule=letter"]])
def test_grading_loads_what_it_needs_and_nothing_else(words: list[str]):
    """Of the 0.9 s that 4,000 replies took, 0.4 were for libraries and layers that no reply needed."""
    ask()
    reply("ABCABC")
    write("own.jsonl", [{"index": n, "question": "?", "A": "a", "B": "b", "answer": "A", "prediction": "B"}
                        for n in range(3)])  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LOADS, "grade", *words],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    heavy, rooms, count = json.loads(done.stderr)
    assert heavy == []
    assert rooms == [
        "seewhy.endpoints.chat",
        "seewhy.endpoints.plan",
        "seewhy.runs.discovery",
        "seewhy.runs.loaded_code",
    ]
    assert count <= 90


def test_missing_replies_count_as_no_answer_or_are_left_out_as_the_words_say(capsys: pytest.CaptureFixture[str]):
    words = [reply("ABC"), "--questions", ask(), "--missing"]
    wrong, left = card(capsys, *words, "wrong"), card(capsys, *words, "leave-out")
    assert (wrong["n"], wrong["accuracy"]["value"], wrong["no_answer"]) == (6, 0.5, 3)
    assert wrong["why"]["no_answer"] == {"no reply in the file": 3}
    assert (left["n"], left["accuracy"]["value"], left["no_answer"]) == (3, 1.0, 0)
    assert wrong["questions_without_a_reply"] == left["questions_without_a_reply"] == [3]


def test_rows_that_name_no_question_are_told_and_not_graded(capsys: pytest.CaptureFixture[str]):
    words = [reply("ABCABCAAA"), "--questions", ask()]
    found = card(capsys, *words)
    assert (found["n"], found["accuracy"]["value"], found["rows_without_a_question"]) == (6, 1.0, [3])
    assert main(["grade", *words]) == 0
    assert "replies.jsonl: 3 ids name no question and were not graded: q6, q7, q8" in capsys.readouterr().out


def test_rows_of_another_set_are_an_error_that_shows_both_kinds_of_id(capsys: pytest.CaptureFixture[str]):
    write("replies.jsonl", [{"id": "x1", "text": "A"}])
    complaint = told(capsys, "replies.jsonl", "--questions", ask(1))
    assert "none of its 1 ids (x1) is among the 1 questions of questions.jsonl (q0)" in complaint


def test_the_same_replies_in_every_form_have_the_same_scorecard(capsys: pytest.CaptureFixture[str]):
    ask()
    rows = [{"index": f"q{n}", "prediction": f"{letter}. {OPTIONS['ABC'.index(letter)]}"} for n, letter in
            enumerate("ABBABC")]  # fmt: skip
    write("a.jsonl", rows)
    Path("b.json").write_text(json.dumps({"outputs": {row["index"]: row["prediction"] for row in rows}, "acc": 1}))
    pd.DataFrame(rows).to_csv("c.csv", index=False)
    pd.DataFrame(rows).to_csv("d.tsv", index=False, sep="\t")
    pd.DataFrame(rows).to_excel("e.xlsx", index=False)
    write("f.jsonl", [{"words": row["prediction"]} for row in rows])
    more = {"b.json": ["--rows-at", "outputs"], "f.jsonl": ["--in-order", "--text-field", "words"]}
    names = ["a.jsonl", "b.json", "c.csv", "d.tsv", "e.xlsx", "f.jsonl"]
    cards = [card(capsys, name, "--questions", "questions.jsonl", *more.get(name, [])) for name in names]
    for found in cards:
        assert found["accuracy"] == cards[0]["accuracy"]
        assert (found["correct"], found["facets"]) == (5, cards[0]["facets"])


def test_a_file_in_order_must_have_as_many_rows_as_there_are_questions(capsys: pytest.CaptureFixture[str]):
    complaint = told(capsys, reply("ABC"), "--questions", ask(), "--in-order")
    assert "3 rows and 6 questions; --in-order needs equally many" in complaint


def test_a_comparison_pairs_the_questions_and_clusters_their_pictures(capsys: pytest.CaptureFixture[str]):
    """12 questions of 6 pictures: 4 gained in 2 pictures, none lost; each picture's sign by a coin: 2 * 2^-2."""
    ask(12)
    words = [
        reply("ABCABCABCABC"),
        "--questions",
        "questions.jsonl",
        "--compare",
        reply("BCAB" + "BCABCABC", "old.jsonl"),
    ]
    found = card(capsys, *words)["comparison"]
    assert (found["other"], found["gained"], found["lost"], found["n"]) == ("old", 4, 0, 12)
    assert found["difference"] == pytest.approx(4 / 12)
    assert found["p_value"] == pytest.approx(0.5)
    assert main(["grade", *words]) == 0
    assert "replies minus old: +33.33 points" in capsys.readouterr().out


def test_several_files_are_samples_of_one_model(capsys: pytest.CaptureFixture[str]):
    """3 of 3 right and 1 of 3: mean 2/3; either is right on all, and of two that differ the first counts."""
    found = card(capsys, reply("ABC", "a.jsonl"), reply("AAA", "b.jsonl"), "--questions", ask(3))
    assert found["accuracy"]["value"] == pytest.approx(2 / 3)
    assert found["repeats"]["each"] == [1.0, pytest.approx(1 / 3)]
    assert [(row["name"], row["k"], row["value"]) for row in found["repeats"]["curves"]] == [
        ("pass", 1, pytest.approx(2 / 3)), ("pass", 2, 1.0), ("maj", 1, pytest.approx(2 / 3)), ("maj", 2, 1.0),
    ]  # fmt: skip
    assert main(["grade", "a.jsonl", "b.jsonl", "--questions", "questions.jsonl"]) == 0
    assert "2 samples a question" in capsys.readouterr().out


def test_a_question_that_one_of_several_files_lacks_counts_in_that_file(capsys: pytest.CaptureFixture[str]):
    words = [reply("AB", "a.jsonl"), reply("ABC", "b.jsonl"), "--questions", ask(3), "--missing"]
    assert card(capsys, *words, "wrong")["repeats"]["each"] == [pytest.approx(2 / 3), 1.0]
    left = card(capsys, *words, "leave-out")
    assert (left["n"], left["repeats"]["each"]) == (2, [1.0, 1.0])


def test_rows_of_one_id_are_samples_where_the_words_say_so(capsys: pytest.CaptureFixture[str]):
    write("replies.jsonl", [{"id": "q0", "text": said} for said in "AAB"])
    assert "1 of 1 questions have more than one reply: q0; keep one of each, or say --repeats" in told(
        capsys, "replies.jsonl", "--questions", ask(1)
    )
    found = card(capsys, "replies.jsonl", "--questions", "questions.jsonl", "--repeats")
    assert (found["n"], found["correct"], found["repeats"]["samples"]) == (1, 2, 3)


def test_half_right_answers_have_a_mean_score_beside_the_accuracy(capsys: pytest.CaptureFixture[str]):
    """ANLS: "invoic" is 6/7 of "invoice", which is right; "abc" is nothing."""
    write("questions.jsonl", [{"id": n, "question": "?", "answer": "invoice", "rule": "anls"} for n in range(2)])
    words = [
        write("a.jsonl", [{"id": 0, "text": "invoic"}, {"id": 1, "text": "abc"}]),
        "--questions",
        "questions.jsonl",
    ]
    found = card(capsys, *words)
    assert (found["accuracy"]["value"], found["score"]["value"]) == (0.5, pytest.approx(6 / 14))
    assert main(["grade", *words]) == 0
    assert "all, mean score" in capsys.readouterr().out


def test_an_unjudged_gold_is_left_out_and_told(capsys: pytest.CaptureFixture[str]):
    write("questions.jsonl", [{"id": 0, "question": "?", "answer": "yes", "rule": "yes_no"},
                              {"id": 1, "question": "?", "answer": "maybe", "rule": "yes_no"}])  # fmt: skip
    words = [write("a.jsonl", [{"id": 0, "text": "yes"}, {"id": 1, "text": "no"}]), "--questions", "questions.jsonl"]
    found = card(capsys, *words)
    assert (found["n"], found["unjudged"], found["accuracy"]["value"], found["yes_no"][0]["n"]) == (2, 1, 1.0, 1)
    assert main(["grade", *words]) == 0
    said = capsys.readouterr().out
    assert "UNJUDGED is left out of the accuracy: 1 x the gold answer 'maybe' is neither yes nor no" in said


def test_open_questions_say_that_nothing_is_judged(capsys: pytest.CaptureFixture[str]):
    write("questions.jsonl", [{"id": 0, "question": "?", "rule": "open"}])
    complaint = told(capsys, write("a.jsonl", [{"id": 0, "text": "yes"}]), "--questions", "questions.jsonl")
    assert "all 1 replies are UNJUDGED, and none is graded: an open question has no rule" in complaint


def test_a_file_of_several_splits_is_graded_on_the_one_that_is_named(capsys: pytest.CaptureFixture[str]):
    write("questions.jsonl", [{"id": n, "split": split, "question": "?", "answer": "1"} for n, split in
                              enumerate(["test", "test", "train"])])  # fmt: skip
    words = [write("a.jsonl", [{"id": n, "text": "1"} for n in range(3)]), "--questions", "questions.jsonl"]
    assert "has questions of these splits: 2 of test, 1 of train; choose one with --split" in told(capsys, *words)
    assert card(capsys, *words, "--split", "test")["n"] == 2
    assert "none is of --split validation" in told(capsys, *words, "--split", "validation")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--questions", "questions.jsonl", "--benchmark", "jsonl", "--root", "."], "are two sources of questions"),
        (["--questions", "questions.jsonl", "--benchmark", "mmstra"], "--benchmark 'mmstra'; did you mean 'mmstar'?"),
        ([], "replies.jsonl holds no questions; name them with --questions FILE or --benchmark NAME --root DIR"),
        (["--benchmark", "inkgrid"], "--benchmark inkgrid needs --root, its directory, and --split"),
        (["--benchmark", "inkgrid", "--root", ".", "--split", "test"], "draws its questions and reads no directory"),
        (["--benchmark", "jsnl", "--root", ".", "--split", "test"], "there is no benchmark 'jsnl'; did you mean"),
        (["--questions", "none.jsonl"], "--questions none.jsonl: no such file"),
        (["--questions", "questions.jsonl", "--split", "tets"], "--split 'tets'; did you mean 'test'?"),
        (["--questions", "questions.jsonl", "--style", "short"], "--style 'short'; there are direct, reason, plain."),
        (["--questions", "questions.jsonl", "--missing", "wrogn"], "--missing 'wrogn'; did you mean 'wrong'?"),
        (["--questions", "questions.jsonl", "--rule", "letter"], "--rule, --options and --facets are for a file that"),
        (["--questions", "questions.jsonl", "--also", "lmms-eval"], "--also writes files; name their directory"),
        (["--questions", "questions.jsonl", "--also", "lmms", "--out", "o"], "--also 'lmms'; did you mean 'lmms-eval'"),
        (["--questions", "questions.jsonl", "--repeats", "--compare", "replies.jsonl"], "--compare takes one reply"),
        (["--questions", "questions.jsonl", "--in-order", "--id-field", "id"], "--in-order and --id-field are two"),
        (["--questions", "questions.jsonl", "--text-field", "words"], "--text-field words: no row has it; the fields"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_meant_are_answered_by_what_can(
    capsys: pytest.CaptureFixture[str], words: list[str], wanted: str
):
    ask()
    assert wanted in told(capsys, reply("ABCABC"), *words)
    assert not Path("o").exists()


def test_a_benchmark_directory_is_graded_by_its_own_loader(capsys: pytest.CaptureFixture[str]):
    Path("root").mkdir()
    write("root/test.jsonl", [{"id": n, "question": "?", "answer": str(n)} for n in range(3)])
    found = card(capsys, write("a.jsonl", [{"id": n, "text": "1"} for n in range(3)]), "--benchmark", "jsonl", "--root",
                 "root", "--split", "test")  # fmt: skip
    assert (found["benchmark"], found["n"], found["correct"]) == ("jsonl", 3, 1)


def test_questions_without_a_picture_stand_for_themselves(capsys: pytest.CaptureFixture[str]):
    write("questions.jsonl", [
        {"id": n, "question": "?", "answer": "1", **({"image": f"p{n // 3}.png"} if n < 6 else {})} for n in range(10)
    ])  # fmt: skip
    words = [write("a.jsonl", [{"id": n, "text": str(n % 4)} for n in range(10)]), "--questions", "questions.jsonl"]
    assert card(capsys, *words)["pictures"] == 2
    assert main(["grade", *words]) == 0
    assert "10 questions about 2 pictures cannot see" in capsys.readouterr().out


def test_a_broken_row_of_the_questions_is_told_with_its_line(capsys: pytest.CaptureFixture[str]):
    write("questions.jsonl", [{"id": 0, "question": "?", "answer": "1"}, {"id": 1, "question": "?"}])
    words = [write("a.jsonl", [{"id": 0, "text": "1"}]), "--questions", "questions.jsonl"]
    assert "questions.jsonl:2: field 'answer' is missing" in told(capsys, *words)
