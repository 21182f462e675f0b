"""`seewhy init` writes a recipe that is checked and runs, asks nothing without a terminal, and replaces no file."""

import json
from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.runs.recipe_text import find_recipe
from seewhy.workbench.answers import METHODS, Answers, ask_all
from seewhy.workbench.new_recipe import new_recipe

MINE = "docs/examples/questions.jsonl"


def steps(**given: str) -> dict[str, object]:
    plain, _, _ = new_recipe("mine", Answers(**given))
    found = plain["steps"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("weights", ["adapter", "full"])
@pytest.mark.parametrize("teacher", ["none", "oracle"])
def test_every_method_gives_a_recipe_that_passes_the_check(
    method: str, weights: str, teacher: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = str(tmp_path / "mine.yaml")
    words = ["init", file, "--yes", "--method", method, "--weights", weights, "--teacher", teacher]
    assert main(words) == 0
    assert main(["recipe", "check", file]) == 0
    assert f"\n{method}: a model with weights" in capsys.readouterr().out
    recipe, _ = find_recipe(file)
    assert ("rationales" in recipe.steps) == (teacher == "oracle")
    assert list(recipe.steps)[-2:] == ["test", "report"]


def test_what_the_file_holds_decides_the_usual_answers(tmp_path: Path):
    assert steps(questions=MINE, method="sft")["rationales"] == {
        "stage": "distil", "questions": "questions.train", "teacher": {"kind": "gold"},
    }  # fmt: skip
    rows = [{"id": f"{n}", "split": split, "question": "1 + 1?", "answer": "2"}
            for n, split in enumerate(("train", "train", "validation"))]  # fmt: skip
    file = tmp_path / "plain.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = steps(questions=str(file), method="sft")
    assert list(found) == ["questions", "chains", "verdicts", "lessons", "sft", "test", "report"]
    # Without test questions the validation questions are the measure.
    assert found["questions"] == {"stage": "questions", "benchmark": "jsonl", "source": str(file), "train": 2,
                                  "validation": 1, "test": 0, "shifted": 0}  # fmt: skip
    served = steps(questions=str(file), teacher="gpt-4o@https://api.openai.com/v1")
    assert served["rationales"] == {"stage": "distil", "questions": "questions.train", "model": "teacher",
                                    "teacher": {"kind": "endpoint"}}  # fmt: skip


def test_an_adapter_is_usual_for_models_of_a_size_and_not_for_the_shipped_one():
    assert "adapter" not in steps()["dpo"]  # pyright: ignore[reportOperatorIssue]
    _, recipe, answers = new_recipe("mine", Answers(model="Qwen/Qwen2.5-VL-3B-Instruct"))
    assert answers.weights == "adapter"
    assert recipe.models["base"].path == "Qwen/Qwen2.5-VL-3B-Instruct"


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["--method", "ppo"], ["--method 'ppo'", "sft, dpo, mpo, grpo"]),
        (["--weights", "lora"], ["--weights 'lora'", "adapter, full"]),
        (["--questions", "nothing.jsonl"], ["--questions", "nothing.jsonl", "BENCHMARK=FOLDER"]),
        (["--questions", "scienceq=docs"], ["'scienceq'", "did you mean 'scienceqa'?"]),
        (["--questions", MINE, "--teacher", "oracle"], ["--teacher oracle", "inkgrid"]),
        (["--teacher", "gpt-4o"], ["--teacher 'gpt-4o'", "NAME@URL"]),
        (["--colour", "red"], ["'--colour' is no option", "--help"]),
        (["--model", "/no/such"], ["--model", "/no/such", "Hugging Face format"]),
        (["again.yaml", "more.yaml"], ["more.yaml"]),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_written(
    words: list[str], facts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "mine.yaml"
    assert main(["init", str(file), "--yes", *words]) == 2
    said = capsys.readouterr()
    assert [fact for fact in facts if fact not in said.err] == []
    assert said.out == ""
    assert not file.exists()


def test_a_file_that_is_there_is_replaced_by_force_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "mine.yaml"
    file.write_text("edited by hand", encoding="utf-8")
    assert main(["init", str(file), "--yes"]) == 2
    assert f"{file} is there" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == "edited by hand"
    # Standard input is no terminal here: nothing is asked without --yes either.
    assert main(["init", str(file), "--force", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["path"], shown["answers"]["method"]) == (str(file), "dpo")
    assert find_recipe(str(file))[0].name == "mine"


def test_a_person_is_asked_what_no_option_says_and_an_empty_line_takes_the_usual_answer():
    asked: list[tuple[str, str]] = []

    def typed(question: str, usual: str) -> str:
        asked.append((question, usual))
        return " sft " if usual == "dpo" else ""

    names = ("model", "questions", "method", "teacher", "weights")
    answers = ask_all({"model": "here"}, {name: name for name in names}, typed)
    assert answers == Answers(model="here", method="sft")
    assert asked == [("questions", "inkgrid"), ("method", "dpo"), ("teacher", ""), ("weights", "")]


@pytest.mark.nightly
@pytest.mark.parametrize("method", METHODS)
def test_what_is_written_runs(method: str, tmp_path: Path):
    file = str(tmp_path / "mine.yaml")
    assert main(["init", file, "--yes", "--method", method]) == 0
    few = ["--questions.train", "64", "--questions.test", "8", "--workers", "1", "--threads", "1"]
    few += ["--grpo.rollouts.rounds", "1"] if method == "grpo" else []
    assert main(["run", file, "--run", str(tmp_path / "run"), *few]) == 0
    assert main(["status", str(tmp_path / "run")]) == 0
