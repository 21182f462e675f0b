"""Pictures by path, bytes, base64, data URI, member of an archive and URL; exports that stand alone."""

import base64
import hashlib
import io
import json
import tarfile
import threading
import unicodedata
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from formats.made_sets import FORMATS, KNOWN, PAIRS, examples_in, faults_in, png, write_lines

from seewhy.formats.converting.convert import Target, convert
from seewhy.formats.converting.reading import ReadPlan
from seewhy.formats.converting.sources import sources_of
from seewhy.formats.pictures.urls import fetch_picture
from seewhy.formats.rows.example import Picture
from seewhy.formats.talk.questions import turns_of
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split, Style

GOOD = PAIRS["swift"][1][0]
WANTED = hashlib.sha256(png(0)).hexdigest()
ENCODED = base64.b64encode(png(0)).decode()
MEMBERS = ("train.v1/22.05.png", "train.v1/22.06.png", "a b.png", unicodedata.normalize("NFD", "é.png"),
           unicodedata.normalize("NFC", "é.png"))  # fmt: skip


def pairs(folder, images):
    return write_lines(folder / "pairs.jsonl", [{**GOOD, "images": images}])


@pytest.mark.parametrize(
    "value",
    [
        ["images/0.png"], ["./images/../images/0.png"], [{"path": "images/0.png", "bytes": None}],
        [{"bytes": ENCODED}], [f"data:image/png;base64,{ENCODED}"], [ENCODED + "=" * 0],
        [{"bytes": None, "path": "images/0.png"}],
    ],
    ids=["path", "dots", "path-object", "bytes-object", "data-uri", "base64", "null-bytes"],
)  # fmt: skip
def test_a_picture_is_found_however_a_row_gives_it(tmp_path, value):
    (example,) = examples_in(pairs(tmp_path, value))
    assert [picture.sha256 for picture in example.pictures] == [WANTED]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("data:image/png,rawtext", "base64"), ("data:image/png;base64,%%%", "base64"), (7, "must hold a picture"),
        ({"bytes": None, "path": None}, "must hold a picture"), ("s3://bucket/a.png", "not read"),
        ("https://host.invalid/a.png", "--fetch"), ("images", "no file"), ("images/none.png", "no file"),
        (ENCODED[:300].replace("A", "B"), "picture"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_told_with_the_remedy(tmp_path, value, words):
    (fault,) = faults_in(pairs(tmp_path, [value]))
    assert fault.startswith(f"{tmp_path / 'pairs.jsonl'}:1: field 'images'")
    assert words in fault


def packed(path, kind):
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for number, name in enumerate(MEMBERS):
                archive.writestr(name, png(number))
    else:
        with tarfile.open(path, f"w:{kind}") as archive:
            for number, name in enumerate(MEMBERS):
                info = tarfile.TarInfo(name)
                info.size = len(png(number))
                archive.addfile(info, io.BytesIO(png(number)))
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            archive.addfile(link)
    return path


@pytest.mark.parametrize("kind", ["zip", "", "gz"])
def test_a_member_of_an_archive_is_its_exact_name(tmp_path, kind):
    rows = [{**GOOD, "images": [name]} for name in MEMBERS]
    place = write_lines(tmp_path / "pairs.jsonl", rows)
    archive = packed(tmp_path / "pictures", kind)
    found = examples_in(place, ReadPlan(pictures=(archive,)))
    wanted = [hashlib.sha256(png(number)).hexdigest() for number in range(len(MEMBERS))]
    assert [one.pictures[0].sha256 for one in found] == wanted
    inside = write_lines(tmp_path / "inside.jsonl", [{**GOOD, "images": [f"pictures/{MEMBERS[1]}"]}])
    assert examples_in(inside)[0].pictures[0].sha256 == wanted[1]


@pytest.mark.parametrize("name", ["gone.png", "link.png", "train", "../22.05.png"])
def test_no_other_member_is_taken(tmp_path, name):
    place = pairs(tmp_path, [name])
    archive = packed(tmp_path / "pictures.tar", "")
    (fault,) = faults_in(place, ReadPlan(pictures=(archive,)))
    assert "field 'images'" in fault
    archive.write_bytes(archive.read_bytes()[:700])
    (fault,) = faults_in(place, ReadPlan(pictures=(archive,)))
    assert "field 'images'" in fault


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/a.png" else 404)
        self.end_headers()
        self.wfile.write(png(0))

    def log_message(self, format, *args):  # noqa: A002
        pass


def test_a_url_is_fetched_where_that_was_asked_for(tmp_path):
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            base = f"http://127.0.0.1:{server.server_port}"
            place = pairs(tmp_path, [f"{base}/a.png"])
            assert "--fetch" in faults_in(place)[0]
            assert examples_in(place, ReadPlan(fetch=fetch_picture))[0].pictures[0].sha256 == WANTED
            (fault,) = faults_in(pairs(tmp_path, [f"{base}/b.png"]), ReadPlan(fetch=fetch_picture))
            assert "404" in fault
        finally:
            server.shutdown()
            thread.join()


def test_written_paths_are_relative_and_each_picture_lies_once_under_its_hash(tmp_path):
    place = write_lines(tmp_path / "pairs.jsonl", [GOOD] * 5)
    target = Target(format=FORMATS["swift"], folder=tmp_path / "out", name="set")
    convert(sources_of(place, KNOWN), ReadPlan(), target)
    rows = [json.loads(line) for line in (tmp_path / "out" / "set.jsonl").read_text().splitlines()]
    assert {row["images"][0] for row in rows} == {f"images/{WANTED[:2]}/{WANTED}.png"}
    assert [path.read_bytes() for path in (tmp_path / "out").rglob("*.png")] == [png(0)]


def test_parquet_with_pictures_opens_in_datasets_as_pictures_in_small_row_groups(tmp_path):
    place = write_lines(tmp_path / "pairs.jsonl", [GOOD] * 250)
    for name, column in (("trl", "images"), ("rlaifv", "image")):
        target = Target(format=FORMATS[name], folder=tmp_path / name, name="set")
        convert(sources_of(place, KNOWN), ReadPlan(), target)
        file = tmp_path / name / "set.parquet"
        sizes = [pq.ParquetFile(file).metadata.row_group(group).num_rows for group in range(3)]
        assert sizes == [100, 100, 50]
        rows = load_dataset("parquet", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))
        shown = rows[0][column]
        assert (shown[0] if name == "trl" else shown).size == (24, 16)


def test_a_lone_question_whose_picture_is_at_the_first_character_shows_it_where_training_does() -> None:
    """Before the context, as the prompt does: a place 0 and no place say the same of a question without turns."""
    question = Question(
        id="q", benchmark="b", split=Split.TEST, text="What is it?", context="Look.", facets={},
        images=(ImageRef(sha256="ab", path="a.png"),), gold=Gold(answers=("x",), rule=MatchRule.EXACT),
    )  # fmt: skip
    picture = Picture(sha256="ab", suffix="png")
    (turn,), (placed,) = (turns_of(one, Style.PLAIN, (picture,)) for one in (question, replace(question, places=(0,))))
    assert turn.parts == placed.parts == (picture, "Look.\nWhat is it?")
