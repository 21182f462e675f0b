"""Finished steps are taken over by fingerprint, a run may be moved or copied, and a change asks before it costs."""

import re
import shutil
from pathlib import Path

import pytest
from drawn_rows import oracle_chains
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.records.lineage import MANIFEST
from seewhy.records.shards import count_rows
from seewhy.runs.open import open_run

RECIPE = """
name: sweep
inputs: {{drawn: {chains}}}
steps:
  questions: {{stage: questions, train: 20, validation: 0, test: 0}}
  rationales: {{stage: distil, questions: questions.train, ask: 8, teacher: {{kind: oracle}}}}
  lessons: {{stage: lessons, rationales: rationales, verdicts: rationales.verdicts, direct: questions.train, ask: 8}}
  verdicts: {{stage: judge, chains: drawn, questions: questions.train}}
  pairs: {{stage: pair, chains: drawn, verdicts: verdicts, rule: {{kind: by_outcome, lowest: 0.01, highest: 0.99}}}}
  report: {{stage: report}}
"""
"""No step loads a model."""
BAND = "--pairs.rule.highest"
REUSED = ("questions", "rationales", "lessons", "verdicts")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> str:
    place = tmp_path_factory.mktemp("recipe")
    path = place / "sweep.yaml"
    path.write_text(RECIPE.format(chains=oracle_chains(place)))
    return str(path)


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory) -> Path:
    """A finished run that nobody writes to."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert main(["run", recipe, "--run", str(run)]) == 0
    return run


@pytest.fixture
def run(whole, tmp_path) -> Path:
    """A copy of the finished run."""
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def told(capsys, *words: str, status: int) -> str:
    capsys.readouterr()
    assert main(words) == status
    found = capsys.readouterr()
    return sentence(f"{found.out}{found.err}")


def rows_of(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*.parquet")}


def stamps(run: Path, *steps: str) -> dict[str, int]:
    """When each file of these steps was last changed."""
    return {str(path.relative_to(run)): path.stat().st_mtime_ns for step in steps for path in (run / step).rglob("*")}


def worked(said: str) -> set[str]:
    """Steps that were done, and not found."""
    return set(re.findall(r"(\S+): done in", said))


def test_another_band_takes_all_steps_before_the_pairs_and_makes_the_pairs_anew(whole, recipe, tmp_path, capsys):
    other = tmp_path / "other"
    said = told(capsys, "run", recipe, "--run", str(other), "--reuse", str(whole), BAND, "0.5", status=0)
    assert worked(said) & {*REUSED, "pairs"} == {"pairs"}
    before, after = rows_of(whole), rows_of(other)
    assert {name for name in after if before[name] != after[name]} <= {name for name in after if "pairs/" in name}
    for step in REUSED:
        for path in (whole / step).rglob("*.parquet"):
            assert path.samefile(other / path.relative_to(whole))
    assert count_rows(other / "pairs") < count_rows(whole / "pairs")


def test_the_run_that_is_taken_from_is_left_as_it_was_when_the_other_one_makes_it_anew(whole, recipe, tmp_path, capsys):
    before, other = rows_of(whole), tmp_path / "other"
    told(capsys, "run", recipe, "--run", str(other), "--reuse", str(whole), status=0)
    told(
        capsys, "run", recipe, "--run", str(other), "--questions.seed", "5", "--remake", "--until", "lessons", status=0
    )
    assert rows_of(whole) == before
    assert rows_of(other)["questions/train/part-00000.parquet"] != before["questions/train/part-00000.parquet"]


def test_a_setting_that_is_not_the_same_is_not_taken(whole, recipe, tmp_path, capsys):
    words = ("run", recipe, "--run", str(tmp_path / "other"), "--reuse", str(whole), "--rationales.ask", "7")
    assert worked(told(capsys, *words, status=0)) & {*REUSED, "pairs"} == {"rationales", "lessons"}


def test_steps_are_taken_under_another_name_for_their_content_is_what_counts(whole, recipe, tmp_path, capsys):
    renamed = tmp_path / "renamed.yaml"
    renamed.write_text(Path(recipe).read_text().replace("verdicts: {stage", "graded: {stage")
                       .replace("verdicts: verdicts", "verdicts: graded"))  # fmt: skip
    said = told(capsys, "run", str(renamed), "--run", str(tmp_path / "other"), "--reuse", str(whole), status=0)
    assert not worked(said) & {*REUSED, "graded", "pairs"}
    assert rows_of(tmp_path / "other")["graded/part-00000.parquet"] == rows_of(whole)["verdicts/part-00000.parquet"]


def test_a_run_that_is_not_there_cannot_be_taken_from(recipe, tmp_path, capsys):
    gone = tmp_path / "gone"
    assert str(gone) in told(capsys, "run", recipe, "--run", str(tmp_path / "run"), "--reuse", str(gone), status=2)


@pytest.mark.parametrize("how", ["moved", "copied", "reused"])
def test_pictures_are_found_wherever_the_run_lies(whole, recipe, how, tmp_path, capsys):
    first, last = tmp_path / "first", tmp_path / "far" / "away"
    shutil.copytree(whole, first)
    if how == "reused":
        told(capsys, "run", recipe, "--run", str(last), "--reuse", str(first), status=0)
        shutil.rmtree(first)
    elif how == "moved":
        last.parent.mkdir()
        first.rename(last)
    else:
        shutil.copytree(first, last)
    questions = open_run(last).questions("questions.train")
    pictures = [Path(image.path) for question in questions for image in question.images]
    assert pictures
    assert all(path.is_relative_to(last) and path.is_file() for path in pictures)
    again = told(capsys, "run", recipe, "--run", str(last), status=0)
    assert not worked(again) & {*REUSED, "pairs"}
    assert rows_of(last) == rows_of(whole)


def test_a_corrected_mistake_goes_on_where_no_finished_step_depends_on_it(run, recipe, capsys):
    before = stamps(run, *REUSED)
    said = told(capsys, "run", recipe, "--run", str(run), BAND, "0.5", status=0)
    assert worked(said) & {*REUSED, "pairs"} == {"pairs"}
    assert stamps(run, *REUSED) == before
    assert told(capsys, "status", str(run), status=0)


def test_a_mistake_that_stops_a_run_is_mended_in_the_same_directory(recipe, tmp_path, capsys):
    run = tmp_path / "run"
    empty = told(capsys, "run", recipe, "--run", str(run), "--pairs.rule.lowest", "0.98", status=2)
    assert "no pair is left" in empty
    assert not (run / "pairs" / MANIFEST).exists()
    before = stamps(run, *REUSED)
    said = told(capsys, "run", recipe, "--run", str(run), status=0)
    assert worked(said) & {*REUSED, "pairs"} == {"pairs"}
    assert stamps(run, *REUSED) == before


def test_a_change_under_a_finished_follower_is_refused_with_step_field_and_both_values(run, recipe, capsys):
    before, pages = rows_of(run), stamps(run, "report")
    said = told(capsys, "run", recipe, "--run", str(run), "--rationales.ask", "7", status=2)
    assert re.search(r"step rationales: settings\.ask is 8 there and 7 here", said)
    assert re.search(r"\. lessons would be made anew", said)
    assert "--remake" in said
    assert f"--reuse {run}" in said
    assert rows_of(run) == before
    assert stamps(run, "report") == pages
    assert told(capsys, "status", str(run), status=0)


def test_remake_does_it_and_makes_what_follows_and_nothing_else(run, recipe, capsys):
    kept = stamps(run, "questions", "verdicts", "pairs")
    said = told(capsys, "run", recipe, "--run", str(run), "--rationales.ask", "7", "--remake", status=0)
    assert worked(said) & {*REUSED, "pairs"} == {"rationales", "lessons"}
    assert count_rows(run / "rationales" / "chains") == 7
    assert stamps(run, "questions", "verdicts", "pairs") == kept
    assert told(capsys, "status", str(run), status=0)


def test_status_shows_what_is_stale_and_why(run, capsys):
    saved = run / "recipe.yaml"
    text = saved.read_text()
    assert text.count("ask: 8") == 2
    saved.write_text(text.replace("ask: 8", "ask: 7", 1))
    said = told(capsys, "status", str(run), status=1)
    states = dict(re.findall(r"\b(questions|rationales|lessons|verdicts|pairs) (finished|stale)\b", said))
    assert states == {"questions": "finished", "rationales": "stale", "lessons": "stale", "verdicts": "finished",
                      "pairs": "finished"}  # fmt: skip
    assert "rationales is stale: settings.ask is 8 there and 7 here" in said
    assert "lessons is stale: rationales.chains is stale" in said


def test_status_tells_an_input_whose_content_changed(recipe, tmp_path, capsys):
    place = tmp_path / "rows"
    own = tmp_path / "own.yaml"
    place.mkdir()
    own.write_text(RECIPE.format(chains=oracle_chains(place)))
    run = tmp_path / "run"
    told(capsys, "run", str(own), "--run", str(run), status=0)
    (shard,) = (place / "chains").glob("*.parquet")
    shutil.copy2(run / "rationales" / "chains" / shard.name, shard)
    said = told(capsys, "status", str(run), status=1)
    assert re.search(r"verdicts is stale: inputs\.chains is '\w+' there and '\w+' here", said)
