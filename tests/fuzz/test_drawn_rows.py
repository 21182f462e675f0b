"""Rows of other tools with odd values anywhere, and archives with bytes changed: read, or refused by name; no trace."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import TypeVar

import pyarrow as pa
import pytest
from formats.made_sets import FORMATS, LESSONS, PAIRS, QUESTIONS, HeldShelf, pictures_in, write_lines
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from seewhy.formats.converting.convert import taken
from seewhy.formats.converting.writing import ENCODE
from seewhy.formats.openai_batch import OpenAIBatch
from seewhy.formats.pictures.archives import Archive, require_roots
from seewhy.formats.pictures.finding import PictureFinder
from seewhy.formats.rows.example import Example
from seewhy.formats.rows.row import Row
from seewhy.formats.seewhy import Seewhy
from seewhy.formats.talk.checks import check_example

T = TypeVar("T")
ODD = st.sampled_from(
    [float("nan"), float("inf"), 12.0, 1e300, 10**400, -1, 0, True, None, "", " ", "\ud83d", "a\0b", "<image>", "[",
     "images", "../..", "{", "data:,", "data:image/png;base64,#", "http://a:b/", [], {}, [None], [[]], [{}], [[{}]],
     {"a": 1}, ["a", ""], {"role": "user"}, [{"role": "user", "content": "?"}], {"bytes": None}, {"path": 5},
     {"url": []}, {"bytes": "AAAA"}]
)  # fmt: skip
QUESTION = {"id": "q", "benchmark": "b", "split": "train", "text": "What?", "facets": [{"key": "kind", "value": "x"}],
            "gold": {"answers": ["x"], "rule": "exact"}}  # fmt: skip
ON_IT = {"question_id": "q", "style": "plain", "source": "s"}
SCORED = [{"response": {"text": text}, "score": score, "scorer": "r"} for text, score in (("a", 1.0), ("b", 0.0))]
OWN = [
    QUESTION, {**ON_IT, "response": {"text": "a"}}, {**ON_IT, "chosen": {"text": "a"}, "rejected": {"text": "b"},
                                                             "margin": 1},
    {**ON_IT, "responses": SCORED, "picks": [{"chosen": 0, "rejected": 1}]},
]  # fmt: skip
ROWS = [*((name, rows[0]) for sets in (PAIRS, LESSONS, QUESTIONS) for name, (_, rows) in sets.items()),
        *(("seewhy", row) for row in OWN)]  # fmt: skip
MORE = (
    "seewhy",
    "system",
    "history",
    "images",
    "rejected_images",
    "rejected_messages",
    "margin",
    "logps",
    "facets",
    "id",
)
"""Fields that rows may have besides."""
WRITTEN = {**FORMATS, "openai_batch": OpenAIBatch(model="m")}


TAKES = ("all", "chosen", "pairs", "replies", "question")


def or_refused(do: Callable[[], T]) -> T | str:
    """What comes of it, or the words of the refusal."""
    try:
        return do()
    except ValueError as error:
        said = str(error)
    assert said.strip()
    return said


def places(value: object, above: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*above, key)
            yield from places(part, (*above, key))


def changed(value: object, place: tuple[object, ...], new: object) -> object:
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = changed(value[place[0]] if len(place) > 1 else None, place[1:], new)
    return copy


@st.composite
def odd_rows(draw):
    name, row = draw(st.sampled_from(ROWS))
    place = draw(st.one_of(st.sampled_from(list(places(row))), st.sampled_from(MORE).map(lambda one: (one,))))
    return name, changed(row, place, draw(ODD))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("rows")
    pictures_in(made)
    write_lines(made / "asked.jsonl", [{**QUESTION, "facets": {}}])
    return made


SWIFT = PAIRS["swift"][1][0]


@given(odd_rows(), st.sampled_from(sorted(WRITTEN)))
@example(("swift", {**SWIFT, "messages": [{"role": {}, "content": "?"}]}), "trl")
@example(("seewhy", {**QUESTION, "facets": [{}]}), "swift")
@example(("seewhy", {**OWN[2], "margin": 10**400}), "trl")
@example(("seewhy", {**OWN[3], "picks": [{"chosen": 7, "rejected": 1}]}), "trl")
def test_a_row_of_any_tool_is_written_for_any_other_or_refused(folder, named, to):
    name, fields = named
    reader = Seewhy(questions=folder / "asked.jsonl") if name == "seewhy" else FORMATS[name]
    assert all(isinstance(one.recognises(fields), bool) for one in FORMATS.values())
    finder = PictureFinder((folder,))
    row = Row(place=f"{folder / 'rows.jsonl'}:1", fields=fields, pictures=finder, longest=1000)

    def read() -> Example:
        found = reader.parse(row)
        check_example(found)
        return found

    found = or_refused(read)
    for take in TAKES if isinstance(found, Example) else ():
        rows = or_refused(lambda take=take: [
            WRITTEN[to].form(one, HeldShelf(folder)) for one in taken(found, take) if one.kind in WRITTEN[to].holds
        ])  # fmt: skip
        for one in rows if isinstance(rows, list) and to != "seewhy" else ():
            if (schema := WRITTEN[to].layout.schema) is None:
                ENCODE(one).encode()
            else:
                pa.Table.from_pylist([{**one, "seewhy": ENCODE(one.get("seewhy"))}], schema=schema)


def packed(kind: str | int) -> bytes:
    """An archive of two pictures."""
    picture, held = io.BytesIO(), io.BytesIO()
    Image.frombytes("L", (64, 64), bytes(Random(0).choices(range(9), k=4096))).save(picture, "BMP")
    if isinstance(kind, int):
        with zipfile.ZipFile(held, "w", kind) as archive:
            for name in ("a.bmp", "b.bmp"):
                archive.writestr(name, picture.getvalue())
    else:
        with tarfile.open(fileobj=held, mode=f"w:{kind}") as archive:
            for name in ("a.bmp", "b.bmp"):
                info = tarfile.TarInfo(name)
                info.size = len(picture.getvalue())
                archive.addfile(info, io.BytesIO(picture.getvalue()))
    return held.getvalue()


ARCHIVES = [packed(kind) for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, "", "gz", "bz2", "xz")]
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=20)


@given(st.sampled_from(ARCHIVES), CHANGES, st.integers(0, 10**6))
@example(ARCHIVES[0], [(place, 255) for place in range(400, 900)], 0)
@example(ARCHIVES[1], [(place, 255) for place in range(400, 900)], 0)
@example(ARCHIVES[4], [], 15)
def test_a_damaged_archive_gives_a_member_or_is_refused_with_the_field(folder, whole, changes, end):
    held = bytearray(whole)
    for place, by in changes:
        held[place % len(held)] ^= by
    path: Path = folder / "pictures"
    path.write_bytes(held[: end % len(held)] if end else held)
    said = or_refused(lambda: require_roots([path]))
    assert said is None or "neither a folder nor a whole zip or tar file" in said
    archive = Archive(path)
    found = or_refused(lambda: archive.read("b.bmp", "images"))
    archive.close()
    assert isinstance(found, bytes) or found.startswith("field 'images': ")
