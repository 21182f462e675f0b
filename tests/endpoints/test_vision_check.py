"""A teacher that does not see is told from one that does, by questions that a picture alone answers."""

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from scipy.stats import binom

from seewhy.endpoints.chat import ChatResponse, Reply, Request
from seewhy.endpoints.vision_check import (
    CHANCE,
    COLOURS,
    PAIRS,
    QUESTION,
    BlindTeacherError,
    CanaryPlan,
    VisionCheck,
    ask_canary,
    draw_halves,
    require_sight,
)
from seewhy.records.files import hash_file


@dataclass(slots=True)
class Looker:
    """A teacher with eyes: it looks the two colours up in the picture's file, and says what `words` makes of them."""

    words: str = "{} {}"
    failing: int = 0
    """It fails on the first so many."""
    name: str = "looker"
    recorded: list[Request] = field(default_factory=list)

    def chat(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        self.recorded.append(request)
        if len(self.recorded) <= self.failing:
            return ChatResponse(replies=(), model=self.name, failure="500: no picture is taken here")
        left, right = Path(request.messages[0].images[0].path).stem.split("-")
        return ChatResponse(replies=(Reply(text=self.words.format(left, right)),), model=self.name)


@pytest.mark.parametrize("words", ["{} {}", "The left half is {}, the right half is {}.", "**{}** / **{}**"])
def test_a_teacher_that_names_the_colours_sees_however_it_puts_them(words, tmp_path):
    report = ask_canary(Looker(words), tmp_path, CanaryPlan())
    assert (report.sight, report.right) == (VisionCheck.SEES, 6)
    require_sight(report)
    assert report.summary == "looker sees: 6 of 6 pictures named right, a guesser is right in 1 of 30"


UNSEEING = ["red blue", "I cannot see any picture.", "", "red, green, blue, yellow, black, white", "{1} {0}", "{0}"]


@pytest.mark.parametrize("words", UNSEEING)
@pytest.mark.parametrize("seed", range(5))
def test_one_that_always_says_the_same_or_half_of_it_is_blind(words, seed, tmp_path):
    report = ask_canary(Looker(words), tmp_path, CanaryPlan(), seed)
    assert report.sight is VisionCheck.BLIND
    assert report.right <= 1
    with pytest.raises(BlindTeacherError, match=r"does not see .*Nothing else was asked.*--allow-blind"):
        require_sight(report)
    require_sight(ask_canary(Looker(words), tmp_path, CanaryPlan(allow_blind=True), seed))


def test_a_guesser_passes_once_in_a_thousand_at_most():
    for trials in range(5, 13):
        plan = CanaryPlan(trials=trials)
        # The chance of `needed` or more of `trials` right, each right once in 30.
        assert binom.sf(plan.needed - 1, trials, CHANCE) < 1e-3
    assert binom.sf(2, 6, 1 / 30) == pytest.approx(6.6e-4, rel=0.05)


def test_guessers_are_told_blind_as_often_as_their_chance_says(tmp_path):
    rng = random.Random(0)
    passed = 0
    for seed in range(30):
        report = ask_canary(Guesser(rng), tmp_path, CanaryPlan(), seed)
        passed += report.sight is VisionCheck.SEES
    assert passed <= 1  # 0.02 are expected


@dataclass(slots=True)
class Guesser:
    rng: random.Random
    name: str = "guesser"

    def chat(self, requests):
        return [
            ChatResponse(replies=(Reply(text=" ".join(self.rng.choice(PAIRS))),), model=self.name) for _ in requests
        ]


def test_a_teacher_that_fails_on_the_first_picture_is_asked_no_more_and_never_allowed(tmp_path):
    teacher = Looker(failing=1)
    report = ask_canary(teacher, tmp_path, CanaryPlan(allow_blind=True))
    assert len(teacher.recorded) == 1
    assert report.sight is VisionCheck.SILENT
    with pytest.raises(BlindTeacherError, match="did not answer a test with a picture: 500: no picture is taken here"):
        require_sight(report)


def test_every_picture_shows_its_two_colours_and_only_they(tmp_path):
    for pair in PAIRS:
        ref = draw_halves(tmp_path, pair)
        assert ref.sha256 == hash_file(Path(ref.path))
        with Image.open(ref.path) as picture:
            assert picture.size == (112, 112)
            assert {colour for _, colour in picture.getcolors()} == {COLOURS[name] for name in pair}
            assert picture.getpixel((55, 0)) == COLOURS[pair[0]]
            assert picture.getpixel((56, 111)) == COLOURS[pair[1]]


def test_no_two_trials_have_one_answer_another_seed_draws_others_and_the_words_tell_nothing(tmp_path):
    first, again, other = Looker(), Looker(), Looker()
    for teacher, seed in ((first, 0), (again, 0), (other, 1)):
        ask_canary(teacher, tmp_path, CanaryPlan(), seed)
    shown = [
        [request.messages[0].images[0].sha256 for request in teacher.recorded] for teacher in (first, again, other)
    ]
    assert len(set(shown[0])) == 6
    assert shown[0] == shown[1] != shown[2]
    assert {request.messages[0].text for request in first.recorded + other.recorded} == {QUESTION}


def test_no_trials_ask_nothing_and_too_few_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"canary\.trials is 4; fewer than 5 prove nothing"):
        CanaryPlan(trials=4)
    with pytest.raises(ValueError, match="there are 30 pictures"):
        CanaryPlan(trials=31)
    assert CanaryPlan(trials=0).needed == 0
