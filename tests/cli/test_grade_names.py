"""What `seewhy grade` would get wrong in silence: golds for replies, suites without a rule, and names of questions."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from grade_files import OPTIONS, ask, card, reply, told, write
from hypothesis import given
from hypothesis import strategies as st

from seewhy.benchmarks.lines.fields import word_of
from seewhy.cli.main import main
from seewhy.evaluation.predictions import id_text
from seewhy.grading.names import benchmark_of
from seewhy.records.cells import has_halves, mend_halves


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


def test_a_gold_beside_the_reply_is_not_graded_against_itself(capsys: pytest.CaptureFixture[str]):
    questions = ask()
    rows = [
        {"id": f"q{n}", "answer": "ABC"[n % 3], "llava_says": "The answer is (A).", "category": "x"} for n in range(6)
    ]
    words = [write("a.jsonl", rows), "--questions", questions]
    said = told(capsys, *words)
    assert "field 'answer' equals the gold answer in 6 of 6 rows" in said
    assert "--text-field; is it llava_says?" in said
    assert card(capsys, *words, "--text-field", "llava_says")["correct"] == 2
    assert card(capsys, *words, "--text-field", "answer")["correct"] == 6


@pytest.mark.parametrize("gold", ["a cat", "A"])
def test_a_gold_that_is_an_options_text_is_known_as_one_too(capsys: pytest.CaptureFixture[str], gold: str):
    write("questions.jsonl", [{"id": n, "question": "?", "options": OPTIONS, "answer": "A"} for n in range(10)])
    rows = [{"id": n, "answer": gold if n else "B", "said": "(B)"} for n in range(10)]
    assert "equals the gold answer in 9 of 10 rows" in told(
        capsys, write("a.jsonl", rows), "--questions", "questions.jsonl"
    )


@pytest.mark.parametrize("more", [{}, {"category": "x", "question": "?"}, {"model": "m"}])
def test_right_replies_without_another_text_beside_them_are_graded(
    capsys: pytest.CaptureFixture[str], more: dict[str, str]
):
    rows = [{"id": f"q{n}", "answer": "ABC"[n % 3], **more} for n in range(6)]
    assert card(capsys, write("a.jsonl", rows), "--questions", ask())["correct"] == 6


def test_twenty_replies_that_are_all_the_gold_to_the_letter_are_asked_about(capsys: pytest.CaptureFixture[str]):
    rows = [{"id": f"q{n}", "output": "ABC"[n % 3]} for n in range(20)]
    words = [write("a.jsonl", rows), "--questions", ask(20)]
    assert "field 'output' equals the gold answer in 20 of 20 rows" in told(capsys, *words)
    assert card(capsys, *words, "--text-field", "output")["correct"] == 20


@pytest.mark.parametrize(
    ("suite", "known"), [("official", "mathvision, mathvista, mmmu, mmmupro"), ("vlmevalkit", ""), ("lmms-eval", "")]
)
def test_a_suite_that_has_no_rule_for_any_question_is_refused(
    capsys: pytest.CaptureFixture[str], suite: str, known: str
):
    write("mine.jsonl", [{"id": n, "question": "?", "answer": "12", "rule": "math"} for n in range(3)])
    words = [write("a.jsonl", [{"id": n, "text": "12"} for n in range(3)]), "--questions", "mine.jsonl"]
    said = told(capsys, *words, "--compat", suite)
    assert (
        f"--compat {suite}: it has no rule of its own for benchmark 'mine' with rule math; name the benchmark" in said
    )
    assert known in said
    found = card(capsys, *words, "--compat", suite, "--benchmark", "MATH-Vision")
    assert (found["benchmark"], found["correct"], found["judges"]) == ("MATH-Vision", 3, [f"outcome, {suite}"])
    assert card(capsys, *words, "--compat", "paper")["correct"] == 3


def test_a_card_says_of_how_many_questions_a_suites_rules_were_used(capsys: pytest.CaptureFixture[str]):
    write("mine.jsonl", [{"id": 0, "question": "?", "answer": "12", "rule": "math"},
                         {"id": 1, "question": "?", "answer": "yes", "rule": "yes_no"}])  # fmt: skip
    replies = write("a.jsonl", [{"id": 0, "text": "12"}, {"id": 1, "text": "Yes"}])
    assert main(["grade", replies, "--questions", "mine.jsonl", "--compat", "official"]) == 0
    assert "(2 questions, rules of official for 1 of them)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("Model_MMMU_Pro", "MMMU_Pro"), ("GPT4o_20240806_MMMU_Pro_10c", "MMMU_Pro_10c"), ("a_b_MMStar", "MMStar"),
        ("Qwen2-VL-7B-Instruct_MathVista_MINI", "MathVista_MINI"), ("x_A-OKVQA", "A-OKVQA"),
        ("20260101_000000_samples_pope", "pope"), ("my_replies", "my_replies"), ("MMStar", "MMStar"),
        ("GPT4o_MMStar_exact_matching_result", "MMStar_exact_matching_result"),
    ],
)  # fmt: skip
def test_the_benchmark_is_read_off_a_result_files_name(stem: str, name: str):
    assert benchmark_of(stem) == name


def test_vlmevalkits_name_brings_the_benchmarks_own_rules(capsys: pytest.CaptureFixture[str]):
    """MMMU-Pro's script takes "(B)" before "A.": without its rules the last statement counts."""
    pd.DataFrame({"index": [0], "question": ["?"], "A": ["a cat"], "B": ["a dog"], "answer": ["A"],
                  "prediction": ["A. It is like (B)"]}).to_excel("Model_MMMU_Pro.xlsx", index=False)  # fmt: skip
    found = card(capsys, "Model_MMMU_Pro.xlsx", "--rule", "letter", "--compat", "official")
    assert (found["benchmark"], found["incorrect"]) == ("MMMU_Pro", 1)
    Path("Model_MMMU_Pro.xlsx").rename("mine.xlsx")
    words = ["mine.xlsx", "--rule", "letter", "--compat", "official"]
    assert "it has no rule of its own for benchmark 'mine' with rule letter" in told(capsys, *words)
    assert card(capsys, *words, "--benchmark", "mmmu_pro")["incorrect"] == 1


def test_a_result_file_may_have_several_rules(capsys: pytest.CaptureFixture[str]):
    rows = [
        {"doc_id": 0, "doc": {"question": "?", "options": OPTIONS}, "target": "B", "filtered_resps": ["(B)"]},
        {"doc_id": 1, "doc": {"question": "?"}, "target": "12", "filtered_resps": ["It is 12."]},
        {"doc_id": 2, "doc": {"question": "?"}, "target": "Yes", "filtered_resps": ["yes, it is"]},
    ]
    found = card(capsys, write("run_samples_own.jsonl", rows), "--rule", "letter,yes_no,math")
    assert (found["rules"], found["correct"]) == ({"letter": 1, "math": 1, "yes_no": 1}, 3)
    assert "--rule 'maths'" in told(capsys, "run_samples_own.jsonl", "--rule", "letter,maths")


@pytest.mark.parametrize("asked", [1, 1.0, "1", "1.0"])
@pytest.mark.parametrize("said", ["1", "1.0", "1.0\n"])
def test_whole_numbers_name_one_question_however_both_sides_write_them(
    capsys: pytest.CaptureFixture[str], asked: object, said: str
):
    write(
        "questions.jsonl", [{"id": asked, "question": "?", "answer": 12.0}, {"id": "b", "question": "?", "answer": "1"}]
    )
    Path("a.csv").write_text(f'id,text\n"{said}",12\n', encoding="utf-8")
    found = card(capsys, "a.csv", "--questions", "questions.jsonl", "--missing", "leave-out")
    assert (found["n"], found["correct"]) == (1, 1)


def test_packed_predictions_are_graded_under_the_plain_files_name(capsys: pytest.CaptureFixture[str]):
    questions, plain = ask(), Path(reply("ABCABC"))
    Path("replies.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    found = card(capsys, "replies.jsonl.gz", "--questions", questions)
    assert (found["model"], found["correct"]) == ("replies", 6)


@given(st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False),
                 st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip)))  # fmt: skip
def test_an_id_reads_alike_in_questions_and_in_predictions(value: float | str):
    assert word_of("id", value) == id_text(value, "a.jsonl, line 1")
    if isinstance(value, float):
        assert float(word_of("id", value)) == value
        assert "e" not in word_of("id", value)


any_text = st.text(st.characters())


@given(st.recursive(any_text | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(any_text, inner)))
def test_what_is_mended_can_be_written_and_whole_texts_stay_as_they_are(found: object):
    mended = mend_halves(found)
    json.dumps(mended, ensure_ascii=False).encode()
    assert mend_halves(mended) == mended
    if not has_halves(json.dumps(found, ensure_ascii=False)):
        assert mended == found


def test_without_words_the_remedy_is_told_and_help_is_no_error(capsys: pytest.CaptureFixture[str]):
    assert "`seewhy grade` needs a file of predictions" in told(capsys)
    for words in (
        ["grade", "--help"],
        ["data"],
        ["data", "--help"],
        ["data", "import", "--help"],
        ["data", "check", "-h"],
    ):
        assert main(words) == 0
        assert "usage: seewhy" in capsys.readouterr().out
    assert main(["data", "chek"]) == 2


def pope(folder: Path) -> list[str]:
    folder.mkdir()
    for name in ("random", "popular", "adversarial"):
        write(f"{folder}/coco_pope_{name}.json", [
            {"question_id": n, "image": "a.jpg", "text": "Is there a cat?", "label": "yes" if n == 1 else "no"}
            for n in (1, 2)
        ])  # fmt: skip
    return ["--benchmark", "pope", "--root", str(folder), "--split", "test"]


def test_popes_plain_ids_are_known_by_the_kind_in_the_row_or_in_the_files_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    words = pope(tmp_path / "pope")
    rows = [{"question_id": n, "text": "Yes", "category": name} for name in ("random", "popular", "adversarial")
            for n in (1, 2)]  # fmt: skip
    found = card(capsys, write("a.jsonl", rows), *words)
    assert (found["n"], found["correct"]) == (6, 3)
    named = write("llava_coco_pope_popular.jsonl", [{"question_id": n, "text": "Yes"} for n in (1, 2)])
    found = card(capsys, named, *words, "--missing", "leave-out")
    assert [(row["value"], row["n"]) for row in found["facets"]] == [("popular", 2)]
    lost = write("b.jsonl", [{"question_id": n, "text": "Yes"} for n in (1, 2)])
    assert "none of its 2 ids (1, 2) is among the 6 questions" in told(capsys, lost, *words)


def test_nlvrs_pictures_and_sentences_name_its_questions(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "nlvr" / "dev").mkdir(parents=True)
    row = {"sentence": "There is a box.", "label": "true", "directory": "1", "evals": {"r0": "true"}}
    write("nlvr/dev/dev.json", [{"identifier": f"{n}-0", **row} for n in range(2)])
    words = ["--benchmark", "nlvr", "--root", "nlvr", "--split", "validation", "--missing", "leave-out"]
    pictures = write("a.jsonl", [{"id": f"dev-{n}-0-{k}.png", "text": "true" if k else "yes"} for n in range(2)
                                 for k in range(6)])  # fmt: skip
    assert card(capsys, pictures, *words)["n"] == 12
    sentences = write("b.jsonl", [{"identifier": f"{n}-0", "text": "yes"} for n in range(2)])
    found = card(capsys, sentences, *words, "--id-field", "identifier")
    assert (found["n"], found["correct"]) == (2, 2)


def test_one_row_whose_letter_is_another_options_text_leaves_the_file_readable(capsys: pytest.CaptureFixture[str]):
    marked = {"id": "m", "question": "Which point?", "options": ["B", "A"], "answer": "A"}
    write(
        "questions.jsonl", [marked, *({"id": n, "question": "?", "options": OPTIONS, "answer": "B"} for n in range(2))]
    )
    rows = [{"id": "m", "text": "(A)"}, {"id": 0, "text": "(B)"}, {"id": 1, "text": "a dog"}]
    assert card(capsys, write("a.jsonl", rows), "--questions", "questions.jsonl")["correct"] == 3


@pytest.mark.parametrize("split", [None, "test"])
def test_a_null_split_is_left_out(capsys: pytest.CaptureFixture[str], split: str | None):
    write("questions.jsonl", [{"id": 1, "question": "?", "answer": 3, "split": split, "image": None, "facets": None}])
    assert card(capsys, write("a.jsonl", [{"id": 1, "text": "3"}]), "--questions", "questions.jsonl")["correct"] == 1


@pytest.mark.parametrize("dressed", ["{}", "({})", "{}.", "[{}]"])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_gold_in_brackets_or_another_case_is_known_as_one_too(capsys, dressed, case):
    rows = [
        {"id": f"q{n}", "answer": case(dressed.format("ABC"[n % 3])), "said": "The answer is (A)."} for n in range(6)
    ]
    assert "field 'answer' equals the gold" in told(capsys, write("a.jsonl", rows), "--questions", ask())


@pytest.mark.parametrize(("wrong", "is_asked"), [(0, True), (1, True), (3, False)])
def test_a_field_beside_another_text_that_is_nearly_always_the_gold_is_asked_about(capsys, wrong, is_asked):
    rows = [{"id": f"q{n}", "prediction": "ABC"[(n + (n < wrong)) % 3], "raw": "I say (A)."} for n in range(30)]
    words = [write("a.jsonl", rows), "--questions", ask(30)]
    if is_asked:
        assert "is it raw?" in told(capsys, *words)
    else:
        assert card(capsys, *words)["correct"] == 30 - wrong


def test_a_list_of_texts_is_read_in_the_order_of_the_questions_and_only_so(capsys):
    Path("a.json").write_text(json.dumps(["The answer is (A)."] * 6), encoding="utf-8")
    assert "its rows are texts without ids" in told(capsys, "a.json", "--questions", ask())
    assert card(capsys, "a.json", "--questions", ask(), "--in-order")["correct"] == 2


@pytest.mark.parametrize(("sign", "remedy"), [(";", "save it with commas"), ("\t", "name it .tsv")])
def test_a_csv_without_commas_is_told_how_to_be_saved(capsys, sign, remedy):
    Path("a.csv").write_text(f"id{sign}response\nq0{sign}A\n", encoding="utf-8")
    assert remedy in told(capsys, "a.csv", "--questions", ask())


def test_ids_of_one_file_may_be_written_in_several_ways(capsys: pytest.CaptureFixture[str]):
    write("questions.jsonl", [{"id": n, "question": "?", "answer": "12"} for n in (1, 2, 3)])
    rows = [{"id": 1.0, "text": "12"}, {"id": "2.0", "text": "12"}, {"id": "3", "text": "12"}]
    assert card(capsys, write("a.jsonl", rows), "--questions", "questions.jsonl")["correct"] == 3


def test_files_with_byte_order_marks_that_were_put_together_are_read(capsys: pytest.CaptureFixture[str]):
    write("questions.jsonl", [{"id": n, "question": "?", "answer": "12"} for n in (1, 2)])
    rows = [f'\ufeff{{"id": {n}, "text": "12"}}\n' for n in (1, 2)]
    Path("a.jsonl").write_text("".join(rows), encoding="utf-8")
    assert card(capsys, "a.jsonl", "--questions", "questions.jsonl")["correct"] == 2
