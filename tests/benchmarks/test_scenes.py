"""Questions about NLVR's boxes and photographs: what they say is true of the pictures, and splits share none."""

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from written_scenes import write_source

from seewhy.benchmarks import scenes
from seewhy.benchmarks.scene.asking import READING, REASONING
from seewhy.benchmarks.scene.boxes import read_boxes
from seewhy.benchmarks.scene.photos import colour_of, read_photos
from seewhy.benchmarks.scene.things import Target, Thing, listed, read_back
from seewhy.judging.answers.self_check import grade_gold
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Outcome, Question, Split

NLVR = Path(os.environ.get("SEEWHY_DATA", "/nowhere")) / "nlvr"
ORDINALS = ("first", "second")
PIXELS = {"yellow": (255, 255, 0), "black": (0, 0, 0), "blue": (0, 153, 255)}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def questions(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Question]:
    kept = tmp_path_factory.mktemp("kept")
    return [one for split in (Split.TRAIN, Split.TEST) for one in scenes.load(source, split, count=120, pictures=kept)]


def meant(words: str) -> Target:
    """The target of words such as `red birds`, `fish` or `yellow things`."""
    *colour, noun = words.split(" ")
    noun = noun if noun in ("fish", "fruit") else noun.removesuffix("s")
    return Target(colour="".join(colour), noun="" if noun == "thing" else noun)


def solved(question: Question) -> str:
    """The answer, found from the words of the question and what its pictures show alone."""
    shown, text = read_back(question.facets["page"]), question.text
    if text == "What does the picture show?":
        return listed(shown[0])
    if place := re.fullmatch("In which row is the (.*)\\?", text):
        return str(next(one.row for one in shown[0] if one.phrase == place[1]))
    if two := re.fullmatch("Which is higher, the (.*) or the (.*)\\?", text):
        return min((one for one in shown[0] if one.phrase in two.groups()), key=lambda one: one.y).phrase
    found = re.search("(?:many|more|have) (.*?)(?: are there.*| are in the (.*) picture)?\\?", text)
    assert found, text
    counts = [meant(found[1]).count(picture) for picture in shown]
    if found[2]:
        return str(counts[ORDINALS.index(found[2])])
    if "more" in text:
        return ORDINALS[counts.index(max(counts))]
    if "both" in text:
        return "yes" if all(counts) else "no"
    return str(sum(counts))


def test_every_answer_follows_from_what_the_pictures_show(questions):
    assert {one.facets["kind"] for one in questions} == {kind.name for kind in (*READING, *REASONING)}
    assert {one.facets["set"] for one in questions} == {"nlvr", "stamps"}
    for one in questions:
        assert one.gold.answers == (solved(one),), (one.text, one.facets["page"])
        assert len(one.images) == len(read_back(one.facets["page"])) == int(one.facets["pictures"])


def test_sentences_of_a_rationale_are_true(questions):
    """`The first has 2 red birds.` is counted anew, and sums and comparisons are worked out again."""
    checked = set[str]()
    for one in questions:
        shown = read_back(one.facets["page"])
        for sentence in (one.rationale or "").split(". "):
            if found := re.match("(?:The (first|second)|It) has (\\d+) (.*?)\\.?$", sentence):
                picture = shown[ORDINALS.index(found[1] or "first")]
                words = found[3] if found[2] != "1" or found[3].endswith(("fish", "fruit")) else f"{found[3]}s"
                assert meant(words).count(picture) == int(found[2]), (one.rationale, one.facets["page"])
                checked.add("count")
            elif found := re.match("(\\d+) plus (\\d+) is (\\d+)", sentence):
                assert int(found[1]) + int(found[2]) == int(found[3])
                checked.add("sum")
            elif found := re.match("(\\d+) is more than (\\d+)", sentence):
                assert int(found[1]) > int(found[2])
                checked.add("more")
    assert checked == {"count", "sum", "more"}


def test_a_gold_answer_is_graded_right(questions):
    judge = OutcomeJudge()
    assert {grade_gold(one, judge).outcome for one in questions[:40]} == {Outcome.CORRECT}


def test_a_question_is_the_same_whatever_is_drawn_beside_it_and_splits_share_no_picture(source, questions, tmp_path):
    again = list(scenes.load(source, Split.TRAIN, count=3, first=7, pictures=tmp_path))
    assert [one.id for one in again] == [one.id for one in questions[7:10]]
    assert [[image.sha256 for image in one.images] for one in again] == [
        [image.sha256 for image in one.images] for one in questions[7:10]
    ]
    boxes, photos = read_boxes(source / "nlvr"), read_photos(source / "stamps")
    for parts in ({split: {box.things for box in boxes[split]} for split in boxes},
                  {split: {photo.name for photo in photos[split]} for split in photos}):  # fmt: skip
        train, validation, test = (parts[split] for split in (Split.TRAIN, Split.VALIDATION, Split.TEST))
        assert train
        assert test
        assert not train & (test | validation)
        assert not validation & test


def test_a_colour_is_that_of_most_opaque_pixels_or_none():
    """Six of ten rows red, four transparent: red. A third each of three colours: none has two fifths... but 0.35."""
    half = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    half.paste((250, 20, 20, 255), (0, 0, 10, 6))
    assert colour_of(half) == "red"
    parts = Image.new("RGBA", (24, 24))
    for number, shade in enumerate(((250, 20, 20), (20, 20, 250), (20, 200, 20), (250, 250, 250))):
        parts.paste((*shade, 255), (0, 6 * number, 24, 6 * number + 6))
    assert colour_of(parts) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [({"structured_rep": [[]]}, "1 boxes in place of 3"), ({"images": []}, "IndexError"),
     ({"structured_rep": [[{"color": "Pink"}], [], []]}, "dev.jsonl:1")],
)  # fmt: skip
def test_a_row_that_is_none_is_named_with_its_file_and_line(change, said, tmp_path):
    source = write_source(tmp_path)
    place = source / "nlvr" / "dev.jsonl"
    first, *others = place.read_text().splitlines()
    place.write_text("\n".join([json.dumps(json.loads(first) | change), *others]))
    with pytest.raises(ValueError, match=r"dev\.jsonl:1") as caught:
        list(scenes.load(source, Split.TRAIN, count=1))
    assert said in str(caught.value)


def test_a_source_without_pictures_says_what_is_wanted(tmp_path):
    with pytest.raises(ValueError, match="neither nlvr"):
        scenes.sizes(tmp_path)


def test_a_split_for_which_a_source_has_no_picture_is_named(tmp_path):
    """Of one photograph, which the hash of its name gives to one split, the others have none."""
    place = write_source(tmp_path) / "stamps"
    shutil.rmtree(tmp_path / "nlvr")
    kept, *others = sorted(place.rglob("*.png"))
    for path in others:
        path.unlink()
    (own,) = (split for split, photos in read_photos(place).items() if photos)
    (other, *_) = {Split.TRAIN, Split.VALIDATION, Split.TEST} - {own}
    assert len(list(scenes.load(tmp_path, own, count=1))) == 1, kept
    with pytest.raises(ValueError, match=f"no picture for the {other.value} split"):
        list(scenes.load(tmp_path, other, count=1))


@pytest.mark.skipif(not NLVR.is_dir(), reason="SEEWHY_DATA names no folder with NLVR")
def test_the_pixel_in_the_middle_of_a_thing_has_its_colour():
    """On the release's own pictures; things that another one covers are few: 97 of 100 are required."""
    boxes = read_boxes(NLVR)
    assert {split: len(boxes[split]) for split in boxes} == {
        Split.TRAIN: 955, Split.VALIDATION: 102, Split.TEST: 828
    }  # fmt: skip
    right = list[bool]()
    for box in boxes[Split.TEST][:60]:
        pixels = np.asarray(box.picture(), dtype=int)
        right += [_near(pixels, thing) for thing in box.things]
    assert sum(right) >= 0.97 * len(right) > 100


def _near(pixels: np.ndarray, thing: Thing) -> bool:
    shade: Sequence[int] = pixels[min(99, int(thing.y * 100)), min(99, int(thing.x * 100))]
    return bool(np.abs(np.asarray(shade) - np.asarray(PIXELS[thing.colour])).max() < 40)
