"""The questions of rows are those from which the rows follow: nobody needs to name them again."""

import json
import shutil
from pathlib import Path

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.records.lineage import read_manifest
from seewhy.runs.outside import hash_input
from seewhy.runs.plan_file import rows_behind

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples"
RECIPE = """
name: short
steps:
  questions: {stage: questions, train: 8, validation: 0, test: 0}
  rationales: {stage: distil, questions: questions.train, teacher: {kind: oracle, error_rate: 0.2}}
"""


def made_in(place: Path) -> None:
    """Questions in `q` and chains about them in `d`, each by a command."""
    assert main(["questions", "--train", "8", "--validation", "0", "--test", "0", "--out", str(place / "q")]) == 0
    assert main(["distil", "--questions", str(place / "q" / "train"), "--teacher", "oracle", "--teacher.error-rate",
                 "0.2", "--out", str(place / "d")]) == 0  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("made")
    made_in(place)
    return place


def complaint(capsys, *words: str) -> str:
    capsys.readouterr()
    assert main(words) == 2
    return sentence(capsys.readouterr().err)


def shards(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_chains_that_a_stage_has_written_are_judged_by_the_questions_that_it_read(made, tmp_path):
    chains, judge = str(made / "d" / "chains"), ["--judge", "outcome", "--out", str(tmp_path / "v")]
    assert main(["judge", "--chains", chains, *judge]) == 0
    assert shards(tmp_path / "v") == shards(made / "d" / "verdicts")
    part = str(made / "d" / "chains" / "part-00000.parquet")
    assert main(["judge", "--chains", part, "--out", str(tmp_path / "w")]) == 0
    assert shards(tmp_path / "w") == shards(tmp_path / "v")


def test_chains_of_a_run_are_judged_by_the_questions_of_the_run(tmp_path):
    run, recipe = tmp_path / "run", tmp_path / "short.yaml"
    recipe.write_text(RECIPE)
    assert main(["run", str(recipe), "--run", str(run)]) == 0
    assert main(["judge", "--chains", str(run / "rationales" / "chains"), "--out", str(tmp_path / "v")]) == 0
    assert shards(tmp_path / "v") == shards(run / "rationales" / "verdicts")


def test_questions_are_found_through_rows_between_and_after_all_was_moved(tmp_path):
    work = tmp_path / "work"
    made_in(work)
    assert main(["judge", "--chains", str(work / "d" / "chains"), "--out", str(work / "v")]) == 0
    moved = Path(shutil.move(work, tmp_path / "elsewhere"))
    assert rows_behind(moved / "v", "Question", hash_input) == moved / "q" / "train"
    assert main(["judge", "--chains", str(moved / "d" / "chains"), "--out", str(moved / "again")]) == 0
    assert shards(moved / "again") == shards(moved / "v")


@pytest.mark.parametrize("fault", ["changed", "gone"])
def test_questions_that_changed_or_are_gone_since_the_chains_were_made_are_not_used(fault, tmp_path, capsys):
    shutil.copytree(EXAMPLE, tmp_path / "own")
    rows = [json.loads(line) for line in (tmp_path / "own" / "questions.jsonl").read_text().splitlines()]
    source = tmp_path / "own" / "taught.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows if row.get("rationale")))
    chains = str(tmp_path / "out" / "chains")
    assert main(["distil", "--questions", str(source), "--teacher", "gold", "--out", str(tmp_path / "out")]) == 0
    text = source.read_text()
    source.unlink()
    if fault == "changed":
        source.write_text("".join(text.splitlines(keepends=True)[:-1]))
    told = complaint(capsys, "judge", "--chains", chains, "--out", str(tmp_path / "v"))
    assert all(fact in told for fact in (chains, str(source), "Question", "questions")), told
    assert not (tmp_path / "v").exists()
    source.write_text(text)
    assert main(["judge", "--chains", chains, "--questions", str(source), "--out", str(tmp_path / "v")]) == 0


def test_a_recipe_over_chains_from_outside_finds_their_questions_too(made, tmp_path):
    recipe = tmp_path / "judged.yaml"
    recipe.write_text(f"name: judged\ninputs: {{drawn: {made / 'd' / 'chains'}}}\n"
                      "steps:\n  verdicts: {stage: judge, chains: drawn}\n")  # fmt: skip
    assert main(["run", str(recipe), "--run", str(tmp_path / "run")]) == 0
    assert shards(tmp_path / "run" / "verdicts") == shards(made / "d" / "verdicts")


def test_a_corrected_gold_answer_makes_verdicts_on_the_same_chains_stale(tmp_path, capsys):
    shutil.copytree(EXAMPLE, tmp_path / "own")
    rows = [json.loads(line) for line in (tmp_path / "own" / "questions.jsonl").read_text().splitlines()]
    taught = [row for row in rows if row.get("rationale")]
    source = tmp_path / "own" / "taught.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in taught))
    words = ["distil", "--questions", str(source), "--teacher", "gold", "--out", str(tmp_path / "d")]
    judge = ["judge", "--chains", str(tmp_path / "d" / "chains"), "--out", str(tmp_path / "v")]
    assert main(words) == 0
    assert main(judge) == 0
    chains = shards(tmp_path / "d" / "chains")
    taught[2]["answers"] = taught[2]["answers"][:1]
    source.write_text("".join(json.dumps(row) + "\n" for row in taught))
    assert main(words) == 0
    assert shards(tmp_path / "d" / "chains") == chains
    capsys.readouterr()
    assert main(judge) == 0
    assert "done in" in capsys.readouterr().out
    assert read_manifest(tmp_path / "v").inputs["questions"] == hash_input(source)
