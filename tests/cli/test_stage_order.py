"""A stage asks for the one before it, says when it has nothing left to do, and names a model that is none."""

from dataclasses import replace
from pathlib import Path

import pytest
from seewhy.cli.recipes import save_recipe
from seewhy.recipes.plans import Recipe

from seewhy.cli.main import main
from seewhy.recipes.inkgrid import recipe as inkgrid

FEW = replace(
    inkgrid(),
    questions=replace(inkgrid().questions, train=4, validation=1, test=2, shifted=1),
    distil=replace(inkgrid().distil, questions=3),
    mix=replace(inkgrid().mix, format_aligned=1),
)


def start(root: Path, recipe: Recipe, *stages: str) -> Path:
    """A run after its first stages."""
    root.mkdir()
    save_recipe(root / "recipe.yaml", recipe)
    for stage in stages:
        assert main([stage, "--run", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return start(tmp_path_factory.mktemp("runs") / "run", FEW, "questions")


@pytest.mark.parametrize(
    ("stage", "before", "rows"),
    [
        ("sft", "distil", "distil/lessons"),
        ("sample", "sft", "sft"),
        ("judge", "sample", "sample/chains"),
        ("pair", "sample", "sample/chains"),
        ("train", "pair", "pair/pairs"),
        ("eval", "sft", "sft"),
        ("rerank", "train", "train/preference"),
        ("credit", "rerank", "rerank/scores"),
        ("report", "eval", "eval/base/test-direct/verdicts"),
    ],
)
def test_a_stage_names_the_one_that_comes_before_it(
    stage: str, before: str, rows: str, run: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([stage, "--run", str(run)]) == 2
    assert capsys.readouterr().err == (
        f"seewhy: {run}/{rows} is missing or unfinished: run `seewhy {before} --run {run}` first, or "
        f"`seewhy run {run}/recipe.yaml --run {run}` for all stages in order\n"
    )
    assert not (run / "eval").exists()


def test_the_first_stage_of_all_is_asked_for_where_there_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = start(tmp_path / "run", FEW)
    assert main(["distil", "--run", str(root)]) == 2
    assert f"run `seewhy questions --run {root}` first" in capsys.readouterr().err
    assert [path.name for path in root.iterdir()] == ["recipe.yaml"]


def test_a_stage_that_is_whole_says_so_and_does_nothing(run: Path, capsys: pytest.CaptureFixture[str]):
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert main(["questions", "--run", str(run)]) == 0
    assert capsys.readouterr().out == f"inkgrid: a run in {run}\ndraw questions: whole, 8 questions\n"
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


@pytest.mark.parametrize("name", ["no-such-owner/no-such-model", "an empty folder"])
def test_a_model_that_is_none_is_named_with_what_would_be_one(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = name
    if name == "an empty folder":
        model = str(tmp_path / "empty")
        Path(model).mkdir()
    root = start(tmp_path / "run", replace(FEW, model=model), "questions", "distil")
    capsys.readouterr()
    assert main(["sft", "--run", str(root)]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"seewhy: model '{model}' cannot be opened (")
    assert "give `tiny`, a folder in Hugging Face format with its processor, or the name of a" in complaint
    assert not (root / "sft" / "_manifest.json").exists()
