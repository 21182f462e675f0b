"""What later steps see of earlier ones before they run: rows as they are expected, or those that are finished."""

from dataclasses import replace
from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.recipes.inkgrid import recipe as inkgrid
from seewhy.records.types import Chain, Gold, MatchRule, Pair, Question, Split, Style
from seewhy.runs.choice import choose
from seewhy.runs.forecast.api import LONGEST, pick
from seewhy.runs.forecast.outlook import SAMPLED, outlook_on
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import build_recipe, plain_of, save_recipe
from seewhy.runs.run import OpenRun


def recipe(**questions: int) -> Recipe:
    base = inkgrid()
    steps = dict(base.steps)
    counts = {"train": 60, "validation": 2, "test": 4, "shifted": 2, **questions}
    steps["questions"] = replace(steps["questions"], **counts)
    steps["rationales"] = replace(steps["rationales"], ask=30, teacher=choose("oracle"))
    steps["lessons"] = replace(steps["lessons"], ask=30)
    steps["chains"] = replace(steps["chains"], ask=10, after=30, per_question=4)
    return replace(base, steps=steps)


def run_at(place: Path, found: Recipe) -> OpenRun:
    """As the command line builds it, every seed set."""
    built, machine = build_recipe(plain_of(found), "outlook")
    return OpenRun(root=place.resolve(), recipe=built, machine=machine)


def test_rows_of_a_prompt_stay_together_when_they_are_counted(tmp_path):
    """10 questions of 4 chains, and of each at most 3 pairs."""
    with outlook_on(run_at(tmp_path / "run", recipe())) as outlook:
        assert list(outlook.counts("chains")) == [4] * 10
        assert list(outlook.counts("pairs")) == [3] * 10
        assert outlook.forecast("pairs").rows == 30
        assert list(outlook.counts("lessons")) == [1] * outlook.forecast("lessons").rows
    assert not (tmp_path / "run").exists()


def test_chains_are_expected_as_long_as_what_their_model_is_trained_on(tmp_path):
    """The chains of `sft` as the oracle's rationales; without a limit as long as the step allows."""
    with outlook_on(run_at(tmp_path / "run", recipe())) as outlook:
        rationales = {row.text for row in outlook.rows("rationales", Chain)}
        assert {row.text for row in outlook.rows("chains", Chain)} <= rationales
        whole = outlook.all_rows().rows("chains", Chain)
        assert len(whole) == 10 * 4
        assert {len(row.token_ids or ()) for row in whole} == {96}
        assert {len(row.text) for row in whole} == {4 * 96}
        pairs = outlook.rows("pairs", Pair)
        assert {row.chosen.text for row in pairs} | {row.rejected.text for row in pairs} <= rationales


def test_a_few_questions_are_looked_at_and_all_where_all_are_wanted(tmp_path):
    with outlook_on(run_at(tmp_path / "run", recipe(train=SAMPLED + 30))) as outlook:
        assert len(outlook.rows("questions", Question)) == SAMPLED
        assert len(outlook.all_rows().rows("questions", Question)) == SAMPLED + 30
        scratch = outlook.scratch
        pictures = [Path(image.path) for row in outlook.rows("questions", Question) for image in row.images]
        assert pictures
        assert all(path.is_relative_to(scratch) and path.is_file() for path in pictures)
    assert not scratch.exists()


def test_the_longest_questions_are_among_those_that_are_looked_at():
    """100 questions of which every tenth is longer than all others."""
    gold = Gold(answers=("1",), rule=MatchRule.EXACT)
    asked = [Question(id=f"q{n}", benchmark="made-up", split=Split.TRAIN, facets={}, gold=gold,
                      text="long words " * (20 if n % 10 == 0 else 1)) for n in range(100)]  # fmt: skip
    found = pick(asked, 20)
    assert len(found) == 20
    assert sum(len(one.text) > 100 for one in found) >= LONGEST
    assert pick(asked[:5], 20) == asked[:5]


@pytest.fixture(scope="module")
def lessons_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is finished until its lessons."""
    place = tmp_path_factory.mktemp("outlook")
    save_recipe(place / "mine.yaml", recipe())
    assert main(["run", str(place / "mine.yaml"), "--run", str(place / "run"), "--until", "lessons"]) == 0
    return place / "run"


def test_finished_rows_are_seen_as_they_are(lessons_run):
    with outlook_on(run_at(lessons_run, recipe())) as outlook:
        assert outlook.is_there("lessons")
        assert not outlook.is_there("chains")
        there = outlook.run.manifest("lessons").counts["rows"]
        assert outlook.forecast("lessons").rows == sum(outlook.counts("lessons")) == there
        assert outlook.forecast("questions").basis == "finished"
        pictures = [Path(image.path) for row in outlook.rows("questions", Question) for image in row.images]
        assert all(path.is_relative_to(lessons_run.resolve()) and path.is_file() for path in pictures)


def test_stale_rows_are_expected_anew(lessons_run):
    """Fewer questions: theirs are stale, and so are all that follow from them."""
    with outlook_on(run_at(lessons_run, recipe(train=40))) as outlook:
        assert not outlook.is_there("questions")
        assert not outlook.is_there("lessons")
        assert outlook.is_there("questions.test")
        assert outlook.forecast("questions").rows == 40


def test_replies_in_a_style_that_is_not_trained_are_those_of_the_model_before(tmp_path):
    """Pairs are reasoned; the direct replies of `mpo` are those that `sft` learns."""
    with outlook_on(run_at(tmp_path / "run", recipe())) as outlook:
        direct = outlook.replies("mpo", Style.DIRECT)
        assert direct == outlook.replies("sft", Style.DIRECT)
        assert direct
        assert all(len(one.text) < 10 for one in direct)
        assert outlook.replies("base", Style.REASON) == ()
