"""Questions of `seewhy grade` are read in every form that docs/your-questions.md names."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from grade_files import OPTIONS, ask, card, reply, told, write


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "parquet", "messages"])
def test_questions_in_every_form_that_the_page_names_have_the_same_scorecard(
    form: str, capsys: pytest.CaptureFixture[str]
):
    rows = [json.loads(line) for line in Path(ask()).read_text(encoding="utf-8").splitlines()]
    replies = reply("ABCACC")
    wanted = card(capsys, replies, "--questions", "questions.jsonl")
    plain = [{key: value for key, value in row.items() if key != "facets"} for row in rows]
    match form:
        case "csv" | "tsv":
            with Path(f"q.{form}").open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, [*plain[0], "facets.kind"], delimiter="\t" if form == "tsv" else ",")
                table.writeheader()
                table.writerows({**one, "options": json.dumps(OPTIONS), "facets.kind": row["facets"]["kind"]}
                                for one, row in zip(plain, rows, strict=True))  # fmt: skip
        case "json":
            Path("q.json").write_text(json.dumps(rows), encoding="utf-8")
        case "parquet":
            pq.write_table(pa.Table.from_pylist(rows), "q.parquet")
        case _:
            form = "jsonl"
            turns = [[{"role": "user", "content": row.pop("question")}] for row in rows]
            write("q.jsonl", [row | {"messages": turn} for row, turn in zip(rows, turns, strict=True)])
    found = card(capsys, replies, "--questions", f"q.{form}")
    differing = ("questions", "benchmark")
    assert {key: value for key, value in found.items() if key not in differing} == {
        key: value for key, value in wanted.items() if key not in differing
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("q.csv", "id,question,answer\nq0,hm?,A\nq1,hm?\n", "q.csv:3: has 2 cells and the head 3; quote what holds"),
        ("q.jsonl", '{"id": "q0", "messages": [{"role": "alien", "content": "hm?"}]}\n',
         "q.jsonl:1: field 'messages': turn 1 is by 'alien'; turns are read of system, user"),
        ("q.jsonl", '{"id": "q0", "question": "hm?"}\n', "q.jsonl:1: field 'answer' is missing"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_read_is_told_by_file_and_row(
    name: str, text: str, said: str, capsys: pytest.CaptureFixture[str]
):
    Path(name).write_text(text, encoding="utf-8")
    assert said in told(capsys, reply("A"), "--questions", name)
