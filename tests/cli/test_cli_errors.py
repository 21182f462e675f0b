"""What a user gets wrong is told with the place and the remedy, nothing is made, and the exit status is 2."""

import os
from pathlib import Path

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.recipes.inkgrid import recipe as inkgrid
from seewhy.runs.recipe_text import recipe_text


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The complaint about a command line, as one line."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return sentence(captured.err)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory: `runs/` of the repository stays out of the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


RUN = ("run", "inkgrid", "--run", "here")


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["smaple"], ["'smaple'", "did you mean 'sample'?"]),
        (["run"], ["seewhy run needs a recipe"]),
        (["run", "--run", "here"], ["seewhy run needs a recipe"]),
        (["run", "inkgrid"], ["--run DIR"]),
        (["recipe", "print"], ["list, show and check"]),
        (["recipe", "show", "plans"], ["there is no recipe 'plans'"]),
        (["recipe", "show", "inkgird"], ["there is no recipe 'inkgird'", "did you mean 'inkgrid'?"]),
        (["recipe", "show", "my.own.recipe"], ["no module 'my.own.recipe' can be imported", "PYTHONPATH"]),
        (["recipe", "show", "seewhy.records.types"], ["seewhy.records.types has no function `recipe`"]),
        ([*RUN, "--seed"], ["--seed needs a"]),
        ([*RUN, "--seed=one"], ["--seed needs a whole number", "'one'"]),
        ([*RUN, "--seed", "-1"], ["--seed needs a whole number"]),
        ([*RUN, "--verifier.sampler", "nobody"], ["step verifier", "'nobody'"]),
        (
            [*RUN, "--compute.load-in-4bit", "true"],
            [
                "step sft: --compute.load-in-4bit: weights of 4 bits cannot be trained",
                "add an adapter, such as adapter.rank 64",
                "step mpo: --compute.load-in-4bit",
            ],
        ),
        ([*RUN, "--compute.device", "gpu"], ["--compute.device 'gpu' is no device: auto, cpu, cuda"]),
        ([*RUN, "--compute.precision", "fp16"], ["'fp16'", "float32", "bf16"]),
        ([*RUN, "--sft.fit.learning-rat", "1"], ["steps.sft.fit.learning_rat", "did you mean 'learning_rate'?"]),
        ([*RUN, "--sft.fit.epochs", "many"], ["steps.sft.fit.epochs", "whole number", "many"]),
        ([*RUN, "--sft.fit.learning-rate=-1"], ["steps.sft.fit", "learning_rate must be above 0"]),
        ([*RUN, "--questions.benchmark", "inkgrd"], ["'inkgrd'", "did you mean 'inkgrid'?"]),
        ([*RUN, "--mpo.objective", "dpoo"], ["steps.mpo.objective", "'dpoo'", "did you mean 'dpo'?"]),
        ([*RUN, "--mpo.objective.beta", "-1"], ["step mpo", "beta", "-1"]),
        ([*RUN, "--mpo.objective.gamma", "1"], ["step mpo", "gamma", "no such setting"]),
        ([*RUN, "--chains.temperature", "-1"], ["steps.chains", "temperature"]),
        ([*RUN, "--chains.per-question", "0"], ["steps.chains", "per_question"]),
        ([*RUN, "--questions.train", "-5"], ["steps.questions", "train"]),
        ([*RUN, "--rationales.teacher.error-rate", "5"], ["step rationales", "error_rate"]),
        ([*RUN, "--from", "nothing"], ["--from nothing", "questions"]),
        ([*RUN, "--only", "sft", "--until", "chains"], ["--only", "--until"]),
        (["sample"], ["--out DIR"]),
        (["status", "here"], ["here holds no run"]),
        (["step", "here", "sft"], ["here holds no run"]),
    ],
)
def test_a_word_that_is_wrong_is_answered_by_the_one_that_is_right_and_makes_nothing(
    words: list[str], facts: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
):
    complaint = told(capsys, *words)
    assert [fact for fact in facts if fact not in complaint] == [], complaint
    assert list(elsewhere.rglob("*.parquet")) == []


def test_a_recipe_file_that_cannot_be_read_is_named(elsewhere: Path, capsys: pytest.CaptureFixture[str]):
    words = ("run", "mine.yaml", "--run", "here")
    complaint = told(capsys, *words)
    assert "mine.yaml: no such file" in complaint
    assert "seewhy recipe show inkgrid > mine.yaml" in complaint
    for content, fact in ((b"name: [inkgrid", "mine.yaml is not YAML"), (b"\xff\xfe\x00", "mine.yaml is not UTF-8"),
                          (b"", "mine.yaml must be a mapping")):  # fmt: skip
        Path("mine.yaml").write_bytes(content)
        assert fact in told(capsys, *words)
    Path("mine.yaml").unlink()
    Path("mine.yaml").mkdir()
    assert "mine.yaml cannot be read (Is a directory)" in told(capsys, *words)
    assert [path.name for path in elsewhere.iterdir()] == ["mine.yaml"]


def test_an_unknown_field_of_a_recipe_file_is_named_with_the_nearest(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
):
    Path("mine.yaml").write_text(recipe_text(inkgrid()).replace("per_question", "per_questoin"), encoding="utf-8")
    complaint = told(capsys, "run", "mine.yaml", "--run", "here")
    assert "mine.yaml: steps.chains.per_questoin: unknown field" in complaint
    assert "did you mean 'per_question'?" in complaint


@pytest.mark.parametrize("run", ["file", "file/below", "file/far/below"])
def test_a_run_directory_that_cannot_be_made_is_named(run: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]):
    Path("file").write_text("mine", encoding="utf-8")
    complaint = told(capsys, "run", "inkgrid", "--run", run)
    assert f"{run} cannot be made a run's directory (" in complaint
    assert complaint.endswith("); choose another folder")
    assert Path("file").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["no-such-owner/no-such-model", "an empty folder"])
def test_a_model_that_is_none_is_named_with_what_would_be_one(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = name
    if name == "an empty folder":
        model = str(tmp_path / "empty")
        Path(model).mkdir()
    few = ["--questions.train", "4", "--questions.validation", "0", "--questions.test", "2", "--questions.shifted", "0"]
    words = ["run", "inkgrid", "--run", str(tmp_path / "run"), "--base.path", model, *few, "--rationales.ask", "3",
             "--lessons.ask", "3", "--lessons.format-aligned", "1"]  # fmt: skip
    assert main(words) == 2
    complaint = capsys.readouterr().err
    assert "model base" in complaint
    assert f"{model!r} cannot be opened (" in complaint
    assert "give `tiny`, a folder in Hugging Face format with its processor, or the name of a" in complaint
    assert not (tmp_path / "run" / "sft" / "_manifest.json").exists()


def test_a_step_names_the_one_that_comes_before_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    complaint = told(capsys, "run", "inkgrid", "--run", str(tmp_path / "run"), "--only", "lessons")
    assert "step lessons" in complaint
    assert "rationales.chains is not finished" in complaint
    assert "--only rationales" in complaint


def test_a_folder_whose_name_is_no_utf_8_is_named_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    named = os.fsdecode(os.fsencode(tmp_path) + b"/mine-\xff")
    (tmp_path / "q.jsonl").write_text('{"id": "1", "split": "test", "question": "1?", "answer": "1"}\n')
    (tmp_path / "p.jsonl").write_text('{"id": "1", "prediction": "1"}\n')
    Path(named).mkdir()
    (Path(named) / "p.jsonl").write_bytes((tmp_path / "p.jsonl").read_bytes())
    asked = ["grade", f"{named}/p.jsonl", "--questions", str(tmp_path / "q.jsonl")]
    assert main([*asked, "--out", str(tmp_path / "out")]) == 2
    first, _, remedy = capsys.readouterr().err.strip().splitlines()
    assert "mine-" in first
    assert "no UTF-8" in first
    assert remedy.startswith("  remedy: rename the file or folder")
