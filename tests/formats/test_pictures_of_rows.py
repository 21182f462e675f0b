"""Pictures by path, bytes, base64, data URI, member of an archive and URL; exports that stand alone."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
import unicodedata
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from formats.made_sets import FORMATS, KNOWN, PAIRS, examples_in, faults_in, png, write_lines
from formats.refusals import complaint, refusal
from PIL import Image

from seewhy.formats.converting.convert import Target, convert
from seewhy.formats.converting.reading import ReadPlan
from seewhy.formats.converting.sources import sources_of
from seewhy.formats.pictures.archives import require_roots
from seewhy.formats.pictures.urls import fetch_picture
from seewhy.formats.rows.example import Picture
from seewhy.formats.talk.questions import turns_of
from seewhy.records.pictures import MAX_BYTES
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
        ("é" * 300, "cannot be looked for (File name too long); mend it"),
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


def test_what_is_neither_folder_nor_archive_is_told_before_a_row_is_read(tmp_path, capsys):
    place = pairs(tmp_path, ["gone.png"])
    words = ["convert", place, tmp_path / "out", "--to", "trl", "--pictures"]
    archive = packed(tmp_path / "pictures.zip", "zip")
    assert f"{archive} has no file 'gone.png'; name it by its whole path" in refusal(
        capsys, place, "trl", *words[-1:], archive
    )
    none = tmp_path / "none"
    assert complaint(capsys, *words, none)[0] == f"--pictures {none}: no such file or folder"
    archive.write_bytes(archive.read_bytes()[:-30])
    what, remedy = complaint(capsys, *words, archive)
    assert what == f"--pictures {archive} is neither a folder nor a whole zip or tar file"
    assert remedy == "name the folder of the pictures, or make the archive again"
    (fault,) = faults_in(place, ReadPlan(pictures=(archive,)))
    assert "\n" not in fault
    assert "cannot be read (file could not be opened successfully); make the archive again" in fault


@pytest.mark.nightly
def test_a_member_of_more_bytes_than_a_picture_may_have_is_read_no_further(tmp_path):
    """A quarter of a gigabyte of zeros in 260 kB; every day a file of that size is refused (tests/records)."""
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("big.png", bytes(MAX_BYTES + 9))
    (fault,) = faults_in(pairs(tmp_path, ["big.png"]), ReadPlan(pictures=(tmp_path / "bomb.zip",)))
    assert f"it has more than {MAX_BYTES:,} bytes); replace it, or remove the row" in fault


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, "gz", "xz"])
def test_a_member_that_is_damaged_within_is_one_bad_row(tmp_path, kind):
    """Found by changing bytes of archives: what unpacks raised errors of its own."""
    picture = io.BytesIO()
    noise = bytes(Random(0).choices(range(9), k=4096))
    Image.frombytes("L", (64, 64), noise).save(picture, "BMP")
    path = tmp_path / "pictures"
    if isinstance(kind, str):
        with tarfile.open(path, f"w:{kind}") as archive:
            info = tarfile.TarInfo("a.bmp")
            info.size = len(picture.getvalue())
            archive.addfile(info, io.BytesIO(picture.getvalue()))
    else:
        with zipfile.ZipFile(path, "w", kind) as archive:
            archive.writestr("a.bmp", picture.getvalue())
    held = bytearray(path.read_bytes())
    held[400:900] = bytes(255 - one for one in held[400:900])
    path.write_bytes(held)
    (fault,) = faults_in(pairs(tmp_path, ["a.bmp"]), ReadPlan(pictures=(path,)))
    assert fault.startswith(f"{tmp_path / 'pairs.jsonl'}:1: field 'images': ")
    assert "make the archive again" in fault


def test_a_packed_tar_that_ends_at_once_is_no_archive(tmp_path):
    (tmp_path / "pictures.tgz").write_bytes(gzip.compress(bytes(1024))[:15])
    with pytest.raises(ValueError, match="neither a folder nor a whole zip or tar file"):
        require_roots([tmp_path / "pictures.tgz"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/cut":
            self.wfile.write(b"SSH-2.0\r\n\r\n")
            return
        self.send_response(200 if self.path in ("/a.png", "/%61.png") else 404)
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
            for name, facts in (
                ("b.png", ["404", "fetch it again later"]),
                ("cut", ["none of HTTP", "fetch it again"]),
                ("a b.png", ["is no address", "mend it, with %20 for a blank"]),
            ):
                (fault,) = faults_in(pairs(tmp_path, [f"{base}/{name}"]), ReadPlan(fetch=fetch_picture))
                assert [fact for fact in (*facts, "pairs.jsonl:1: field 'images'") if fact not in fault] == [], fault
            for address in ("http://127.0.0.1:x/a.png", "http://[::1/a.png", "http://127.0.0.1/é.png"):
                (fault,) = faults_in(pairs(tmp_path, [address]), ReadPlan(fetch=fetch_picture))
                assert "pairs.jsonl:1: field 'images'" in fault
                assert "is no address" in fault
            assert examples_in(pairs(tmp_path, [f"{base}/%61.png"]), ReadPlan(fetch=fetch_picture))
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
