"""Files as other tools leave them: packed in other ways, Arrow, moments of time, ids beyond 53 bits, JSON in a cell."""

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats.made_sets import (
    CELL,
    FORMATS,
    IMAGE,
    PAIRS,
    QUESTIONS,
    RLAIFV,
    SWIFT,
    convert_to,
    examples_in,
    faults_in,
    plain,
    refused,
    swift,
    write_lines,
    write_list,
    write_set,
    write_table,
)

from seewhy.cli.main import main
from seewhy.formats.converting.sources import Known, sources_of

PACKERS = {
    ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
    ".zst": lambda held: pa.compress(held, "zstd", asbytes=True),
}  # fmt: skip


@pytest.mark.parametrize("ending", PACKERS)
def test_packed_text_is_read_whatever_packs_it_and_a_cut_one_is_told(tmp_path, ending):
    rows = [{**SWIFT, "rejected_response": f"{number} {hash(str(number))}"} for number in range(2000)]
    held = write_lines(tmp_path / "set.jsonl", rows).read_bytes()
    (tmp_path / "set.jsonl").unlink()
    place = tmp_path / f"set.jsonl{ending}"
    place.write_bytes(PACKERS[ending](held) + PACKERS[ending](json.dumps(SWIFT).encode()))  # two members
    assert len(examples_in(tmp_path)) == 2001
    place.write_bytes(PACKERS[ending](held)[:-20])
    assert any("cut or damaged" in fault for fault in faults_in(place))
    listed = write_set(PAIRS, "mdpo", tmp_path / "list")
    listed.write_bytes(PACKERS[ending](listed.read_bytes()))
    assert len(examples_in(listed)) == 1


def test_what_must_be_unpacked_first_says_so(tmp_path, capsys):
    table = write_table(tmp_path / "set.parquet", [RLAIFV])
    (tmp_path / "packed").write_bytes(gzip.compress(table.read_bytes()))
    (tmp_path / "zipped").write_bytes(b"PK\x03\x04rest")
    for name, word in (("packed", "Parquet in a packed file"), ("zipped", "a zip archive")):
        assert main(["data", "convert", str(tmp_path / name), str(tmp_path / "out"), "--to", "trl"]) == 2
        told = capsys.readouterr().err.splitlines()
        assert str(tmp_path / name) in told[0]
        assert word in told[0]
        assert told[2].startswith("  remedy: unpack it")


@pytest.mark.parametrize("opened", [pa.ipc.new_file, pa.ipc.new_stream])
def test_arrow_is_read_as_a_stream_and_as_a_file(tmp_path, opened):
    (tmp_path / "images").mkdir()
    table = pa.Table.from_pylist([RLAIFV])
    with opened(str(tmp_path / "set"), table.schema) as writer:
        writer.write_table(table)
    (example,) = examples_in(tmp_path / "set")
    assert plain(example) == plain(examples_in(write_table(tmp_path / "set.parquet", [RLAIFV]))[0])


@pytest.mark.parametrize("opened", [pa.ipc.new_file, pa.ipc.new_stream])
def test_an_arrow_file_that_is_cut_is_told_to_be(tmp_path, opened):
    (tmp_path / "images").mkdir()
    place = tmp_path / "set"
    with opened(str(place), pa.Table.from_pylist([RLAIFV]).schema) as writer:
        writer.write_table(pa.Table.from_pylist([RLAIFV] * 4), max_chunksize=1)
    place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])
    (said,) = faults_in(place)
    assert said.startswith(f"{place} is cut or damaged (")
    assert said.endswith("; download it or write it again")


def test_a_folder_that_datasets_saved_is_its_rows(tmp_path):
    table = pa.Table.from_pylist([RLAIFV])
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        with pa.ipc.new_stream(str(tmp_path / split / "data-00000-of-00001.arrow"), table.schema) as writer:
            writer.write_table(table)
        (tmp_path / split / "state.json").write_text('{"_data_files": []}')
        (tmp_path / split / "dataset_info.json").write_text('{"features": {}, "citation": ""}')
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert len(examples_in(tmp_path / "train")) == 1
    assert len(examples_in(tmp_path)) == 2
    (note,) = convert_to(tmp_path, tmp_path / "out", "rlaifv").tally.notes
    assert note.startswith("rows of test and train are put together")
    assert not convert_to(tmp_path / "train", tmp_path / "alone", "rlaifv").tally.notes
    with pytest.raises(ValueError, match="of no format that is known"):
        sources_of(tmp_path / "dataset_dict.json", Known(formats=FORMATS))


def test_val_and_validation_are_one_split_and_not_two_that_are_put_together(tmp_path):
    for name in ("val-0", "validation-1"):
        write_table(tmp_path / f"{name}.parquet", [RLAIFV])
    assert not convert_to(tmp_path, tmp_path / "out", "rlaifv").tally.notes


@pytest.mark.parametrize(
    "times",
    [
        pa.array([1, 1001], pa.timestamp("ns")), pa.array([2**62, None], pa.timestamp("us")),
        pa.array([2**50, -5], pa.timestamp("ms", "Europe/Berlin")), pa.array([2**30, 0], pa.date32()),
        pa.array([10**15, 1], pa.duration("ns")), pa.array([5, None], pa.time64("ns")),
    ],
    ids=lambda one: str(one.type),
)  # fmt: skip
def test_moments_that_python_cannot_hold_lose_no_row(tmp_path, times):
    columns = {"image": [CELL, CELL], "question": ["Q?", "Q!"], "chosen": ["A", "A"], "rejected": ["B", "C"]}
    pq.write_table(pa.table({**columns, "created": times}), tmp_path / "set.parquet")
    assert [one.replies[1].text for one in examples_in(tmp_path / "set.parquet")] == ["B", "C"]


def test_what_python_cannot_hold_within_a_cell_is_told_with_the_rows(tmp_path):
    held = pa.array([{"at": 2**62}, {"at": 1}], pa.struct([("at", pa.timestamp("us"))]))
    columns = {"image": [CELL, CELL], "question": ["Q?", "Q!"], "chosen": ["A", "A"], "rejected": ["B", "C"]}
    pq.write_table(pa.table({**columns, "extra": held}), tmp_path / "set.parquet")
    (fault,) = faults_in(tmp_path / "set.parquet")
    assert fault.startswith(f"{tmp_path / 'set.parquet'}:1: rows 1 to 2")


def test_two_columns_of_one_name_are_told(tmp_path):
    cells = [[CELL], ["Q?"], ["A"], ["B"], ["C"]]
    table = pa.Table.from_arrays(
        [pa.array(one) for one in cells], names=["image", "question", "chosen", "rejected", "rejected"]
    )
    pq.write_table(table, tmp_path / "set.parquet")
    with pa.ipc.new_stream(str(tmp_path / "set.arrow"), table.schema) as writer:
        writer.write_table(table)
    for name in ("set.parquet", "set.arrow"):
        with pytest.raises(ValueError, match=rf"{name} has several columns called 'rejected'"):
            examples_in(tmp_path / name)


def test_ids_beyond_53_bits_stay_apart(tmp_path):
    row = PAIRS["llava_reasoner"][1][0]
    rows = [{**row, "idx": 2**53 + number, "rejected": f"A {number}."} for number in range(3)] + [{**row, "idx": 4.0}]
    place = write_lines(tmp_path / "set.jsonl", rows)
    assert [one.name for one in examples_in(place)] == [str(2**53 + number) for number in range(3)] + ["4"]
    assert convert_to(place, tmp_path / "out", "seewhy").tally.written == 4


def test_two_fields_of_pictures_must_agree(tmp_path):
    refused(swift(tmp_path, image="images/1.png"), "'images' and 'image'", "keep one")
    assert len(examples_in(swift(tmp_path, image=IMAGE))[0].pictures) == 1


@pytest.mark.parametrize("name", ["swift", "llamafactory", "llamafactory_pair", "trl"])
def test_tools_are_refused_and_an_empty_list_of_them_is_none(tmp_path, name):
    write, rows = PAIRS[name]
    place = tmp_path / f"set{'.parquet' if name == 'trl' else '.json'}"
    assert len(examples_in(write(place, [{**rows[0], "tools": "[]"}]))) == 1
    refused(write(place, [{**rows[0], "tools": '[{"name": "zoom"}]'}]), "'tools'", "take the row out")


@pytest.mark.parametrize(("note", "words"), [({"weight": 0}, "seewhy.weight' is 0"), ({"weight": -2}, "above 0")])
def test_a_weight_of_a_note_is_above_nothing(tmp_path, note, words):
    refused(swift(tmp_path, seewhy=note), words)
    assert examples_in(swift(tmp_path, seewhy={"weight": 0.5}))[0].weight == 0.5


def test_numbers_that_are_too_large_are_told_with_their_field(tmp_path):
    refused(swift(tmp_path, margin=10**400), "'margin'", "bits", "leave the field out")
    place = swift(tmp_path, margin=1)
    place.write_text(place.read_text().replace('"margin": 1', f'"margin": {"9" * 5000}'))
    (fault,) = faults_in(place)
    assert "4300 digits" in fault
    assert "sys." not in fault


def test_a_mark_in_a_rejected_response_is_no_text(tmp_path):
    refused(swift(tmp_path, rejected_response="A dog <image>."), "'rejected_response'", "rejected_messages")


def test_rows_whose_text_is_json_are_those_of_rlhf_v(tmp_path):
    said = {name: RLAIFV[name] for name in ("question", "chosen", "rejected")}
    packed = {name: value for name, value in RLAIFV.items() if name not in said}
    place = write_table(tmp_path / "set.parquet", [{**packed, "text": json.dumps(said)}, {**packed, "text": '{"que'}])
    (fault,) = faults_in(place)
    assert fault.startswith(f"{place}:2: field 'text' is no JSON")
    place = write_table(tmp_path / "set.parquet", [{**packed, "text": json.dumps(said)}])
    assert plain(examples_in(place)[0]) == plain(examples_in(write_table(tmp_path / "b.parquet", [RLAIFV]))[0])
    missing = {**packed, "text": json.dumps({"question": "Q?", "chosen": "A"})}
    refused(write_table(tmp_path / "set.parquet", [missing]), "'rejected' is missing")


@pytest.mark.parametrize("name", ["verl", "openrlhf"])
def test_a_prompt_that_is_json_text_is_its_messages(tmp_path, name):
    write, rows = QUESTIONS[name]
    place = write(tmp_path / f"set{'.parquet' if name == 'verl' else '.jsonl'}",
                  [{**rows[0], "prompt": json.dumps(rows[0]["prompt"])}])  # fmt: skip
    (example,) = examples_in(place)
    assert plain(example) == plain(examples_in(write_set(QUESTIONS, name, tmp_path / "whole"))[0])
    assert not example.is_placed


def test_a_choice_by_number_survives_a_column_of_floats(tmp_path):
    row = PAIRS["mmcot"][1][0]
    (example,) = examples_in(write_table(tmp_path / "set.parquet", [{**row, "correct_choice_idx": 1.0}]))
    assert example.answers == ("dog",)
    refused(write_table(tmp_path / "set.parquet", [{**row, "correct_choice_idx": 0.5}]), "'correct_choice_idx' is 0.5")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"root": "s3://bucket/a"}, ["s3://bucket/a", "copy it"]), ({"annotation": "s3://b/a.jsonl"}, ["copy it"]),
        ({"root": None}, ["b.root is missing"]), ({"repeat_time": 0.01}, ["none is of the share", "repeat_time"]),
        ({"repeat_time": "2"}, ["b.repeat_time is '2'", "give a number"]),
    ],
)  # fmt: skip
def test_a_meta_with_an_entry_that_cannot_be_read_names_it(tmp_path, changes, words):
    write_lines(tmp_path / "a.jsonl", PAIRS["mmpr"][1])
    whole = {"root": ".", "annotation": "a.jsonl"}
    entry = {name: value for name, value in {**whole, **changes}.items() if value is not None}
    (tmp_path / "meta.json").write_text(
        json.dumps({"b": entry} if "repeat_time" in changes else {"a": whole, "b": entry})
    )
    with pytest.raises(ValueError, match=words[0]) as error:
        convert_to(tmp_path / "meta.json", tmp_path / "out", "mmpr")
    for word in words[1:]:
        assert word in str(error.value)


def test_files_that_say_nothing_of_rows_are_left_aside(tmp_path):
    write_list(tmp_path / "a.json", PAIRS["mdpo"][1])
    (tmp_path / "dataset_infos.json").write_text('{"default": {"features": {}}}')
    assert len(examples_in(tmp_path)) == 1
