"""The size of a report does not grow with its run; it shows pictures of any size and format, or that one is gone."""

import io
import re
from base64 import b64decode
from dataclasses import replace

import pytest
from made_up_report import make_card, make_report, make_samples, make_small_report, make_training
from PIL import Image

from seewhy.records.measures import FacetScore
from seewhy.records.types import ImageRef, StepLog, Style
from seewhy.report.bounds import averages, encode_picture, extremes, with_most_asked
from seewhy.report.page import render


def much(n):
    """A report of n training steps, chains, alarms, facet values and characters."""
    report = make_report()
    steps = tuple(StepLog(step=i, loss=(i * 7919 % 1000) / 1000, learning_rate=1e-5, terms={"margin": i % 97 / 97},
                          seconds=1.0) for i in range(n))  # fmt: skip
    training = replace(make_training()[1], steps=steps, alarms=tuple(f"step {i}: an alarm" for i in range(n)))
    card = make_card("sft", Style.REASON, 0.5)
    values = tuple(FacetScore(facet="template", value=f"value {i}", n=i, unjudged=0, accuracy=card.accuracy)
                   for i in range(1, n + 1))  # fmt: skip
    sample = make_samples(b"")[0]
    replies = tuple(replace(one, text="so 3. " * n) for one in sample.replies)
    sampling = replace(report.samplings[0], per_question=n, accuracies=tuple(i / n for i in range(n)))
    return replace(report, training=(training,), cards=(replace(card, breakdown=values),), samplings=(sampling,),
                   samples=(replace(sample, replies=replies),) * min(n, 200))  # fmt: skip


@pytest.mark.nightly
def test_a_run_of_a_hundred_times_as_much_has_a_report_of_the_same_size():
    small, large = (len(render(much(n)).encode()) for n in (1_000, 100_000))
    assert large < 5_000_000
    assert abs(large / small - 1) < 0.1


def test_a_long_line_keeps_its_extremes_and_means():
    points = [(i, 5.0 if i == 40_001 else -5.0 if i == 70_007 else 0.0) for i in range(100_000)]
    shown = extremes(points)
    assert {(40_001, 5.0), (70_007, -5.0)} <= set(shown)
    assert shown == sorted(shown)
    assert averages([(i, 2.0 * i) for i in range(5)]) == [(i, 2.0 * i) for i in range(5)]


def test_values_of_a_facet_that_most_questions_have_are_shown():
    shown, said = with_most_asked(much(100).cards, "template")
    assert [row.value for row in shown[0].breakdown] == [f"value {i}" for i in range(77, 101)]
    assert said == "the 24 most frequent of 100 values"
    assert said in render(much(100))


def encoded(kind, size):
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, format=kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("size", [(24, 16), (3000, 1000)])
def test_a_picture_is_one_that_browsers_show_and_small(kind, size):
    head, _, body = encode_picture(encoded(kind, size)).partition(";base64,")
    picture = Image.open(io.BytesIO(b64decode(body)))
    assert head == f"data:image/{(picture.format or '').lower()}"
    assert picture.format in {"PNG", "JPEG", "WEBP", "GIF"}
    assert picture.size == (size if size[0] < 480 else (480, 160))
    assert len(body) < 150_000


@pytest.mark.parametrize("picture", [None, b"", b"<script>", encoded("PNG", (64, 64))[:900]])
def test_a_picture_that_is_gone_is_said_and_the_rest_is_shown(picture):
    report = make_small_report()
    seen = (ImageRef(sha256="0" * 64, path="a.png"),)
    samples = tuple(
        replace(one, picture=picture, question=replace(one.question, images=seen)) for one in report.samples
    )
    page = render(replace(report, samples=samples))
    assert len(re.findall("The picture cannot be read", page)) == len(samples)
    assert "<script>" not in page
