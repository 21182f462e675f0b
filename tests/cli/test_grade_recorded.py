"""A judge's replies from a file, and pairs of which people prefer one, through `seewhy grade`."""

import json
from pathlib import Path

import pytest
from grade_files import card, told, write

from seewhy.cli.main import main
from seewhy.evaluation.tables import read_table
from seewhy.grading.open_judges import ask_contests
from seewhy.grading.pairs import rate_pairs, read_pairs, read_preference
from seewhy.testing.scripted import ScriptedChat


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


def open_words() -> list[str]:
    write("questions.jsonl", [{"id": n, "question": "?", "answer": "a bus", "rule": "open"} for n in range(5)])
    return [write("a.jsonl", [{"id": n, "text": "it is"} for n in range(5)]), "--questions", "questions.jsonl"]


def test_recorded_ratings_are_read_and_what_cannot_be_is_unjudged(capsys: pytest.CaptureFixture[str]):
    said = ["0.8", '{"rating": 0.2, "explanation": "no"}', "So. Rating: 1.0", "0.4 or 0.6"]
    judged = write("judge.jsonl", [{"id": float(n), "content": text} for n, text in enumerate(said)])
    found = card(capsys, *open_words(), "--judge.replies", judged)
    assert (found["correct"], found["incorrect"], found["unjudged"]) == (2, 1, 2)
    assert found["score"]["value"] == pytest.approx((0.8 + 0.2 + 1) / 3)
    assert "recorded replies of judge.jsonl" in found["judges"]
    assert any("holds no reply about it" in why for why in found["why"]["unjudged"])


def test_results_of_a_batch_are_replies_and_a_judges_reviews(capsys: pytest.CaptureFixture[str]):
    def result(name: int, *texts: str, status: int = 200) -> dict[str, object]:
        choices = [{"message": {"role": "assistant", "content": text}} for text in texts]
        return {"id": f"batch_{name}", "custom_id": str(name), "error": None,
                "response": {"status_code": status, "body": {"choices": choices}}}  # fmt: skip

    lost = {"id": "batch_9", "custom_id": "4", "response": None, "error": {"code": "batch_expired"}}
    judged = write("judge.jsonl", [result(1, "0.2"), result(0, "Rating: 0.8"), result(2, "1", status=500), lost])
    found = card(capsys, *open_words(), "--judge.replies", judged)
    assert (found["correct"], found["incorrect"], found["unjudged"]) == (1, 1, 3)
    write("questions.jsonl", [{"id": n, "question": "?", "answer": str(n)} for n in (3, 4)])
    replies = write("replies.jsonl", [lost, result(3, "3")])
    assert "1 of 2 questions have no reply: 4" in told(capsys, replies, "--questions", "questions.jsonl")
    found = card(capsys, replies, "--questions", "questions.jsonl", "--missing", "leave-out")
    assert (found["correct"], found["n"]) == (1, 1)
    empty = write("empty.jsonl", [result(3), lost])
    assert "body.choices" in told(capsys, empty, "--questions", "questions.jsonl")


def test_recorded_reviews_of_llava_bench_give_its_relative_figure(capsys: pytest.CaptureFixture[str]):
    Path("lb").mkdir()
    rows = [{"question_id": n, "image": "a.jpg", "text": "?", "category": "conv"} for n in range(3)]
    write("lb/questions.jsonl", rows)
    write("lb/answers_gpt4.jsonl", [{"question_id": n, "text": "gold"} for n in range(3)])
    judged = write("judge.jsonl", [{"question_id": n, "content": said} for n, said in
                                   enumerate(["8 6\nwell", "9 9\nalike", "7 10\nbetter"])])  # fmt: skip
    replies = write("a.jsonl", [{"question_id": n, "text": "x"} for n in range(3)])
    found = card(
        capsys, replies, "--benchmark", "llavabench", "--root", "lb", "--split", "test", "--judge.replies", judged
    )
    assert found["figure"]["value"] == pytest.approx((6 + 9 + 10) / (8 + 9 + 7))
    assert (found["correct"], found["incorrect"]) == (2, 1)


def test_two_judges_are_one_too_many(capsys: pytest.CaptureFixture[str]):
    words = [*open_words(), "--judge.replies", "a.jsonl", "--judge.url", "http://127.0.0.1:9/v1", "--judge.model", "m"]
    assert "--judge.replies and --judge.url are two judges" in told(capsys, *words)


def pairs(ranks: list[list[int]]) -> str:
    return write("pairs.jsonl", [
        {"id": f"p{n}", "query": "What is it?", "response": ["a red bus", "a blue car"], "human_ranking": rank}
        for n, rank in enumerate(ranks)
    ])  # fmt: skip


def test_recorded_preferences_are_held_against_peoples(capsys: pytest.CaptureFixture[str]):
    """p0 right in both orders, p1 contradicts itself, p2 wrong in its only order, p3 unread, p4 right when swapped."""
    said = [("p0", [0, 1], "8 6"), ("p0", [1, 0], "Overall Judgment: Answer 2 is better."), ("p1", [0, 1], "9 5"),
            ("p1", [1, 0], "9 5"), ("p2", None, '{"better": "first"}'), ("p3", [0, 1], "Both are fine."),
            ("p4", [1, 0], "[[A]]")]  # fmt: skip
    judged = write("judge.jsonl", [{"id": name, "order": order, "review": text} for name, order, text in said])
    file = pairs([[0, 1], [0, 1], [1, 0], [0, 1], [1, 0]])
    assert main(["grade", file, "--judge.replies", judged, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [found[key] for key in ("n", "wins", "ties", "losses", "unjudged")] == [4, 2, 1, 1, 1]
    assert (found["won"]["value"], found["score"]["value"]) == (0.5, 2.5 / 4)
    assert main(["grade", file, "--judge.replies", judged]) == 0
    shown = capsys.readouterr().out
    assert "pairs.jsonl: 5 pairs, 1 UNJUDGED" in shown
    assert "pairwise accuracy 50.00 % (95 % interval" in shown


def test_pairs_without_a_judge_and_rows_that_are_none_are_refused(capsys: pytest.CaptureFixture[str]):
    assert "pairs.jsonl holds pairs of replies: name the judge" in told(capsys, pairs([[0, 1]]))
    judged = write("judge.jsonl", [{"id": "p9", "text": "8 6"}])
    assert "judge.jsonl, line 1: field 'id': 'p9' is no pair's id" in told(
        capsys, pairs([[0, 1]]), "--judge.replies", judged
    )
    assert "pairs.jsonl, line 1: field 'human_ranking' must be [0, 1] or [1, 0], and is [0, 0]" in told(
        capsys, pairs([[0, 0]]), "--judge.replies", judged
    )


def test_a_model_is_asked_in_both_orders_and_held_against_people(tmp_path: Path):
    """One that always prefers the bus is right where people do, and wrong where they do not."""
    file = Path(pairs([[0, 1], [0, 1], [1, 0]]))

    def prefer(asked: str) -> str:
        name = asked.partition('id="')[2].partition('"')[0]
        better = "first" if asked.index("a red bus") < asked.index("a blue car") else "second"
        return json.dumps({"id": name, "explanation": "so", "better": better})

    found = read_pairs(read_table(file))
    chat_model = ScriptedChat(says=lambda request, _: prefer(request.messages[-1].text))
    rate = rate_pairs(found, ask_contests(found, chat_model, tmp_path, blind=True))
    assert (rate.wins, rate.losses, rate.agreement) == (2, 1, 1.0)


@pytest.mark.parametrize(
    ("said", "place"),
    [("Answer 2 is clearly better.", "second"), ("Assistant A was better", "first"), ("[[C]]", "tie"),
     ("7 7\nalike", "tie"),
     ("Answer 1 is better. Answer 2 is better.", None), ("", None), ("Overall Judgment: 1", "first")],
)  # fmt: skip
def test_the_preferred_place_is_read_or_none(said: str, place: str | None):
    found = read_preference(said)
    assert (found and found.value) == place
