"""The served oracle's batch API: real files, a delay, answers in another order than they were asked in."""

import json

import pytest
from served_oracle import ask, bill_of, body_of, call, draw, serve

from seewhy.testing.served.plan import Fault, FaultPlan, ServedPlan


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("pages"), 6)


def upload(server, text: str):
    border = "seewhy-border"
    head = "Content-Disposition: form-data; name="
    form = f'--{border}\r\n{head}"purpose"\r\n\r\nbatch\r\n--{border}\r\n{head}"file"; filename="asked.jsonl"\r\n'
    form += f"Content-Type: application/jsonl\r\n\r\n{text}\r\n--{border}--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
    return call(f"{server.base_url}/files", form.encode(), headers).json


def lines_of(questions) -> str:
    rows = [{"custom_id": question.id, "method": "POST", "url": "/v1/chat/completions", "body": body_of(question)}
            for question in questions]  # fmt: skip
    return "".join(json.dumps(row) + "\n" for row in rows)


def submit(server, questions):
    source = upload(server, lines_of(questions))["id"]
    order = {"input_file_id": source, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    return call(f"{server.base_url}/batches", order).json


def rows_of(server, place) -> dict[str, dict]:
    text = call(f"{server.base_url}/files/{place}/content").body.decode()
    return {row["custom_id"]: row for row in map(json.loads, text.splitlines())}


def test_a_file_comes_back_to_the_byte(questions, tmp_path):
    text = lines_of(questions)
    with serve(questions, tmp_path) as server:
        told = upload(server, text)
        assert call(f"{server.base_url}/files/{told['id']}/content").body == text.encode()
        assert call(f"{server.base_url}/files/{told['id']}").json == told
    assert (told["filename"], told["purpose"], told["bytes"]) == ("asked.jsonl", "batch", len(text.encode()))


def test_a_batch_answers_every_line_as_a_call_would_and_joins_by_custom_id(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        place = submit(server, questions)["id"]
        done = call(f"{server.base_url}/batches/{place}").json
        rows = rows_of(server, done["output_file_id"])
        charged = bill_of(server)["billed"]["calls"]
        assert call(f"{server.base_url}/batches/{place}").json == done
        assert bill_of(server)["billed"]["calls"] == charged == 6
        for question in questions:
            said = [choice["message"]["content"] for choice in rows[question.id]["response"]["body"]["choices"]]
            assert said == ask(server, question).texts
    assert (done["status"], done["request_counts"]) == ("completed", {"total": 6, "completed": 6, "failed": 0})
    assert list(rows) == [question.id for question in reversed(questions)]


def test_a_batch_is_in_progress_until_its_delay_is_over_and_costs_nothing_before(questions, tmp_path):
    with serve(questions, tmp_path, ServedPlan(batch_delay_s=60)) as server:
        place = submit(server, questions)["id"]
        assert call(f"{server.base_url}/batches/{place}").json["status"] == "in_progress"
        assert call(f"{server.base_url}/batches/{place}/cancel", {}).json["status"] == "cancelled"
        assert call(f"{server.base_url}/batches/{place}").json["status"] == "cancelled"
        assert bill_of(server)["received"] == 0


def test_a_server_that_was_started_anew_finds_its_batches_again(questions, tmp_path):
    with serve(questions, tmp_path, ServedPlan(batch_delay_s=0.05)) as server:
        place = submit(server, questions)["id"]
    with serve(questions, tmp_path) as server:
        assert [batch["id"] for batch in call(f"{server.base_url}/batches").json["data"]] == [place]
        while call(f"{server.base_url}/batches/{place}").json["status"] != "completed":
            pass
        done = call(f"{server.base_url}/batches/{place}").json
        assert len(rows_of(server, done["output_file_id"])) == 6


def test_lines_that_fail_stand_in_the_file_of_errors_and_the_others_in_that_of_answers(questions, tmp_path):
    with serve(questions, tmp_path, faults=FaultPlan(rate=0.5, kinds=(Fault.SERVER_ERROR,), seed=1)) as server:
        place = submit(server, questions)["id"]
        done = call(f"{server.base_url}/batches/{place}").json
        right, wrong = rows_of(server, done["output_file_id"]), rows_of(server, done["error_file_id"])
        bill = bill_of(server)
    assert sorted([*right, *wrong]) == sorted(question.id for question in questions)
    assert bill["billed"]["calls"] == len(right) > 0
    assert bill["faults"] == {"server-error": len(wrong)}
    assert all(row["error"]["code"] == "server_error" and row["response"] is None for row in wrong.values())


def test_an_unknown_id_is_a_404(questions, tmp_path):
    with serve(questions, tmp_path) as server:
        assert call(f"{server.base_url}/batches/batch-9").status == 404
        assert call(f"{server.base_url}/files/file-9").status == 404
        order = {"input_file_id": "file-9", "endpoint": "/v1/chat/completions"}
        assert call(f"{server.base_url}/batches", order).status == 404


FORM = "multipart/form-data; boundary=b"
FIELD = "--b\r\nContent-Disposition: form-data; name="
INNER = "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n"
NESTED = f'{FIELD}"purpose"\r\n\r\nbatch\r\n{FIELD}"file"\r\n{INNER}--b--'
UNFIT = {
    "no form": ("/files", "hello", "text/plain", "the body is no multipart form with a file and a purpose"),
    "no file": ("/files", f'{FIELD}"purpose"\r\n\r\nbatch\r\n--b--', FORM, "the form lacks the field file or purpose"),
    "a form in a form": ("/files", NESTED, FORM, "a field of the form holds another form"),
    "no JSON": ("/batches", "{", "application/json", "the body is not JSON"),
    "no source": ("/batches", "{}", "application/json", "input_file_id and endpoint /v1/chat/completions are required"),
}


@pytest.mark.parametrize(("path", "body", "kind", "words"), UNFIT.values(), ids=UNFIT)
def test_a_form_or_an_order_that_is_none_is_refused_by_what_it_lacks(path, body, kind, words, questions, tmp_path):
    with serve(questions, tmp_path) as server:
        answer = call(f"{server.base_url}{path}", body.encode(), {"Content-Type": kind})
    assert answer.status == 400
    assert words in answer.json["error"]["message"]
