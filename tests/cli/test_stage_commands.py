"""A stage over files, without a recipe: the same rows as in a run, and no library that it does not need."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from said_errors import sentence

from seewhy.benchmarks import inkgrid
from seewhy.cli.main import main
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.lineage import read_manifest
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Chain, Lesson, Outcome, Pair, Question, Split, Style, Verdict
from seewhy.testing.oracle import Oracle

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples"
TRAIN, TAUGHT, CHAINS = 20, 8, 4
QUESTIONS = ["--train", str(TRAIN), "--validation", "0", "--test", "0"]
BAND = ["--rule.lowest", "0.01", "--rule.highest", "0.99"]
RECIPE = """
name: whole
inputs: {{drawn: {chains}}}
steps:
  questions: {{stage: questions, train: 20, validation: 0, test: 0}}
  rationales: {{stage: distil, questions: questions.train, ask: 8, teacher: {{kind: oracle, error_rate: 0.2}}}}
  lessons: {{stage: lessons, rationales: rationales, verdicts: rationales.verdicts, direct: questions.train, ask: 8}}
  verdicts: {{stage: judge, chains: drawn, questions: questions.train}}
  pairs: {{stage: pair, chains: drawn, verdicts: verdicts, rule: {{kind: by_outcome, lowest: 0.01, highest: 0.99}}}}
  report: {{stage: report}}
"""
HEAVY = ("torch", "transformers", "accelerate", "peft", "safetensors", "openai")
LOADS = """
import json, sys
from seewhy.cli.main import main
status = main(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> SimpleNamespace:
    """Chains from outside and a run over them, for commands to read from."""
    place = tmp_path_factory.mktemp("made")
    pages = list(inkgrid.load(place / "pages", Split.TRAIN, count=TRAIN))
    asks = [GenerateRequest(question=question, style=Style.REASON, count=CHAINS) for question in pages[TAUGHT:]]
    chains = [chain for group in Oracle(error_rate=0.5, seed=3).generate(asks, SamplingParams()) for chain in group]
    write_shard(place / "chains", 0, chains, Chain)
    recipe = place / "whole.yaml"
    recipe.write_text(RECIPE.format(chains=place / "chains"))
    assert main(["run", str(recipe), "--run", str(place / "run")]) == 0
    return SimpleNamespace(place=place, chains=place / "chains", run=place / "run", recipe=recipe)


def complaint(capsys, *words: str) -> str:
    capsys.readouterr()
    assert main(words) == 2
    return sentence(capsys.readouterr().err)


def words_of(made: SimpleNamespace, stage: str) -> list[str]:
    """The command for what a step of the run does, over the run's folders."""
    run, chains = made.run, str(made.chains)
    questions = ["--questions", str(run / "questions" / "train")]
    direct = ["--direct", str(run / "questions" / "train"), "--ask", "8"]
    rationales = ["--rationales", str(run / "rationales" / "chains"),
                  "--verdicts", str(run / "rationales" / "verdicts")]  # fmt: skip
    return {
        "questions": ["questions", *QUESTIONS],
        "distil": ["distil", *questions, "--ask", "8", "--teacher", "oracle", "--teacher.error-rate", "0.2"],
        "lessons": ["lessons", *rationales, *direct],
        "judge": ["judge", "--chains", chains, *questions, "--judge", "outcome"],
        "pair": ["pair", "--chains", chains, "--verdicts", str(run / "verdicts"), "--rule", "by_outcome", *BAND],
    }[stage]


def shards(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize(
    ("stage", "step", "record"),
    [
        ("distil", "rationales", Chain),
        ("lessons", "lessons", Lesson),
        ("judge", "verdicts", Verdict),
        ("pair", "pairs", Pair),
    ],
)
def test_a_stage_over_files_gives_the_rows_of_the_run_to_the_byte(made, stage, step, record, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([*words_of(made, stage), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert (f"[1/1] {stage}" in said, f"\n{stage}: done in" in said, "step:" in said) == (True, True, False)
    assert shards(out) == shards(made.run / step)
    (folder,) = {path.parent for path in out.rglob("*.parquet") if path.parent.name not in {"verdicts"}}
    assert list(read_rows(folder, record))
    assert read_manifest(folder).counts["rows"] == sum(1 for _ in read_rows(folder, record))


def test_questions_are_those_of_the_run_with_their_pictures_beside_them(made, tmp_path):
    out = tmp_path / "out"
    assert main([*words_of(made, "questions"), "--out", str(out)]) == 0
    folders = (out / "train", made.run / "questions" / "train")
    drawn, there = ([replace(row, images=()) for row in read_rows(folder, Question)] for folder in folders)
    assert drawn == there
    pictures, others = (
        [folder / image.path for row in read_rows(folder, Question) for image in row.images] for folder in folders
    )
    assert pictures
    assert all(path.resolve().is_relative_to(out) for path in pictures)
    assert [path.read_bytes() for path in pictures] == [path.read_bytes() for path in others]


def test_one_command_reads_what_another_one_wrote(tmp_path, made):
    place = {name: str(tmp_path / name) for name in ("q", "d", "l", "v", "p")}
    train, chains = f"{place['q']}/train", f"{place['d']}/chains"
    assert main(["questions", *QUESTIONS, "--out", place["q"]]) == 0
    assert main(["distil", "--questions", train, "--ask", "8", "--teacher", "oracle", "--teacher.error-rate", "0.2",
                 "--out", place["d"]]) == 0  # fmt: skip
    assert main(["lessons", "--rationales", chains, "--verdicts", f"{place['d']}/verdicts", "--direct", train, "--ask",
                 "8", "--out", place["l"]]) == 0  # fmt: skip
    assert shards(Path(place["l"])) == shards(made.run / "lessons")
    assert main(["judge", "--chains", str(made.chains), "--questions", train, "--out", place["v"]]) == 0
    assert main(["pair", "--chains", str(made.chains), "--verdicts", place["v"], *BAND, "--out", place["p"]]) == 0
    assert shards(Path(place["p"])) == shards(made.run / "pairs")


def test_a_parquet_file_is_as_good_as_its_folder(made, tmp_path):
    words = ["pair", "--chains", str(made.chains / "part-00000.parquet"),
             "--verdicts", str(made.run / "verdicts" / "part-00000.parquet"), *BAND]  # fmt: skip
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    assert shards(tmp_path / "out") == shards(made.run / "pairs")


def test_questions_may_be_a_file_as_people_write_them(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "own")
    rows = [json.loads(line) for line in (tmp_path / "own" / "questions.jsonl").read_text().splitlines()]
    taught = [row for row in rows if row.get("rationale")]
    source = tmp_path / "own" / "taught.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in taught))
    out = tmp_path / "out"
    assert main(["distil", "--questions", str(source), "--teacher", "gold", "--out", str(out)]) == 0
    assert {row.question_id for row in read_rows(out / "chains", Chain)} == {row["id"] for row in taught}
    assert {row.outcome for row in read_rows(out / "verdicts", Verdict)} == {Outcome.CORRECT}
    again = ["judge", "--chains", str(out / "chains"), "--questions", str(source), "--out", str(tmp_path / "again")]
    assert main(again) == 0
    assert shards(tmp_path / "again") == shards(out / "verdicts")


@pytest.mark.parametrize("stage", ["questions", "distil", "lessons", "judge", "pair"])
def test_the_same_command_again_finds_its_rows_and_makes_nothing(made, stage, tmp_path, capsys):
    words = [*words_of(made, stage), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    capsys.readouterr()
    assert main(words) == 0
    said = capsys.readouterr().out
    assert ("done in" in said, f"{stage}: finished before" in said) == (False, True)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_another_setting_makes_the_rows_of_the_folder_anew(made, tmp_path):
    words = ["pair", "--chains", str(made.chains), "--verdicts", str(made.run / "verdicts"), *BAND]
    assert main([*words, "--rule.most", "3", "--out", str(tmp_path / "out")]) == 0
    assert main([*words, "--rule.most", "1", "--out", str(tmp_path / "out")]) == 0
    assert main([*words, "--rule.most", "1", "--out", str(tmp_path / "fresh")]) == 0
    assert shards(tmp_path / "out") == shards(tmp_path / "fresh")
    assert shards(tmp_path / "out") != shards(made.run / "pairs")


def test_a_folder_with_other_files_is_refused_and_left_alone(made, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    told = complaint(capsys, *words_of(made, "pair"), "--out", str(tmp_path))
    assert all(fact in told for fact in (str(tmp_path), "mine.txt", "--out"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "rule",
    [
        ["--rule", "by_outcome", "--rule.most", "1", *BAND],
        ["--rule.most", "1", *BAND, "--rule", "by_outcome"],
        ["--rule.most", "1", *BAND, "--rule.kind", "by_outcome"],
        ["--rule.most", "1", *BAND],
    ],
    ids=["kind-first", "kind-last", "kind-by-name", "usual-kind"],
)
def test_a_kind_and_its_settings_may_be_named_in_any_order(made, rule, tmp_path):
    out = tmp_path / "out"
    words = ["pair", "--chains", str(made.chains), "--verdicts", str(made.run / "verdicts"), *rule]
    assert main([*words, "--out", str(out)]) == 0
    settings = json.loads((out / "_plan.json").read_text())["settings"]["rule"]
    assert {name: settings[name] for name in ("kind", "most", "lowest", "highest")} == {
        "kind": "by_outcome", "most": 1, "lowest": 0.01, "highest": 0.99,
    }  # fmt: skip


def test_a_setting_of_a_kind_that_a_recipe_names_alone_keeps_the_kind(made, tmp_path, capsys):
    recipe = tmp_path / "short.yaml"
    recipe.write_text(made.recipe.read_text().replace("{{kind: oracle, error_rate: 0.2}}", "oracle")
                      .replace("{kind: oracle, error_rate: 0.2}", "oracle"))  # fmt: skip
    assert "teacher: oracle" in recipe.read_text()
    capsys.readouterr()
    assert main(["recipe", "show", str(recipe), "--rationales.teacher.error-rate", "0.3"]) == 0
    told = capsys.readouterr().out
    assert "kind: oracle" in told
    assert "error_rate: 0.3" in told


@pytest.mark.parametrize(
    ("stage", "words", "facts"),
    [
        ("pair", ["--chains", "nowhere", "--verdicts", "nowhere"], ("nowhere",)),
        ("pair", ["--rule", "by_outcom"], ("rule", "'by_outcom'", "did you mean 'by_outcome'?")),
        ("pair", ["--rule.lowst", "0.1"], ("lowst", "did you mean 'lowest'?")),
        ("judge", ["--judge", "rubric"], ("rubric", "model")),
        ("lessons", ["--direct-share", "2"], ("direct_share", "2")),
        ("distil", ["--asks", "8"], ("--asks",)),
    ],
)
def test_a_wrong_option_is_told_by_its_field_and_writes_no_row(made, stage, words, facts, tmp_path, capsys):
    told = complaint(capsys, *words_of(made, stage), *words, "--out", str(tmp_path / "out"))
    assert all(fact in told for fact in facts), told
    assert not list(tmp_path.rglob("*.parquet"))


def test_chains_of_which_no_file_says_the_questions_are_refused_with_the_field_that_names_them(made, tmp_path, capsys):
    told = complaint(capsys, "judge", "--chains", str(made.chains), "--out", str(tmp_path / "out"))
    assert all(fact in told for fact in ("chains", str(made.chains), "_plan.json", "Question", "questions")), told


def test_a_stage_without_a_place_for_its_rows_is_told_so(capsys):
    assert "--out" in complaint(capsys, "questions", *QUESTIONS)


def loaded(*words: str) -> tuple[int, set[str]]:
    """Status of a command in a fresh process, and the libraries that it has loaded in the end."""
    done = subprocess.run([sys.executable, "-c", LOADS, *words], capture_output=True, text=True, check=False,
                          env=dict(os.environ))  # fmt: skip
    assert done.stdout, done.stderr
    status, modules = json.loads(done.stdout.splitlines()[-1])
    return status, {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("stage", ["questions", "distil", "lessons", "judge", "pair"])
def test_a_stage_without_a_model_loads_no_model_library(made, stage, tmp_path):
    status, modules = loaded(*words_of(made, stage), "--out", str(tmp_path / "out"))
    assert status == 0
    assert not modules & set(HEAVY)


def test_a_report_of_a_run_loads_no_model_library(made, tmp_path):
    run = shutil.copytree(made.run, tmp_path / "run")
    shutil.rmtree(run / "report")
    status, modules = loaded("run", str(made.recipe), "--run", str(run), "--only", "report")
    assert status == 0
    assert (run / "report" / "index.html").is_file()
    assert not modules & set(HEAVY)


def test_libraries_that_are_loaded_are_seen():
    status, modules = loaded("recipe", "list")
    assert status == 0
    assert {"seewhy", "json"} <= modules
    ask = "import torch\n" + LOADS
    done = subprocess.run([sys.executable, "-c", ask, "recipe", "list"], capture_output=True, text=True, check=False)
    assert "torch" in json.loads(done.stdout.splitlines()[-1])[1]
