"""Files of every form give the same rows, and what is broken is told with its place."""

import gzip
import json
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from seewhy.evaluation.predictions import Prediction, find_columns, find_value, read_predictions
from seewhy.evaluation.sheets import read_sheet, sheet_bytes
from seewhy.evaluation.tables import Table, read_table, unpacked

ROWS = [{"id": "7", "reply": "The answer is A."}, {"id": "8", "reply": 'Two lines,\nand a "quote"'}]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, rows_at: str = "") -> Table:
    return read_table(path, rows_at=rows_at, sheet=read_sheet)


def predictions(path: Path, *, id_field: str = "", text_field: str = "", repeats: bool = False) -> list[Prediction]:
    table = read(path)
    columns = find_columns(table, id_field=id_field, text_field=text_field)
    return list(read_predictions(table, columns, repeats=repeats))


def test_every_form_of_file_gives_the_same_replies(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS)
    paths = [tmp_path / f"rows{suffix}" for suffix in (".jsonl", ".json", ".csv", ".tsv", ".xlsx")]
    paths[0].write_text("\ufeff" + "\n".join(map(json.dumps, ROWS)) + "\n\n", encoding="utf-8")
    paths[1].write_text(json.dumps(ROWS))
    frame.to_csv(paths[2], index=False)
    frame.to_csv(paths[3], index=False, sep="\t")
    frame.to_excel(paths[4], index=False)
    found = [predictions(path) for path in paths]
    expected = [Prediction(question_id=row["id"], index=0, text=row["reply"]) for row in ROWS]
    assert found == [expected] * 5
    nested = write(tmp_path, "nested.json", json.dumps({"acc": 50.0, "out": {"all": {"7": ROWS[0]["reply"]}}}))
    table = read(nested, "out.all")
    assert read_predictions(table, find_columns(table)) == tuple(expected[:1])


def test_a_json_object_of_objects_has_the_names_as_ids_where_no_field_is_one(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", json.dumps({"4": {"response": "B"}, "9": {"response": "C"}}))
    assert [(row.question_id, row.text) for row in predictions(path)] == [("4", "B"), ("9", "C")]


def test_what_a_sheet_is_given_it_gives_back_as_text_even_what_looks_like_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        sheet_bytes([{"index": "1", "prediction": "=1+1"}, {"index": "2", "hit": 0, "prediction": "\x00b"}])
    )
    assert read_sheet(path) == [["index", "prediction", "hit"], ["1", "=1+1"], ["2", "b", 0]]
    with pytest.raises(ValueError, match="a cell of XLSX holds 32767 at most"):
        sheet_bytes([{"a": "x" * 32_768}])


def test_numbers_and_text_name_the_same_question(tmp_path: Path) -> None:
    pd.DataFrame({"index": [1.0, 2.0], "prediction": [12.0, None]}).to_excel(tmp_path / "a.xlsx", index=False)
    assert [(row.question_id, row.text) for row in predictions(tmp_path / "a.xlsx")] == [("1", "12"), ("2", "")]


def test_a_dotted_name_goes_into_objects_and_lists_and_a_name_with_a_dot_comes_first() -> None:
    row = {"doc": {"id": 3}, "resps": [["a"]], "doc.id": "x"}
    assert [find_value(row, name) for name in ("doc.id", "resps.0.0", "resps.1", "no.thing")] == ["x", "a", None, None]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"id": 1, "response": "a", "answer": "b"}],
         "response, answer could all hold the reply; say which with --text-field. The fields are id, response, answer"),
        ([{"id": 1, "question_id": 2, "text": "a"}], "id, question_id could all hold the id; say which"),
        ([{"id": 1, "words": "a"}], "no field is known to hold the reply; say which with --text-field"),
        ([{"name": 1, "text": "a"}], "no field is known to hold the id; say which with --id-field"),
        ([{"id": 1, "text": {"a": 1}}], "row 1: field 'text' is \"{'a': 1}\"; a reply is text"),
        ([{"id": 1, "text": []}], "field 'text' is an empty list"),
        ([{"id": True, "text": "a"}], "field 'id' is True; every row needs an id that is text or a number"),
        ([{"id": None, "text": "a"}], "field 'id' is None; every row needs an id"),
        ([{"id": 1, "text": "a"}, {"id": 1.0, "text": "b"}, {"id": 2, "text": "c"}],
         "1 of 2 questions have more than one reply: 1; keep one of each, or say --repeats"),
        ([{"id": 1, "text": ["a", "b"]}], "1 of 1 questions have more than one reply: 1;"),
        ([{"id": float("inf"), "text": "a"}], "row 1: field 'id' is inf; every row needs an id"),
        ([{"id": 1, "text": float("inf")}], "row 1: field 'text' is 'inf'; a reply is text"),
        ([{"id": 1, "messages": [{"role": "user", "content": "?"}]}],
         "row 1: field 'messages': its last message is of 'user'; the reply must be the last"),
        ([{"id": 1, "messages": [{"role": "assistant", "content": 3}]}], "the last message is "),
    ],
)  # fmt: skip
def test_nothing_is_guessed_where_a_row_leaves_a_doubt(tmp_path: Path, rows: list[object], told: str) -> None:
    path = write(tmp_path, "a.json", json.dumps(rows))
    with pytest.raises(ValueError) as error:  # noqa: PT011
        predictions(path)
    assert told in str(error.value)


def test_a_named_field_that_no_row_has_is_an_error_that_lists_those_there_are(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", json.dumps([{"id": 1, "text": "a"}]))
    with pytest.raises(ValueError, match="--text-field reply: no row has it; the fields are id, text"):
        predictions(path, text_field="reply")


def test_named_fields_end_every_doubt(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", json.dumps([{"id": 1, "pid": 2, "response": "a", "answer": "b"}]))
    assert predictions(path, id_field="pid", text_field="response") == [Prediction(question_id="2", index=0, text="a")]


def test_samples_are_numbered_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": ["a", "b"]}, {"id": 2, "text": "c"}, {"id": 1, "text": "d"}]
    found = predictions(write(tmp_path, "a.json", json.dumps(rows)), repeats=True)
    assert [(row.question_id, row.index, row.text) for row in found] == [
        ("1", 0, "a"), ("1", 1, "b"), ("2", 0, "c"), ("1", 2, "d"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "reply",
    [
        [{"role": "user", "content": "Which?"}, {"role": "assistant", "content": "B"}],
        [
            {"role": "assistant", "content": "A"},
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "B"},
        ],
        {"role": "assistant", "content": "B"},
        [{"role": "assistant", "content": [{"type": "text", "text": "B"}]}],
        [{"from": "human", "value": "<image>\nWhich?"}, {"from": "gpt", "value": "B"}],
    ],
)
@pytest.mark.parametrize("name", ["response", "messages", "conversations"])
def test_the_last_message_of_a_conversation_is_the_reply(tmp_path: Path, reply: object, name: str) -> None:
    path = write(tmp_path, "a.jsonl", json.dumps({"id": 1, name: reply}))
    assert [(row.question_id, row.text) for row in predictions(path)] == [("1", "B")]


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv"])
def test_a_packed_file_reads_as_the_plain_one(tmp_path: Path, suffix: str) -> None:
    texts = {".jsonl": '{"id": 1, "text": "é"}\n', ".json": '[{"id": 1, "text": "é"}]', ".csv": "id,text\n1,é\n",
             ".tsv": "id\ttext\n1\té\n"}  # fmt: skip
    path = tmp_path / f"a{suffix}.gz"
    path.write_bytes(gzip.compress(texts[suffix].encode()))
    assert [(row.question_id, row.text) for row in predictions(path)] == [("1", "é")]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"a\.\w+\.gz: cannot be unpacked as gzip .*; copy it again"):
        read(path)


@pytest.mark.parametrize("text", ["a\u2028b", "a\x85b", "a\x0bb", "a\x1eb"])
def test_what_only_some_take_for_a_line_end_ends_no_row(tmp_path: Path, text: str) -> None:
    lines = "\n".join(json.dumps({"id": number, "text": text}, ensure_ascii=False) for number in (1, 2))
    for name, body in (
        ("a.jsonl", f"\ufeff{lines}"),
        ("a.csv", f"id,text\n1,{text}\n2,{text}\n"),
    ):
        assert [row.text for row in predictions(write(tmp_path, name, body))] == [text, text]


def test_half_a_character_in_a_reply_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"id": "q\\ud83d", "text": "yes \\ud83d", "ok": "\\ud83d\\ude00"}')
    assert read(path).rows[0] == {"id": "q\ufffd", "text": "yes \ufffd", "ok": "\U0001f600"}


@pytest.mark.parametrize("number", [1e22, 0.00001, -3.0, 2.5])
def test_numbers_are_written_out(tmp_path: Path, number: float) -> None:
    path = write(tmp_path, "a.json", json.dumps([{"id": number, "text": number}]))
    expected = f"{number:.5f}".rstrip("0").rstrip(".")
    assert [(row.question_id, row.text) for row in predictions(path)] == [(expected, expected)]


def test_a_sheet_whose_names_look_like_formulas_or_hold_what_xml_cannot_opens_as_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [{"index": "1", "=x": "=1+1", "+y\ud83d\ufffe": "a\uffff\ud83db"}]
    path.write_bytes(sheet_bytes(rows))
    assert read_sheet(path) == [["index", "=x", "+y"], ["1", "=1+1", "ab"]]


def sheet_of(folder: Path, cells: str, **parts: bytes) -> Path:
    """A sheet whose first worksheet has these cells in the format's own XML, and whose parts may be others."""
    path = folder / "made.xlsx"
    path.write_bytes(sheet_bytes([{"id": "1"}]))
    with zipfile.ZipFile(path) as made:
        held = {name: made.read(name) for name in made.namelist()}
    sheet = next(name for name in held if "worksheets/sheet1" in name)
    start, _, rest = held[sheet].partition(b"<sheetData>")
    held[sheet] = start + b"<sheetData>" + cells.encode() + b"</sheetData>" + rest.partition(b"</sheetData>")[2]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in held.items():
            packed.writestr(name, parts.get(name.rpartition("/")[2].replace(".", "_"), body))
    return path


def test_a_small_sheet_that_unpacks_to_much_is_refused_at_once(tmp_path: Path) -> None:
    """About 120 kB that would be 120 MB of cells."""
    line = '<row><c t="n"><v>1</v></c></row>' * 8
    path = sheet_of(tmp_path, line * 470_000)
    assert path.stat().st_size < 1_000_000
    started = time.monotonic()
    with pytest.raises(ValueError, match=r"made\.xlsx: not an XLSX file .* that unpack to 1"):
        read_sheet(path)
    assert time.monotonic() - started < 2


def test_a_cell_far_out_is_refused_by_its_line(tmp_path: Path) -> None:
    cell = '<row r="{0}"><c r="XFD{0}" t="n"><v>1</v></c></row>'
    path = sheet_of(tmp_path, "".join(cell.format(number) for number in range(1, 3000)))
    with pytest.raises(ValueError, match=r"made\.xlsx, line 1: a cell in column 16384, and 2000 are the most"):
        read_sheet(path)


@pytest.mark.parametrize(
    "part", ["workbook_xml", "sheet1_xml", "styles_xml", "workbook_xml_rels", "[Content_Types]_xml"]
)
@pytest.mark.parametrize("body", [b"", b"<x>", b"<x/>", b"\x00"])
def test_a_sheet_with_a_damaged_part_is_read_or_refused_by_name(tmp_path: Path, part: str, body: bytes) -> None:
    path = sheet_of(tmp_path, '<row r="1"><c t="inlineStr"><is><t>id</t></is></c></row>', **{part: body})
    try:
        assert len(read_sheet(path)) <= 1
        told = str(path)
    except ValueError as error:
        told = str(error)
    assert told.startswith(str(path))


def test_a_table_of_20000_columns_is_refused_in_time(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", ",".join(f"c{n}" for n in range(20_000)) + "\n" + ",".join("1" * 20_000) + "\n")
    started = time.monotonic()
    with pytest.raises(ValueError, match=r"a\.csv: 20000 columns, and 2000 are the most"):
        read(path)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.jsonl", '{"id": 1}\n{"id": 2', "a.jsonl, line 2: cannot be read as JSON"),
        ("a.jsonl", "[1]\n", "a.jsonl, line 1: a row is an object of fields, and this is '[1]'"),
        ("a.json", '{"1": "A", "1": "B"}', "an object names '1' more than once; keep one of each"),
        ("a.json", '{"acc": 1.0, "outputs": {"1": "A"}}',
         "one object with the fields acc, outputs, not a list of rows; say which field holds them, such as --rows-at"),
        ("a.json", "[" * 100_000, "cannot be read as JSON"),
        ("a.json", "[]", "a.json holds no rows"),
        ("a.csv", "id,text,id\n1,a,2\n", "its first line names 'id' more than once"),
        ("a.csv", "id,text\n1,a,b\n", "a.csv, line 2: 3 cells, and the first line names 2"),
        ("a.csv", 'id,text\n1,"a\n', "not a table of cells"),
        ("a.csv", "", "a.csv holds no rows"),
        ("a.xlsx", "no sheet", "not an XLSX file"),
        ("a.txt", "id", "its name must end in one of .jsonl, .json, .csv, .tsv, .xlsx"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        read(write(tmp_path, name, text))
    assert told in str(error.value)


def test_a_file_that_is_not_there_or_not_utf_8_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        read(tmp_path / "none.json")
    (tmp_path / "a.csv").write_bytes(b"id,text\n1,\xff\xfe")
    with pytest.raises(ValueError, match="not UTF-8"):
        read(tmp_path / "a.csv")
    with pytest.raises(ValueError, match=r"--rows-at names a part of a \.json file"):
        read(write(tmp_path, "b.csv", "id,text\n1,a\n"), "results")
    with pytest.raises(ValueError, match="there is no 'outputs', there are acc"):
        read(write(tmp_path, "b.json", '{"acc": 1}'), "outputs")


def test_a_small_file_that_unpacks_to_too_much_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b" " * 1_000_001))
    assert len(unpacked(path, most=1_000_001)) == 1_000_001
    with pytest.raises(ValueError, match=r"unpacks to more than 1,000,000 bytes; take its pictures out, or split it"):
        unpacked(path, most=1_000_000)
