"""A file of one's own questions goes through the stages as inkgrid does, up to the lessons of its own rationales."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from rich.console import Console
from seewhy.cli.progress import Screen
from seewhy.cli.recipes import find_recipe
from seewhy.cli.workspace import Workspace

from seewhy.cli import distil, questions
from seewhy.cli.main import main
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Lesson, Outcome, Question, Style, Verdict

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def own(tmp_path) -> Path:
    """A copy of the example beside its pictures."""
    shutil.copytree(DOCS / "examples", tmp_path / "own")
    return tmp_path / "own" / "questions.jsonl"


def stage(capsys, run: Path, name: str, source: Path, teacher: str = "gold", **counts: int) -> tuple[int, str]:
    """Exit status and output of one stage, its recipe that of inkgrid with this source."""
    recipe = run.with_suffix(".yaml")
    assert main(["recipe", "show", "inkgrid"]) == 0
    text = capsys.readouterr().out
    asked = find_recipe("inkgrid").questions
    olds = {split: asdict(asked)[split] for split in ("train", "validation", "test", "shifted")}
    wanted = olds | {"shifted": 0} | counts
    text = text.replace("benchmark: inkgrid", "benchmark: jsonl").replace("source: ''", f"source: {source}")
    text = text.replace("teacher: oracle", f"teacher: {teacher}")
    for split, old in olds.items():
        text = text.replace(f"{split}: {old}\n", f"{split}: {wanted[split]}\n", 1)
    recipe.write_text(text)
    status = main([name, "--run", str(run), "--recipe", str(recipe)])
    out, err = capsys.readouterr()
    return status, " ".join(f"{out}{err}".split())


def test_the_page_shows_the_example_as_it_is():
    block = (DOCS / "your-questions.md").read_text().partition("```json\n")[2].partition("\n```")[0]
    assert block + "\n" == (DOCS / "examples" / "questions.jsonl").read_text()


def test_the_example_becomes_lessons(capsys, tmp_path, own):
    run = tmp_path / "run"
    status, said = stage(capsys, run, "questions", own)
    assert status == 0
    assert "train: all 3 questions" in said
    read = list(read_rows(run / "questions" / "train", Question))
    assert [question.id for question in read] == ["column", "diagonal", "rows"]
    assert all(Path(image.path).is_file() for question in read for image in question.images)
    assert stage(capsys, run, "distil", own)[0] == 0
    chains = list(read_rows(run / "distil" / "chains", Chain))
    assert [chain.text.partition("### Answer: ")[2] for chain in chains] == ["D", "9", "row 3"]
    assert {row.outcome for row in read_rows(run / "distil" / "verdicts", Verdict)} == {Outcome.CORRECT}
    lessons = list(read_rows(run / "distil" / "lessons", Lesson))
    assert {lesson.question_id for lesson in lessons if lesson.style is Style.REASON} == {"column", "diagonal", "rows"}
    assert {lesson.source for lesson in lessons} == {"gold"}


def test_a_count_takes_the_first_so_many_and_says_how_many_there_are(capsys, tmp_path, own):
    status, said = stage(capsys, tmp_path / "run", "questions", own, train=2)
    assert status == 0
    assert "train: the first 2 of 3 questions; --questions.train 3 takes all" in said
    assert len(list(read_rows(tmp_path / "run" / "questions" / "train", Question))) == 2


def test_no_split_is_written_before_all_are_right_and_a_mended_file_goes_on(capsys, tmp_path, own):
    whole = own.read_text()
    own.write_text(whole.replace("pages/sum.png", "pages/sun.png"))
    status, said = stage(capsys, tmp_path / "run", "questions", own)
    assert status == 2
    assert "questions.jsonl:5: field 'images':" in said
    assert not list((tmp_path / "run").rglob("*.parquet"))
    own.write_text(whole)
    assert stage(capsys, tmp_path / "run", "questions", own)[0] == 0


def test_an_empty_split_is_refused_before_anything_is_written(capsys, tmp_path, own):
    status, said = stage(capsys, tmp_path / "run", "questions", own, shifted=10)
    assert status == 2
    assert "no question in its shifted split (it has 3 of train, 1 of validation, 1 of test)" in said
    assert "set --questions.shifted 0" in said


def test_a_file_that_changed_after_it_was_read_is_refused(capsys, tmp_path, own):
    assert stage(capsys, tmp_path / "run", "questions", own)[0] == 0
    own.write_text(own.read_text().replace("row 3 reads", "row 3 shows").replace("Row 3 reads", "Row 3 shows"))
    status, said = stage(capsys, tmp_path / "run", "questions", own)
    assert status == 2
    assert "holds rows of another plan: inputs.questions.jsonl is" in said


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("rationale", None, "teacher gold: 1 of 3 questions (diagonal) have no rationale: write one for each"),
        ("rationale", "It is 9. ### Answer: 9", "(diagonal) have '### Answer:' in their rationale"),
        ("rule", "open", "(diagonal) have no gold answer"),
    ],
)
def test_the_gold_teacher_names_the_questions_that_it_cannot_teach(capsys, tmp_path, own, field, value, told):
    rows = [json.loads(line) for line in own.read_text().splitlines()]
    rows[1][field] = value
    if field == "rule":
        del rows[1]["answer"]
    own.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = tmp_path / "run"
    assert stage(capsys, run, "questions", own)[0] == 0
    status, said = stage(capsys, run, "distil", own)
    assert status == 2
    assert told in said
    assert not (run / "distil").exists()


def test_the_oracle_says_that_it_does_not_know_these_questions(capsys, tmp_path, own):
    assert stage(capsys, tmp_path / "run", "questions", own, "oracle")[0] == 0
    status, said = stage(capsys, tmp_path / "run", "distil", own, "oracle")
    assert status == 2
    assert "choose --distil.teacher gold" in said


@pytest.mark.parametrize(
    ("benchmark", "source", "told"),
    [
        ("jsonl", "", "jsonl reads your questions: name their file or folder with --questions.source"),
        ("inkgrid", "mine.jsonl", "inkgrid draws its own questions: leave --questions.source away"),
    ],
)
def test_a_source_goes_with_a_benchmark_that_reads(capsys, tmp_path, benchmark, source, told):
    words = ["run", "inkgrid", "--run", str(tmp_path / "run"), "--questions.benchmark", benchmark]
    assert main([*words, *(["--questions.source", source] if source else [])]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_the_gold_teacher_knows_the_pages_of_inkgrid_too(capsys, tmp_path):
    recipe = find_recipe("inkgrid")
    few = replace(recipe.questions, train=4, validation=1, test=1, shifted=0)
    taught = replace(recipe.distil, questions=4, teacher="gold")
    taught_few = replace(recipe, questions=few, distil=taught)
    space = Workspace(root=tmp_path, recipe=taught_few, screen=Screen(console=Console()))
    questions.run(space)
    distil.run(space)
    capsys.readouterr()
    verdicts = list(read_rows(space.place("distil", "verdicts"), Verdict))
    assert [row.outcome for row in verdicts] == [Outcome.CORRECT] * 4
