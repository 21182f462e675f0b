"""Result files of lmms-eval and VLMEvalKit in their own forms: known, read with their questions, and written back."""

from pathlib import Path

import pytest

from seewhy.evaluation.suites import Suite, carried_questions, columns_of, lmms_eval_rows, suite_of, vlmevalkit_rows
from seewhy.evaluation.tables import Table
from seewhy.records.types import Gold, MatchRule, Outcome, Question, Split, Style, Verdict


def table(*rows: dict[str, object], name: str = "20260101_120000_samples_mmstar.jsonl") -> Table:
    return Table(path=Path(name), rows=rows, places=tuple(f"line {n}" for n, _ in enumerate(rows, start=1)))


def lmms(doc: dict[str, object], target: object = "A", reply: str = "A") -> dict[str, object]:
    return {
        "doc_id": 0, "doc": doc, "target": target, "arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": {"until": []}}},
        "resps": [[reply]], "filtered_resps": [reply], "doc_hash": "ab", "prompt_hash": "cd", "target_hash": "ef",
    }  # fmt: skip


def golds(row: dict[str, object], suite: Suite, rule: MatchRule = MatchRule.EXACT) -> tuple[str, ...]:
    return carried_questions(table(row), suite, rule).questions[0].gold.answers


def test_each_suite_is_known_by_its_fields() -> None:
    sheet = {"index": 1, "question": "?", "A": "x", "answer": "A", "prediction": "A"}
    assert suite_of(table(lmms({}))) is Suite.LMMS_EVAL
    assert suite_of(table(sheet)) is Suite.VLMEVALKIT
    assert suite_of(table({"index": 1, "prediction": "A"})) is None
    assert columns_of(Suite.LMMS_EVAL, table(lmms({}))).text == "filtered_resps"
    assert columns_of(Suite.LMMS_EVAL, table({"doc_id": 1, "target": "", "resps": [["a"]]})).text == "resps"


@pytest.mark.parametrize(
    ("doc", "options"),
    [
        ({"question": "?", "choices": ["cat", "dog"]}, ("cat", "dog")),
        ({"question": "?", "options": "['$6', \"it's\", '7']"}, ("$6", "it's", "7")),
        ({"question": "?", "options": '["a", "b"]'}, ("a", "b")),
        ({"question": "?", "choices": {"label": ["A", "B"], "text": ["cat", "dog"]}}, ("cat", "dog")),
        ({"question": "?", "A": "cat", "B": 12.0, "C": None, "D": float("nan")}, ("cat", "12")),
        ({"question": "?", "A": "only one"}, ("A", "B", "C", "D")),
    ],
)
def test_options_are_read_in_the_ways_that_data_sets_write_them(
    doc: dict[str, object], options: tuple[str, ...]
) -> None:
    found = carried_questions(table(lmms(doc)), Suite.LMMS_EVAL, [MatchRule.LETTER], letters=4)
    assert found.questions[0].options == options


def test_the_text_of_a_list_is_read_and_never_run() -> None:
    doc: dict[str, object] = {"question": "?", "options": "[__import__('os').getcwd()]"}
    with pytest.raises(ValueError, match="no options in fields A, B, C"):
        carried_questions(table(lmms(doc)), Suite.LMMS_EVAL, [MatchRule.LETTER])


def test_all_annotators_answers_are_gold() -> None:
    assert golds(lmms({"answers": ["nokia", "nokia", ""]}, target="None"), Suite.LMMS_EVAL) == ("nokia", "nokia")
    assert golds(lmms({}, target=["a", "b"]), Suite.LMMS_EVAL) == ("a", "b")
    sheet: dict[str, object] = {"index": 1, "question": "?", "answer": "['12', '12.0']", "prediction": "12"}
    assert golds(sheet, Suite.VLMEVALKIT) == ("12", "12.0")
    assert golds({**sheet, "answer": 12.0}, Suite.VLMEVALKIT) == ("12",)


@pytest.mark.parametrize("target", ["None", "", None])
def test_a_row_without_a_gold_answer_is_told_with_its_line(target: object) -> None:
    with pytest.raises(ValueError, match="line 1: no gold answer; grade with --questions or --benchmark"):
        golds(lmms({"question": "?"}, target=target), Suite.LMMS_EVAL)


def test_kinds_and_pictures_are_read_where_the_data_set_names_them() -> None:
    rows = [{**lmms({"category": "random", "image_source": f"COCO_{n // 2}", "flag": "x"}, "yes"), "doc_id": n}
            for n in range(4)]  # fmt: skip
    found = carried_questions(table(*rows), Suite.LMMS_EVAL, [MatchRule.YES_NO])
    assert found.questions[0].facets == {"category": "random"}
    assert found.questions[0].benchmark == "mmstar"
    assert found.pictures == {"0": "COCO_0", "1": "COCO_0", "2": "COCO_1", "3": "COCO_1"}
    named = carried_questions(table(*rows), Suite.LMMS_EVAL, [MatchRule.YES_NO], facets=["flag"])
    assert named.questions[0].facets == {"flag": "x"}


def test_what_is_written_in_a_suites_form_reads_back_as_the_same_questions() -> None:
    questions = [
        Question(id="q7", benchmark="own", split=Split.TEST, text="Which?", context="A page.", options=("cat", "dog"),
                 gold=Gold(answers=("B",), rule=MatchRule.LETTER), facets={"category": "pets"}),
        Question(id="q8", benchmark="own", split=Split.TEST, text="And?", options=("=1", "two", "three"),
                 gold=Gold(answers=("A",), rule=MatchRule.LETTER), facets={"category": "sums"}),
    ]  # fmt: skip
    verdicts = {
        question.id: Verdict(question_id=question.id, index=0, style=Style.DIRECT, judge="outcome", outcome=outcome)
        for question, outcome in zip(questions, (Outcome.CORRECT, Outcome.NO_ANSWER), strict=True)
    }
    told = {"q7": "B", "q8": "=1"}
    for suite, write in ((Suite.LMMS_EVAL, lmms_eval_rows), (Suite.VLMEVALKIT, vlmevalkit_rows)):
        rows = [dict(row) for row in write(questions, told, verdicts, lambda question: question.gold.answers[0])]
        written = table(*rows)
        assert suite_of(written) is suite
        found = carried_questions(written, suite, [MatchRule.LETTER]).questions
        assert [(one.text, one.options, one.gold, one.facets) for one in found] == [
            (one.text, one.options, one.gold, one.facets) for one in questions
        ]
    assert [row["accuracy"] for row in lmms_eval_rows(questions, told, verdicts, str)] == [1.0, 0.0]
    assert [row["hit"] for row in vlmevalkit_rows(questions, told, verdicts, str)] == [1, 0]
