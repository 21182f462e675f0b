"""What a user gets wrong is told in one line that says how to mend it, and the exit status is 2."""

import hashlib
from pathlib import Path

import pytest
from seewhy.cli.recipes import recipe_text

from seewhy.cli.main import main
from seewhy.recipes.inkgrid import recipe as inkgrid


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The complaint about a command line, as one line."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return " ".join(captured.err.replace("│", " ").split())


def contents(directory: Path) -> dict[str, str]:
    """Every file below a directory and its hash, with the time it was written."""
    return {
        f"{path.relative_to(directory)} {path.stat().st_mtime_ns}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory: `runs/` of the repository stays out of the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["smaple"], "'smaple' is no command of seewhy; did you mean 'sample'? `seewhy --help` tells what each does"),
        (["run"], "`seewhy run` needs a recipe first: inkgrid, inkgrid-base or a YAML file"),
        (["run", "--run", "here"], "`seewhy run` needs a recipe first"),
        (["recipe", "print"], "`seewhy recipe list` and `seewhy recipe show RECIPE`"),
        (["recipe", "show", "plans"], "there is no recipe 'plans'"),
        (["recipe", "show", "inkgird"], "there is no recipe 'inkgird'; did you mean 'inkgrid'?"),
        (["run", "inkgrid-bass"], "there is no recipe 'inkgrid-bass'; did you mean 'inkgrid-base'?"),
        (["run", "my/recipe"], "there is no recipe 'my/recipe'; there are inkgrid, inkgrid-base. (A recipe's file"),
        (["run", "my.own.recipe"],
         "no module 'my.own.recipe' can be imported (No module named 'my'); is its folder on PYTHONPATH?"),
        (["run", "../recipe.txt"], "'../recipe.txt' is neither the name of a recipe nor a dotted path to a module"),
        (["run", "seewhy.records.types"], "seewhy.records.types has no function `recipe`"),
        (["run", "inkgrid", "--seed"], "--seed needs a whole number, 0 or above, such as --seed 1"),
        (["run", "inkgrid", "--seed", "--run", "here"], "--seed needs a whole number"),
        (["run", "inkgrid", "--seed=one"], "--seed needs a whole number"),
        (["run", "inkgrid", "--rerank.sampler", "base"], "--rerank.sampler 'base': there are sft and preference"),
        (["run", "inkgrid", "--evaluation.also", "lmms"],
         "--evaluation.also 'lmms': there are lmms-eval and vlmevalkit"),
        (["run", "inkgrid", "--compute.load-in-4bit"],
         "--compute.load-in-4bit: weights of 4 bits cannot be trained; add an adapter, such as --adapter.rank 64"),
        (["run", "inkgrid", "--compute.device", "gpu"], "--compute.device 'gpu' is no device: auto, cpu, cuda"),
        (["run", "inkgrid", "--compute.precision", "fp16"], "--compute.precision 'fp16': there are float32 and bf16"),
        (["run", "inkgrid-base", "--seed", "-1"], "--seed needs a whole number"),
        (["run", "inkgrid", "--sft.learning-rat", "1"], "--sft.learning-rate FLOAT"),
        (["run", "inkgrid-base", "--fit.epoch", "1"], "--fit.epochs INT"),
        (["run", "inkgrid", "--sft.epochs", "many"], "Error parsing --sft.epochs: invalid literal for int()"),
        (["run", "inkgrid", "--sft.learning-rate=-1"],
         "Error parsing recipe.sft: FitPlan: learning_rate must be above 0"),
        (["run", "inkgrid", "--questions.benchmark", "inkgrd"],
         "--questions.benchmark: there is no benchmark 'inkgrd'; did you mean 'inkgrid'?"),
        (["run", "inkgrid", "--preference.compare", "bco", "dpoo"],
         "--preference.compare: there is no objective 'dpoo'; did you mean 'dpo'?"),
        (["sample", "--run", "here"], "here holds no run: name the recipe of a new one with --recipe, such as inkgrid"),
        (["sample", "--run", "here", "--recipe", "inkgrid-base"],
         "recipe inkgrid-base has no stages: `seewhy run inkgrid-base --run here` does"),
    ],
)  # fmt: skip
def test_a_word_that_is_wrong_is_answered_by_the_one_that_is_right_and_makes_nothing(
    words: list[str], wanted: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
):
    assert wanted in told(capsys, *words)
    assert list(elsewhere.iterdir()) == []


def test_a_recipe_file_that_cannot_be_read_is_named(elsewhere: Path, capsys: pytest.CaptureFixture[str]):
    assert told(capsys, "run", "mine.yaml") == (
        "seewhy: mine.yaml: no such file; `seewhy recipe show inkgrid > mine.yaml` writes one to start from"
    )
    Path("mine.yaml").write_text("name: [inkgrid", encoding="utf-8")
    assert "mine.yaml is not YAML" in told(capsys, "run", "mine.yaml")
    Path("mine.yaml").write_bytes(b"\xff\xfe\x00")
    assert "mine.yaml is not YAML" in told(capsys, "run", "mine.yaml")
    Path("mine.yaml").write_text("", encoding="utf-8")
    assert "mine.yaml must be a mapping of fields, and is None" in told(capsys, "run", "mine.yaml")
    Path("mine.yaml").unlink()
    Path("mine.yaml").mkdir()
    assert "mine.yaml cannot be read (Is a directory)" in told(capsys, "run", "mine.yaml")
    assert [path.name for path in elsewhere.iterdir()] == ["mine.yaml"]


def test_an_unknown_field_of_a_recipe_file_is_named_with_the_nearest(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
):
    Path("mine.yaml").write_text(recipe_text(inkgrid()).replace("per_question", "per_questoin"), encoding="utf-8")
    assert told(capsys, "run", "mine.yaml") == (
        "seewhy: mine.yaml: sampling: unknown field 'per_questoin'; did you mean 'per_question'?"
    )


@pytest.mark.parametrize("run", ["file", "file/below", "file/far/below"])
def test_a_run_directory_that_cannot_be_made_is_named(run: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]):
    Path("file").write_text("mine", encoding="utf-8")
    complaint = told(capsys, "run", "inkgrid", "--run", run)
    assert complaint.startswith(f"seewhy: {run} cannot be made a run's directory (")
    assert complaint.endswith("): choose another --run")
    assert Path("file").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["run", "inkgrid", "--sft.learning-rate", "0.5"],
         [f"sft.learning_rate: {inkgrid().sft.learning_rate} here, 0.5 asked."]),
        (["run", "inkgrid", "--preference.compare", "bco", "ipo"],
         ["preference.compare: [dpo] here, [bco, ipo] asked."]),
        (["run", "inkgrid", "--model", "mine"], ["model: tiny here, mine asked."]),
        (["run", "inkgrid", "--evaluation.no-blind"], ["evaluation.blind: true here, false asked."]),
        (["run", "inkgrid", "--seed", "3"], ["questions.seed: 0 here, 3 asked; distil.seed: 0 here, 3 asked"]),
        (["run", "inkgrid-base"], ["name: inkgrid here, inkgrid-base asked."]),
        (["sample", "--recipe", "inkgrid", "--seed", "3"], ["questions.seed: 0 here, 3 asked"]),
        (["sample", "--seed", "3"], ["run holds a run with its own seeds: leave --seed away"]),
        (["run", "inkgrid", "--fit.epochs", "99", "--sft.save-every", "7"],
         [f"fit.epochs: {inkgrid().fit.epochs} here, 99 asked."]),
    ],
)  # fmt: skip
def test_a_run_of_other_settings_is_refused_by_field_and_nothing_in_it_changes(
    words: list[str], changes: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
):
    Path("run/sample").mkdir(parents=True)
    Path("run/recipe.yaml").write_text(recipe_text(inkgrid()), encoding="utf-8")
    Path("run/sample/part-00000.parquet").write_bytes(b"rows")
    before = contents(elsewhere)
    complaint = told(capsys, *words, "--run", "run")
    assert all(change in complaint for change in changes), complaint
    assert "another --run" in complaint
    assert contents(elsewhere) == before


def test_a_run_of_many_other_settings_is_refused_by_the_first_of_them(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
):
    Path("run").mkdir()
    Path("run/recipe.yaml").write_text(recipe_text(inkgrid()), encoding="utf-8")
    complaint = told(capsys, "run", "inkgrid", "--run", "run", "--seed", "3", "--name", "mine", "--model", "mine")
    assert complaint.count(" asked") == 8
    assert (
        "; and 3 more. Choose another --run, or give the run's own values: `seewhy run run/recipe.yaml --run run`"
        in (complaint)
    )
