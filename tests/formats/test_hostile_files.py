"""Broken and hostile files: each is told with file, row, field and remedy, and nothing is written outside."""

import gzip
import json
import os
import struct
import zlib

import pyarrow.parquet as pq
import pytest
from formats.made_sets import (
    FORMATS,
    KNOWN,
    LESSONS,
    PAIRS,
    RLAIFV,
    SWIFT,
    convert_to,
    examples_in,
    faults_in,
    refused,
    swift,
    write_lines,
    write_set,
    write_table,
)

from seewhy.cli.main import main
from seewhy.formats.converting.convert import BAD, Target, convert
from seewhy.formats.converting.reading import ReadPlan
from seewhy.formats.converting.sources import sources_of


def test_a_truncated_parquet_file_is_told_and_leaves_nothing_behind(tmp_path):
    place = write_set(PAIRS, "rlaifv", tmp_path)
    whole = place.read_bytes()
    for end in (4, 100, len(whole) // 2, len(whole) - 1):
        place.write_bytes(whole[:end])
        with pytest.raises(ValueError, match="cut or damaged") as error:
            convert_to(place, tmp_path / "out")
        assert str(place) in str(error.value)
    assert not (tmp_path / "out").exists()


def test_damaged_pages_of_parquet_cost_their_row_group_alone(tmp_path):
    rows = [{**RLAIFV, "idx": number, "chosen": f"A cat, {number}."} for number in range(30)]
    place = write_table(tmp_path / "set.parquet", rows)
    pq.write_table(pq.read_table(place), place, row_group_size=10, compression="zstd", write_page_checksum=True)
    held = bytearray(place.read_bytes())
    column = pq.ParquetFile(place).metadata.row_group(1).column(0)
    start = column.data_page_offset + column.total_compressed_size // 2
    held[start : start + 40] = b"\xff" * 40
    place.write_bytes(held)
    (fault,) = faults_in(place)
    assert "rows 11 to 20 are damaged" in fault
    done = convert_to(place, tmp_path / "out", "swift", skip_bad=True)
    assert (done.tally.read, done.tally.written, done.tally.bad) == (30, 20, 10)


def test_a_broken_line_in_the_middle_is_kept_beside_the_good_ones(tmp_path):
    place = write_lines(tmp_path / "pairs.jsonl", [SWIFT] * 5)
    lines = place.read_bytes().split(b"\n")
    lines[2] = lines[2][:30]
    place.write_bytes(b"\n".join(lines))
    with pytest.raises(ValueError, match=r"pairs.jsonl:3: not JSON.*take it out") as error:
        convert_to(place, tmp_path / "out")
    assert "--skip-bad" in str(error.value)
    assert not (tmp_path / "out").exists()
    done = convert_to(place, tmp_path / "out", skip_bad=True)
    assert (done.tally.read, done.tally.written, done.tally.bad) == (5, 4, 1)
    (bad,) = map(json.loads, (tmp_path / "out" / BAD).read_text().splitlines())
    assert bad["place"] == f"{place}:3"
    assert bad["row"].encode() == lines[2]


@pytest.mark.parametrize("break_at", range(3))
def test_a_broken_element_of_a_list_costs_itself_alone(tmp_path, break_at):
    rows = [json.dumps({**PAIRS["mdpo"][1][0], "id": str(number)}) for number in range(3)]
    write_set(PAIRS, "mdpo", tmp_path)
    place = tmp_path / "mdpo.json"
    rows[break_at] = rows[break_at].replace('"rejected":', '"rejected"')
    place.write_text("[" + ",\n".join(rows) + "]")
    (fault,) = faults_in(place)
    assert fault.startswith(f"{place}:{break_at + 1}: not JSON")
    place.write_text("[" + ",\n".join(rows[:2]))
    assert any("cut" in fault for fault in faults_in(place))


def test_a_field_of_a_million_characters_is_told_unless_that_is_allowed(tmp_path):
    place = swift(tmp_path, rejected_response="x" * 1_000_000)
    refused(place, "'rejected_response'", "1,000,000 characters", "--max-characters")
    assert len(examples_in(place, ReadPlan(longest=1_000_000))) == 1


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_scores_that_are_no_numbers_are_told(tmp_path, value):
    place = swift(tmp_path, margin=0.5)
    place.write_text(place.read_text().replace("0.5", value))
    refused(place, "'margin'", "finite")
    row = {**PAIRS["mmcot"][1][0], "best_response_score": float(value)}
    refused(write_table(tmp_path / "set.parquet", [row]), "'best_response_score'", "finite")


def test_one_id_of_two_unequal_rows_names_both(tmp_path):
    row = PAIRS["llava_reasoner"][1][0]
    place = write_lines(tmp_path / "pairs.jsonl", [row, row, {**row, "rejected": "A cow."}])
    with pytest.raises(ValueError, match=r"pairs.jsonl:3: the id '0' is that of .*pairs.jsonl:1 too.*--ids content"):
        convert_to(place, tmp_path / "out")
    done = convert_to(place, tmp_path / "out", skip_bad=True)
    assert (done.tally.written, done.tally.repeated, done.tally.bad) == (2, 1, 1)


def bomb():
    """A PNG of 60,000 by 60,000 pixels in a few bytes."""

    def chunk(kind, held):
        return struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    held = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + held


@pytest.mark.parametrize(
    ("payload", "words"),
    [(bomb(), "pixels"), (b"", "picture"), (b"GIF89a", "picture"), (b"<svg/>", "picture"), (b"%!PS-Adobe", "picture")],
)
def test_a_picture_bomb_and_what_is_no_picture_are_told(tmp_path, payload, words):
    place = swift(tmp_path)
    (tmp_path / "images" / "0.png").write_bytes(payload)
    refused(place, "'images'", str(tmp_path / "images" / "0.png"), words)


@pytest.mark.parametrize("name", ["../outside.png", "images/../../outside.png", "/etc/hostname", "a\0b.png"])
def test_a_path_that_leads_out_is_refused(tmp_path, name):
    folder = tmp_path / "in"
    place = swift(folder, images=[name])
    (tmp_path / "outside.png").write_bytes((folder / "images" / "0.png").read_bytes())
    refused(place, "'images'")
    with pytest.raises(ValueError, match=r"1 row is refused"):
        convert_to(place, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "outside.png"]


def test_a_folder_that_the_user_names_is_allowed(tmp_path):
    place = swift(tmp_path / "in", images=[str(tmp_path / "else" / "0.png")])
    (tmp_path / "in" / "images").rename(tmp_path / "else")
    refused(place, "--pictures")
    assert len(examples_in(place, ReadPlan(pictures=(tmp_path / "else",)))) == 1


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_symbolic_link_is_refused(tmp_path, what):
    place = swift(tmp_path / "in")
    images = tmp_path / "in" / "images"
    if what == "file":
        (images / "0.png").rename(tmp_path / "secret.png")
        os.symlink(tmp_path / "secret.png", images / "0.png")
    else:
        images.rename(tmp_path / "secret")
        os.symlink(tmp_path / "secret", images)
    refused(place, "symbolic link", "--pictures")


def test_links_of_the_hubs_cache_and_of_the_named_file_are_followed(tmp_path):
    blobs, snapshot = tmp_path / "repo" / "blobs", tmp_path / "repo" / "snapshots" / "abc"
    place = swift(tmp_path / "in")
    blobs.mkdir(parents=True)
    (snapshot / "images").mkdir(parents=True)
    (blobs / "1").write_bytes((tmp_path / "in" / "images" / "0.png").read_bytes())
    (blobs / "2").write_bytes(place.read_bytes())
    os.symlink(blobs / "1", snapshot / "images" / "0.png")
    os.symlink(blobs / "2", snapshot / "pairs.jsonl")
    assert len(examples_in(snapshot / "pairs.jsonl")) == 1


def test_nothing_is_written_through_a_link(tmp_path):
    place = swift(tmp_path / "in")
    (tmp_path / "victim").mkdir()
    os.symlink(tmp_path / "victim", tmp_path / "out")
    with pytest.raises(ValueError, match="symbolic link"):
        convert_to(place, tmp_path / "out")
    (tmp_path / "there").mkdir()
    os.symlink(tmp_path / "victim", tmp_path / "there" / "images")
    target = Target(format=FORMATS["swift"], folder=tmp_path / "there", name="set", is_file=True)
    with pytest.raises(OSError, match="symbolic link"):
        convert(sources_of(place, KNOWN), ReadPlan(), target)
    assert list((tmp_path / "victim").iterdir()) == []


def test_a_folder_with_files_is_never_written_into(tmp_path):
    place = swift(tmp_path / "in")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds files already"):
        convert_to(place, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"\n\n  <html></html>", "web page"),
        (b"question,chosen,rejected\na,b,c\n", "neither JSON Lines"),
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        ("[]".encode("utf-16"), "UTF-16"),
        (b"[]", "no rows"),
        (b"\x1f\x8b\x08\x00cut", "cut or damaged"),
        (b"PAR1 and no more", "cut or damaged"),
        (b'{"a": 1}\n{"a": 2}\n', "of no format that is known"),
    ],
)
def test_a_file_that_is_no_set_says_what_it_is(tmp_path, held, words):
    place = tmp_path / "pairs.csv"
    place.write_bytes(held)
    with pytest.raises(ValueError, match=words) as error:
        convert_to(place, tmp_path / "out")
    assert str(place) in str(error.value)
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "trl"]) == 2


def test_marks_of_order_separators_halves_and_bad_bytes(tmp_path):
    place = swift(tmp_path, rejected_response="A\u2028dog\u2029\x85.")
    place.write_text(json.dumps(json.loads(place.read_text()), ensure_ascii=False), encoding="utf-8-sig")
    (example,) = examples_in(place)
    assert example.replies[1].text == "A\u2028dog\u2029\x85."
    place = swift(tmp_path, rejected_response="A dog \ud83d.")
    refused(place, "'rejected_response'", "half a character")
    place.write_bytes(place.read_bytes().replace(b"\\ud83d", b"\xff\xfe"))
    refused(place, "not UTF-8")
    listed = write_set(PAIRS, "mdpo", tmp_path / "list")
    listed.write_bytes(b"\xef\xbb\xbf" + listed.read_bytes())
    assert len(examples_in(listed)) == 1
    listed.write_bytes(listed.read_bytes().replace(b"A dog.", b"A \xff dog."))
    refused(listed, "'rejected'", "half a character")


@pytest.mark.parametrize(("kind", "name"), [(PAIRS, "rlaifv"), (PAIRS, "mdpo"), (PAIRS, "swift"), (LESSONS, "llava")])
def test_a_wrong_ending_changes_nothing(tmp_path, kind, name):
    place = write_set(kind, name, tmp_path)
    for ending in (".csv", ".json", ".jsonl", ".parquet", ""):
        other = place.rename(tmp_path / f"renamed{ending}")
        (source,) = sources_of(other, KNOWN)
        assert type(source.reader) is type(FORMATS[name])
        place = other


def test_gz_is_read_and_a_cut_one_gives_the_rows_before(tmp_path):
    rows = [{**SWIFT, "rejected_response": f"{number} {os.urandom(40).hex()}"} for number in range(3000)]
    place = write_lines(tmp_path / "pairs.jsonl", rows)
    packed = gzip.compress(place.read_bytes())
    (tmp_path / "packed").write_bytes(packed)
    assert len(examples_in(tmp_path / "packed")) == 3000
    (tmp_path / "packed").write_bytes(packed[: len(packed) // 2])
    (fault,) = faults_in(tmp_path / "packed")
    assert "cut or damaged" in fault
    done = convert_to(tmp_path / "packed", tmp_path / "out", "swift", skip_bad=True)
    assert 1000 < done.tally.written < 2000


def test_a_name_that_stands_twice_and_deep_nesting_are_told(tmp_path):
    place = swift(tmp_path)
    text = place.read_text()
    place.write_text(text.replace('"images":', '"messages": [], "images":'))
    refused(place, "'messages'", "2 times")
    place.write_text(text + '{"messages":' + "[" * 100_000 + "\n")
    (fault,) = faults_in(place)
    assert fault.startswith(f"{place}:2: not JSON")
