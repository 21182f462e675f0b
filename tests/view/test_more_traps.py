"""More of what ends other viewers: odd picture files and names, runs that looks must not change, annotation."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode, urljoin

import numpy as np
import pytest
from looked_at import Answer, serving, write_run
from looked_at_more import put, write_more
from PIL import Image

from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Chain, ImageRef, Outcome, Question, Verdict
from seewhy.view.shelf import Shelf
from seewhy.view.tables import Tables

QUESTION = f"/run/0/question/questions?{urlencode({'id': 'q/1', 'chains': 'chains'})}"
SECRET = "root:x:0:0:the content of a file that is no picture"


def grey16(path: Path) -> None:
    Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000).save(path, "PNG")


def frames(path: Path) -> None:
    first, *more = (Image.new("RGB", (8, 8), (40 * i, 0, 0)) for i in range(3))
    first.save(path, "GIF", save_all=True, append_images=more)


def plain(mode: str, kind: str, size: tuple[int, int] = (8, 8)) -> Callable[[Path], None]:
    return lambda path: Image.new(mode, size).save(path, kind)


SHOWN: dict[str, tuple[Callable[[Path], None], str]] = {
    "a\nb.png": (plain("RGB", "PNG"), "png"), "it's \"quoted\".png": (plain("RGB", "PNG"), "png"),
    "x" * 251 + ".png": (plain("RGB", "PNG"), "png"), "back\\slash.png": (plain("RGB", "PNG"), "png"),
    "\u202egnp.exe": (plain("RGB", "PNG"), "png"), "<b>&amp;.png": (plain("RGB", "PNG"), "png"),
    "jpeg.png": (plain("RGB", "JPEG"), "jpeg"), "png.jpg": (plain("RGB", "PNG"), "png"),
    "pixel.png": (plain("RGB", "PNG", (1, 1)), "png"), "line.png": (plain("L", "PNG", (4000, 1)), "png"),
    "cmyk.jpg": (plain("CMYK", "JPEG"), "jpeg"), "deep.png": (grey16, "png"), "palette.png": (plain("P", "PNG"), "png"),
    "moves.gif": (frames, "gif"), "w.webp": (plain("RGBA", "WEBP"), "webp"), "b.bmp": (plain("RGB", "BMP"), "bmp"),
    "t.tif": (plain("RGB", "TIFF"), "png"), "t16.tiff": (plain("I;16", "TIFF"), "png"),
    "c.tif": (plain("CMYK", "TIFF"), "png"),
}  # fmt: skip
"""Files that browsers show, or are given as what they show: how each is made, and as what it is served."""


def named_pipe(path: Path) -> None:
    os.mkfifo(path)


def link_in_a_ring(path: Path) -> None:
    path.symlink_to(path)


def secret(path: Path) -> None:
    path.write_text(SECRET)


def link_out(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def vector(path: Path) -> None:
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><style>@import "//evil.example/"</style><script/></svg>')


NOT_SHOWN = (named_pipe, link_in_a_ring, secret, link_out, vector)


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    """What a server answers for each picture of a question, by the name of its file."""
    root = write_run(tmp_path_factory.mktemp("pictured") / "run")
    for name, (make, _) in SHOWN.items():
        make(root / "images" / name)
    for make in NOT_SHOWN:
        make(root / "images" / make.__name__)
    names = [*SHOWN, *(make.__name__ for make in NOT_SHOWN)]
    refs = tuple(ImageRef(sha256=sha256(name.encode()).hexdigest(), path=f"../images/{name}") for name in names)
    rows = [replace(row, images=refs) for row in read_rows(root / "questions", Question)]
    write_shard(root / "questions", 0, rows, Question)
    with serving(root) as served:
        sources = re.findall(r'<img src="([^"]*)"', served.get(QUESTION).text)
        yield {name: served.get(urljoin(QUESTION, source)) for name, source in zip(names, sources, strict=True)}


@pytest.mark.parametrize("name", SHOWN, ids=lambda name: re.sub(r"\W", "_", name)[:20])
def test_a_picture_is_shown_as_what_it_is_whatever_its_name_and_mode(pictured, name):
    assert pictured[name].headers["content-type"] == f"image/{SHOWN[name][1]}"


@pytest.mark.parametrize("make", NOT_SHOWN)
def test_what_is_no_picture_gives_way_to_its_path_and_the_reason_and_never_to_its_content(pictured, make):
    answer = pictured[make.__name__]
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert f"images/{make.__name__}" in "".join(re.findall(r"<text[^>]*>(.*?)</text>", answer.text))
    assert not re.search(r"root:|@import|<script", answer.text)


def test_looking_at_every_page_changes_nothing_in_the_run(tmp_path):
    root = write_more(write_run(tmp_path / "run"))
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*")}
    seen, ahead = {"/run/0"}, ["/run/0"]
    with serving(root) as served:
        while ahead:
            path = ahead.pop()
            answer = served.get(path)
            assert answer.status == 200, path
            found = {urljoin(path, one.replace("&amp;", "&")) for one in re.findall(r'href="([^"#]+)', answer.text)}
            new = {one for one in found if one.startswith("/run/")} - seen
            seen |= new
            ahead += sorted(new) if "text/html" in answer.headers["content-type"] else []
    assert len(seen) > 30
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*")} == before


def test_marks_of_three_people_are_kept_apart_and_sent_twice_change_nothing(tmp_path):
    root = write_run(tmp_path / "run")
    said = {("ann", 0): "right", ("ann", 1): "wrong", ("bo", 0): "wrong", ("bo", 1): "wrong", ("cy", 0): "unsure",
            ("cy", 1): "right"}  # fmt: skip
    outcomes = {"right": Outcome.CORRECT, "wrong": Outcome.INCORRECT, "unsure": Outcome.UNJUDGED}
    with serving(root) as served:
        for _ in range(2):
            for (who, index), word in said.items():
                form = {"question": "q/1", "style": "reason", "questions": "questions", "index": index, "who": who,
                        "verdict": word}  # fmt: skip
                sent = served.post("/run/0/annotate/chains", urlencode(form), Origin=f"http://127.0.0.1:{served.port}")
                assert sent.status == 303
            rows = list(read_rows(root / "annotations" / "chains", Verdict))
            assert {(row.judge, row.index): row.outcome for row in rows} == {
                (f"human:{who}", index): outcomes[word] for (who, index), word in said.items()
            }
            assert len(rows) == len(said)


def test_the_chain_on_the_left_of_two_is_the_earlier_one_half_of_the_times(tmp_path):
    """400 questions of four chains: 200 plus or minus four standard deviations of 10, and each chain as often."""
    first = next(iter(read_rows(write_run(tmp_path / "run") / "chains", Chain)))
    rows = [replace(first, question_id=f"q{number}", index=index) for number in range(400) for index in range(4)]
    put(tmp_path / "many" / "chains", rows, Chain)
    drawn = Tables().drawn_pairs(Shelf(tmp_path / "many").units["chains"], 0, 400)
    sides = [tuple(row["indexes"]) for row in drawn]
    assert len({row["question_id"] for row in drawn}) == 400
    assert 160 <= sum(left < right for left, right in sides) <= 240
    for index in range(4):
        assert 160 <= sum(index in both for both in sides) <= 240


def test_a_blind_page_holds_no_verdict_of_others_in_its_source(tmp_path):
    root = write_run(tmp_path / "run")
    rows = [replace(row, judge="JUDGE-X", why="WHY-X", answer="ANSWER-X", rule="RULE-X")
            for row in read_rows(root / "verdicts", Verdict)]  # fmt: skip
    write_shard(root / "verdicts", 0, rows, Verdict)
    chains = [replace(row, sampler="SAMPLER-X") for row in read_rows(root / "chains", Chain)]
    write_shard(root / "chains", 0, chains, Chain)
    words = ("JUDGE-X", "WHY-X", "ANSWER-X", "RULE-X", "SAMPLER-X", "human:", "gold <b>", 'class="gold"', "kind even")
    form = {
        "question": "q/1",
        "style": "reason",
        "questions": "questions",
        "index": 0,
        "who": "ann",
        "verdict": "right",
    }
    with serving(root) as served:
        open_page = served.get(QUESTION).text
        assert all(word in open_page for word in ("JUDGE-X", "WHY-X", "ANSWER-X", "RULE-X")), "the words are of the run"
        sent = served.post("/run/0/annotate/chains", urlencode(form), Origin=f"http://127.0.0.1:{served.port}")
        assert sent.status == 303
        for query in ("n=8", "kind=pairs&n=4", f"n=8&seed={quote('3')}"):
            page = served.get(f"/run/0/sample/chains?{query}").text
            assert "0 of" in page
            assert not [word for word in words if word in page]
