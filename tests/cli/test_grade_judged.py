"""`seewhy grade --judge.url`: open questions are rated by a model behind a real server on loopback."""

import base64
import json
import re
from pathlib import Path

import pytest
from grade_files import card, told, write
from loopback import Answer, Asked, LoopServer
from PIL import Image

from seewhy.cli.main import main

PROMPT_ID = re.compile(r'<reply_to_rate id="(\w+)">\n(.*)\n</reply_to_rate>')
REFERENCE = re.compile(r"<reference_answer>\n(.*)\n</reference_answer>")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


def rate(asked: Asked) -> Answer:
    """A rating of 1 where the reply is the reference, of half for a part of it, and no JSON for what is garbled."""
    found, gold = PROMPT_ID.search(asked.text), REFERENCE.search(asked.text)
    assert found is not None
    assert gold is not None
    subject, said = found.groups()
    rating = 1.0 if said == gold[1] else 0.5 if said in gold[1] else 0.0
    text = json.dumps({"id": subject, "explanation": "so", "rating": rating}) if said != "garbled" else "well, good"
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return Answer(body=json.dumps({"model": "rater", "choices": [choice], "usage": usage}).encode())


def open_questions() -> None:
    Image.new("RGB", (8, 8), "red").save("page.png")
    rows = [{"id": n, "question": "What is it?", "image": "page.png", "answer": "a red bus", "rule": "open"}
            for n in range(4)]  # fmt: skip
    write("questions.jsonl", [*rows, {"id": 4, "question": "?", "answer": "12"}])


def words(url: str, *more: str) -> list[str]:
    said = ["a red bus", "red", "blue", "garbled", "12"]
    replies = write("a.jsonl", [{"id": n, "text": text} for n, text in enumerate(said)])
    return [replies, "--questions", "questions.jsonl", "--judge.url", url, "--judge.model", "rater", *more]


def test_open_questions_are_rated_and_the_others_matched_and_what_cannot_be_read_is_unjudged(
    capsys: pytest.CaptureFixture[str],
):
    open_questions()
    with LoopServer(rate) as server:
        found = card(capsys, *words(server.url))
    assert (found["correct"], found["incorrect"], found["unjudged"]) == (3, 1, 1)
    assert found["score"]["value"] == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert len(found["judges"]) == 2
    assert found["judges"][0] == "outcome"
    assert re.fullmatch(r"rating by rater, prompt [0-9a-f]{12}", found["judges"][1])
    assert len(server.asked) == 4, "a question with a rule is not asked about"


def test_the_judge_sees_the_picture_unless_it_is_to_be_blind(capsys: pytest.CaptureFixture[str]):
    open_questions()
    data_url = f"data:image/png;base64,{base64.b64encode(Path('page.png').read_bytes()).decode()}"
    with LoopServer(rate) as server:
        card(capsys, *words(server.url))
        assert all(data_url in asked.content.decode() for asked in server.asked)
        seen = len(server.asked)
        found = card(capsys, *words(server.url, "--judge.blind"))
        assert not any("data:image" in asked.content.decode() for asked in server.asked[seen:])
    assert found["judges"][1].endswith("blind")
    Path("page.png").unlink()
    assert "picture page.png is not there, and the judge is to see it" in told(capsys, *words(server.url))


def test_a_second_run_on_the_same_cache_asks_nothing(capsys: pytest.CaptureFixture[str]):
    open_questions()
    with LoopServer(rate) as server:
        first = card(capsys, *words(server.url, "--judge.cache", "kept.sqlite"))
        again = card(capsys, *words(server.url, "--judge.cache", "kept.sqlite"))
        assert len(server.asked) == 4
    assert again == first
    assert main(["grade", *words(server.url, "--judge.cache", "kept.sqlite")]) == 0
    said = capsys.readouterr().out
    assert "UNJUDGED is left out of the accuracy: 1 x the reply holds no JSON object" in said


def test_a_model_without_a_server_and_a_server_without_a_model_are_errors(capsys: pytest.CaptureFixture[str]):
    open_questions()
    replies = words("")[0]
    complaint = told(capsys, replies, "--questions", "questions.jsonl", "--judge.model", "m")
    assert "--judge.model needs --judge.url" in complaint
    complaint = told(capsys, replies, "--questions", "questions.jsonl", "--judge.url", "http://127.0.0.1:1/v1")
    assert "--judge.url needs --judge.model" in complaint


def review(asked: Asked) -> Answer:
    """8 for the reference, and for the reply as many points as it has words."""
    found = re.search(r'<reply_to_review id="(\w+)">\n(.*)\n</reply_to_review>', asked.text)
    assert found is not None
    ratings = {"id": found[1], "explanation": "so", "first": 8, "second": len(found[2].split())}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(ratings)}}
    return Answer(body=json.dumps({"model": "rater", "choices": [choice]}).encode())


def test_llava_bench_is_reviewed_beside_its_reference_and_its_figure_is_the_ratio_of_the_sums(
    capsys: pytest.CaptureFixture[str],
):
    Path("images").mkdir()
    Image.new("RGB", (8, 8)).save("images/001.jpg")
    write("questions.jsonl", [{"question_id": n, "image": "001.jpg", "text": "What?", "category": "conv"}
                              for n in range(2)])  # fmt: skip
    write("answers_gpt4.jsonl", [{"question_id": n, "text": "a bus"} for n in range(2)])
    replies = write("a.jsonl", [{"id": 0, "text": "a red bus on a wide bridge here"}, {"id": 1, "text": "a bus"}])
    with LoopServer(review) as server:
        found = card(capsys, replies, "--benchmark", "llavabench", "--root", ".", "--split", "test", "--judge.url",
                     server.url, "--judge.model", "rater")  # fmt: skip
    assert found["metric"] == "relative_rating"
    assert found["figure"]["value"] == pytest.approx((8 + 2) / (8 + 8))
    assert (found["correct"], found["incorrect"]) == (1, 1)
