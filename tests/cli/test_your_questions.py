"""A file of one's own questions goes through the steps as inkgrid does, up to the lessons of its own rationales."""

import json
import shutil
from pathlib import Path

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Lesson, Outcome, Question, Style, Verdict
from seewhy.runs.open import open_run

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def own(tmp_path) -> Path:
    """A copy of the example beside its pictures."""
    shutil.copytree(DOCS / "examples", tmp_path / "own")
    return tmp_path / "own" / "questions.jsonl"


def until(capsys, run: Path, step: str, source: Path, teacher: str = "gold", **counts: int) -> tuple[int, str]:
    """Exit status and output of inkgrid's steps up to one, with questions of this file."""
    counts = {"shifted": 0, **counts}
    words = ["run", "inkgrid", "--run", str(run), "--until", step, "--questions.benchmark", "jsonl",
             "--questions.source", str(source), "--rationales.teacher", teacher,
             *(word for split, count in counts.items() for word in (f"--questions.{split}", str(count)))]  # fmt: skip
    status = main(words)
    out, err = capsys.readouterr()
    return status, " ".join(f"{out}{err}".split())


def test_the_page_shows_the_example_as_it_is():
    block = (DOCS / "your-questions.md").read_text().partition("```json\n")[2].partition("\n```")[0]
    assert block + "\n" == (DOCS / "examples" / "questions.jsonl").read_text()


def test_the_example_becomes_lessons(capsys, tmp_path, own):
    run = tmp_path / "run"
    status, said = until(capsys, run, "lessons", own)
    assert status == 0, said
    assert "train: all 3 questions" in said
    read = open_run(run).questions("questions.train")
    assert [question.id for question in read] == ["column", "diagonal", "rows"]
    assert all(Path(image.path).is_file() for question in read for image in question.images)
    chains = list(read_rows(run / "rationales" / "chains", Chain))
    assert [chain.text.partition("### Answer: ")[2] for chain in chains] == ["D", "9", "row 3"]
    assert {row.outcome for row in read_rows(run / "rationales" / "verdicts", Verdict)} == {Outcome.CORRECT}
    lessons = list(read_rows(run / "lessons", Lesson))
    assert {lesson.question_id for lesson in lessons if lesson.style is Style.REASON} == {"column", "diagonal", "rows"}
    assert {lesson.source for lesson in lessons} == {"gold"}


def test_a_count_takes_the_first_so_many_and_says_how_many_there_are(capsys, tmp_path, own):
    status, said = until(capsys, tmp_path / "run", "questions", own, train=2)
    assert status == 0
    assert "train: the first 2 of 3 questions" in said
    assert len(list(read_rows(tmp_path / "run" / "questions" / "train", Question))) == 2


def test_a_split_with_a_fault_is_not_written_and_a_mended_file_goes_on(capsys, tmp_path, own):
    whole = own.read_text()
    own.write_text(whole.replace("pages/sum.png", "pages/sun.png"))
    status, said = until(capsys, tmp_path / "run", "questions", own)
    assert status == 2
    assert "questions.jsonl:5: field 'images':" in said
    assert not list((tmp_path / "run" / "questions" / "test").glob("*.parquet"))
    own.write_text(whole)
    assert until(capsys, tmp_path / "run", "questions", own)[0] == 0


def test_an_empty_split_is_refused(capsys, tmp_path, own):
    status, said = until(capsys, tmp_path / "run", "questions", own, shifted=10)
    assert status == 2
    assert "shifted" in said
    assert not list((tmp_path / "run" / "questions" / "shifted").glob("*.parquet"))


def test_a_file_that_changed_after_lessons_were_made_of_it_is_refused(capsys, tmp_path, own):
    assert until(capsys, tmp_path / "run", "lessons", own)[0] == 0
    own.write_text(own.read_text().replace("row 3 reads", "row 3 shows").replace("Row 3 reads", "Row 3 shows"))
    status, said = until(capsys, tmp_path / "run", "lessons", own)
    assert status == 2
    assert "questions.jsonl" in said
    assert "--remake" in said


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("rationale", None, "teacher gold: 1 of 3 questions (diagonal) have no rationale"),
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
    status, said = until(capsys, tmp_path / "run", "rationales", own)
    assert status == 2
    assert told in said
    assert not list((tmp_path / "run" / "rationales").rglob("*.parquet"))


def test_the_oracle_says_that_it_does_not_know_these_questions(capsys, tmp_path, own):
    status, said = until(capsys, tmp_path / "run", "rationales", own, "oracle")
    assert status == 2
    assert "choose gold" in said


@pytest.mark.parametrize(
    ("benchmark", "source", "told"),
    [("jsonl", "", "benchmark jsonl reads files"), ("inkgrid", "mine.jsonl", "inkgrid draws its own questions")],
)
def test_a_source_goes_with_a_benchmark_that_reads(capsys, tmp_path, benchmark, source, told):
    words = ["run", "inkgrid", "--run", str(tmp_path / "run"), "--questions.benchmark", benchmark]
    assert main([*words, *(["--questions.source", source] if source else [])]) == 2
    said = sentence(capsys.readouterr().err)
    assert "steps.questions: source" in said
    assert told in said


def test_the_gold_teacher_knows_the_pages_of_inkgrid_too(tmp_path):
    words = ["run", "inkgrid", "--run", str(tmp_path), "--until", "rationales", "--questions.train", "4",
             "--questions.validation", "0", "--questions.test", "1", "--questions.shifted", "0", "--rationales.teacher",
             "gold", "--rationales.ask", "0"]  # fmt: skip
    assert main(words) == 0
    verdicts = list(read_rows(tmp_path / "rationales" / "verdicts", Verdict))
    assert [row.outcome for row in verdicts] == [Outcome.CORRECT] * 4


def test_lessons_of_an_own_file_are_made_of_its_training_questions_alone(capsys, tmp_path, own):
    rows = [json.loads(line) for line in own.read_text().splitlines()]
    splits = {row["id"]: row.get("split", "train") for row in rows}
    splits[rows[0]["id"]] = "test"
    own.write_text("".join(json.dumps({**row, "split": splits[row["id"]]}) + "\n" for row in rows))
    wanted = {name for name, split in splits.items() if split == "train"}
    assert wanted
    assert main(["distil", "--questions", str(own), "--out", str(tmp_path / "taught")]) == 0
    said = "".join(capsys.readouterr())
    assert {row.question_id for row in read_rows(tmp_path / "taught" / "chains", Chain)} == wanted
    assert f"{len(rows) - len(wanted)} questions are left out" in " ".join(said.split())
    own.write_text("".join(json.dumps({**row, "split": split}) + "\n"
                           for row, split in zip(rows, ("test", "validation") * len(rows), strict=False)))  # fmt: skip
    assert main(["distil", "--questions", str(own), "--out", str(tmp_path / "none")]) != 0
    assert "none of train" in " ".join("".join(capsys.readouterr()).split())


@pytest.fixture
def by_answer(tmp_path) -> Path:
    """300 test questions of three answers, in the order of their answers."""
    kinds = ("circle", "cross", "ring")
    rows = [{"id": f"q{n}", "split": "test", "question": f"Sign {n}?", "answer": kinds[n // 100]} for n in range(300)]
    file = tmp_path / "sorted.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_drawn_questions_of_a_sorted_file_are_of_every_kind_and_more_keep_those_that_are_there(
    capsys, tmp_path, by_answer
):
    """By hand: 30 of 300 without one of three kinds of 100 has odds of 200!/170! * 270!/300!, about 2 in a million."""

    def taken(name: str, *words: str) -> list[Question]:
        words = ("questions", "--benchmark", "jsonl", "--source", str(by_answer), "--train", "0", "--validation", "0",
                 "--shifted", "0", "--out", str(tmp_path / name), *words)  # fmt: skip
        assert main(list(words)) == 0
        return list(read_rows(tmp_path / name / "test", Question))

    first = taken("first", "--test", "30")
    assert {one.gold.answers for one in first} == {("circle",)}
    assert "questions.drawn" in capsys.readouterr().out
    few, many, other = taken("few", "--test", "30", "--drawn"), taken("many", "--test", "60", "--drawn"), taken(
        "other", "--test", "30", "--drawn", "--seed", "5"
    )  # fmt: skip
    assert "30 of 300 questions, drawn by seed 0" in capsys.readouterr().out
    assert len({one.gold.answers for one in few}) == 3
    assert {one.id for one in few} < {one.id for one in many}
    assert [int(one.id[1:]) for one in many] == sorted(int(one.id[1:]) for one in many)
    assert other == few, "every seed of a run is measured on the same test questions"


def test_questions_that_a_benchmark_draws_itself_are_not_drawn_from_a_file(capsys, tmp_path):
    assert main(["questions", "--drawn", "--out", str(tmp_path / "q")]) == 2
    assert "drawn: inkgrid draws its own questions" in capsys.readouterr().err
