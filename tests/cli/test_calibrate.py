"""`seewhy calibrate`: the oracle's own failings are found, and labels of a user's are read or refused by line."""

import json
import re
from pathlib import Path

import pytest
from loopback import Answer, Asked, LoopServer
from said_errors import sentence

from seewhy.benchmarks import inkgrid
from seewhy.benchmarks.lines.writing import line_of
from seewhy.cli.main import main
from seewhy.records.types import Split
from seewhy.runs.discovery import kind_names


def told(capsys, *words: str) -> dict:
    assert main(["calibrate", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *words: str) -> str:
    assert main(["calibrate", *words]) == 2
    return sentence(capsys.readouterr().err)


@pytest.mark.parametrize("judge", ["rubric", "facts", "outcome"])
def test_a_judge_who_knows_the_page_is_always_right(capsys, judge):
    found = told(capsys, judge, "--count", "40")
    assert found["n"] == 40
    assert found["accuracy"]["value"] == 1.0
    assert found["kappa"] == 1.0
    assert 10 < found["true_right"] < 30
    assert found["unjudged"]["value"] == 0.0


def test_a_judge_who_errs_is_found_out_and_a_blind_one_as_well(capsys):
    often = told(capsys, "rubric", "--count", "120", "--error-rate", "0.3")
    assert often["accuracy"]["low"] < 0.7 < often["accuracy"]["high"]
    blind = told(capsys, "rubric", "--count", "120", "--teacher", "blind-oracle")
    assert blind["accuracy"]["value"] < 0.9
    assert blind["false_right"] > blind["false_wrong"], "a text that agrees with itself looks right to the blind"


def test_at_once_changes_nothing(capsys):
    assert told(capsys, "sentences", "--count", "20") == told(capsys, "sentences", "--count", "20", "--at-once", "4")


def test_what_is_printed_says_what_the_numbers_are_held_against(capsys):
    assert main(["calibrate", "rubric", "--count", "30"]) == 0
    out = capsys.readouterr().out
    for words in ("judge     rubric by oracle-0, prompt ", "accuracy  100.0% (", "calling all chains alike",
                  "kappa     1.000", "Brier     ", "chains: ", "cost      30 calls"):  # fmt: skip
        assert words in out


def test_the_agreement_of_votes_is_told_where_a_judge_votes(capsys):
    """The oracle's luck is the same for each vote, so its votes agree."""
    words = ("rubric", "--count", "5", "--votes", "3", "--temperature", "0.7")
    assert told(capsys, *words)["agreement"] == 1.0
    assert told(capsys, "rubric", "--count", "5")["agreement"] is None
    assert main(["calibrate", *words]) == 0
    assert "votes     100.0% of the pairs of votes on a chain give the same grade" in capsys.readouterr().out


def test_a_prompt_of_ones_own_is_used_and_named(capsys, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("<question>\n{{question}}\n</question>\n<options>\n{{options}}\n</options>\n"
                    '<reply_to_grade id="{{id}}">\n{{reply}}\n</reply_to_grade>')  # fmt: skip
    own = told(capsys, "rubric", "--count", "10", "--prompt", str(mine))
    assert own["accuracy"]["value"] == 1.0
    assert own["judge"] != told(capsys, "rubric", "--count", "10")["judge"]
    mine.write_text("{{question}}")
    assert "lacks the slot" in refused(capsys, "rubric", "--prompt", str(mine))
    assert "has no prompt" in refused(capsys, "outcome", "--count", "2", "--prompt", str(mine))


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    questions = list(inkgrid.load(tmp_path, Split.TEST, count=3))
    path.write_text("".join(line_of(question, tmp_path) for question in questions))
    return path


def label(path: Path, *rows: object) -> list[str]:
    labels = path.with_name("labels.jsonl")
    labels.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return ["--labels", str(labels), "--questions", str(path)]


def test_labels_of_ones_own_are_held_against_the_judge(capsys, asked):
    """Gold replies are right and 999 is wrong; one label disagrees."""
    rows = [json.loads(line) for line in asked.read_text().splitlines()]
    labels = [
        {"id": row["id"], "reply": f"So. ### Answer: {answer}", "is_right": is_right}
        for row in rows
        for answer, is_right in ((gold_of(row), True), ("999", False))
    ]
    labels.append({"id": rows[0]["id"], "reply": "So. ### Answer: 999", "is_right": True})
    found = told(capsys, "outcome", *label(asked, *labels))
    assert (found["n"], found["true_right"], found["true_wrong"], found["false_wrong"]) == (7, 3, 3, 1)


def gold_of(row: dict) -> str:
    answer = row["answer"] if "answer" in row else row["answers"]
    return answer[0] if isinstance(answer, list) else str(answer)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{", "labels.jsonl:1: not JSON"),
        ("[]", "labels.jsonl:1: a row is a JSON object"),
        ({"id": "nobody", "reply": "", "is_right": True}, "labels.jsonl:1: field 'id': 'nobody' is no question"),
        ({"id": "q", "reply": "", "is_right": 1}, "field 'is_right' must be true or false, and is 1"),
        ({"id": "q", "is_right": True}, "field 'reply' must be text, and is null"),
        ("", "holds no labelled chain"),
    ],
)
def test_a_label_that_cannot_be_read_is_refused_by_file_line_and_field(capsys, asked, row, why):
    assert why in refused(capsys, "outcome", *label(asked, row))


def test_words_that_do_not_fit_are_refused_with_the_remedy(capsys, asked):
    assert "there is no judge 'rubrik'; did you mean 'rubric'?" in refused(capsys, "rubrik")
    assert "there is no judge 'api'; there are agreement, facts, outcome, " in refused(capsys, "api")
    assert "seewhy.judging.api holds no judge: write a dataclass with a method judge() there" in refused(
        capsys, "seewhy.judging.api"
    )
    assert "versus needs rivals" in refused(capsys, "versus", "--count", "2")
    assert "steps needs policy" in refused(capsys, "steps", "--count", "2")
    assert "--server.url needs --server.model" in refused(capsys, "rubric", "--server.url", "http://127.0.0.1:9/v1")
    assert "--teacher 'orakle'; did you mean 'oracle'?" in refused(capsys, "rubric", "--teacher", "orakle")
    assert "belong together" in refused(capsys, "rubric", "--questions", str(asked))
    label_words = label(
        asked, {"id": json.loads(asked.read_text().splitlines()[0])["id"], "reply": "", "is_right": True}
    )
    assert "it knows the pages of inkgrid" in refused(capsys, "rubric", *label_words)


def test_a_model_behind_a_server_is_calibrated_on_real_calls_that_are_paid_once(capsys, tmp_path):
    """It calls a chain right where its last digit is even, and refuses JSON to every third."""

    def answer(asked: Asked) -> Answer:
        found = re.search(r'<reply_to_grade id="(\w+)">\n(.*)\n</reply_to_grade>', asked.text, re.DOTALL)
        assert found is not None
        grade = 5 if found[2][-1] in "02468" else 1
        grades = dict.fromkeys(
            ("reasoning_quality", "visual_evidence", "answer_accuracy", "unique_insights", "overall"), grade
        )
        text = json.dumps({"id": found[1], "explanation": "so", **grades}) if int(found[1], 16) % 3 else "Well, good."
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return Answer(body=json.dumps({"model": "rater", "choices": [choice], "usage": usage}).encode())

    with LoopServer(answer) as server:
        words = ("rubric", "--count", "30", "--server.url", server.url, "--server.model", "rater", "--at-once", "6",
                 "--server.cache", str(tmp_path / "kept"))  # fmt: skip
        first, calls = told(capsys, *words), len(server.asked)
        second = told(capsys, *words)
    assert calls == len(server.asked) == first["usage"]["calls"] == 30
    assert second["usage"]["calls"] == 0
    assert {**first, "usage": None} == {**second, "usage": None}
    judged = first["true_right"] + first["false_right"] + first["true_wrong"] + first["false_wrong"]
    assert 10 < judged < 30
    assert first["unjudged"]["value"] == pytest.approx(1 - judged / 30)
    assert first["accuracy"]["value"] < 0.9
    assert first["judge"].startswith("rubric by rater, prompt ")


def test_every_file_that_holds_a_judge_is_found():
    assert kind_names("judging") == [
        "agreement",
        "facts",
        "outcome",
        "rating",
        "review",
        "rubric",
        "sentences",
        "steps",
        "versus",
    ]


def test_a_judge_of_ones_own_is_found_by_its_dotted_path(capsys):
    assert told(capsys, "seewhy.judging.outcome", "--count", "5")["accuracy"]["value"] == 1.0
