"""What holds for every benchmark that reads a release: each file of `seewhy/benchmarks` is put to the same questions.

The rows are written for the tests, in the schema of each release (`tests/written`); a new benchmark brings some.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import written
from written.sample import Sample

import seewhy.benchmarks
from seewhy.benchmarks.lines.writing import line_of
from seewhy.judging.answers.self_check import grade_gold, is_gradable
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import MatchRule, Outcome, Question, Split

MODULES = {found.name: importlib.import_module(f"seewhy.benchmarks.{found.name}")
           for found in pkgutil.iter_modules(seewhy.benchmarks.__path__) if not found.ispkg}  # fmt: skip
RELEASES = {name: module.RELEASE for name, module in MODULES.items() if "RELEASE" in vars(module)}
SAMPLES: tuple[Sample, ...] = tuple(chain.from_iterable(
    importlib.import_module(f"written.{found.name}").SAMPLES
    for found in pkgutil.iter_modules(written.__path__) if found.name != "sample"))  # fmt: skip

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"

every_benchmark = pytest.mark.parametrize("name", sorted(RELEASES))
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)


@pytest.fixture(scope="module")
def judge() -> OutcomeJudge:
    return OutcomeJudge()


def name_in(sample: Sample, split: Split | None = None) -> str:
    return RELEASES[sample.benchmark].splits[split or sample.split][0]


def written_at(sample: Sample, root: Path, rows: Sequence[object] | None = None) -> Path:
    return sample.write(root, name_in(sample), rows)


def load(sample: Sample, root: Path, pictures: Path | None = None, **which: int) -> list[Question]:
    which = {"count": 100, **which}
    return list(MODULES[sample.benchmark].load(root, sample.split, pictures=pictures, **which))


def test_every_benchmark_has_rows_of_its_release():
    assert {sample.benchmark for sample in SAMPLES} == set(RELEASES)
    assert set(MODULES) - set(RELEASES) == {"inkgrid", "jsonl", "scenes"}


@every_benchmark
def test_a_benchmark_is_called_by_its_file_and_says_what_it_is(name):
    release = RELEASES[name]
    assert release.name == name
    assert all((release.title, release.version, release.licence))
    assert any(f" {year}" in release.citation for year in range(2015, 2027)), "a citation tells authors and year"
    assert release.hidden <= set(release.splits)


@every_benchmark
def test_the_page_tells_its_rule_version_and_source(name):
    release, page = RELEASES[name], " ".join(PAGE.read_text().split())
    (row,) = [line for line in PAGE.read_text().splitlines() if f" | `{name}` | " in line]
    assert release.version in row
    assert release.rule.value in row
    assert f"- {release.title}: {release.citation}. Licence: {release.licence}." in page


@every_sample
def test_rows_become_the_questions_that_they_ask(sample, tmp_path):
    written_at(sample, tmp_path)
    questions = load(sample, tmp_path, tmp_path / "kept")
    assert [question.gold.answers for question in questions] == list(sample.answers)
    first = questions[0]
    assert (first.benchmark, first.split) == (sample.benchmark, sample.split)
    assert dict(first.facets) == {**first.facets, **sample.facets}
    assert len(first.images) == sample.images
    assert sample.options in (None, first.options)
    assert sample.text in ("", first.text)


@every_sample
def test_ids_are_the_same_every_time_and_unique_and_tell_the_releases_own(sample, tmp_path):
    written_at(sample, tmp_path)
    ids = [question.id for question in load(sample, tmp_path)]
    assert ids == [question.id for question in load(sample, tmp_path, tmp_path / "kept", seed=9)]
    assert len(set(ids)) == len(ids)
    head = f"{sample.benchmark}/{sample.split.value}/"
    assert all(head + RELEASES[sample.benchmark].key_of(one) == one for one in ids)


@every_sample
def test_a_part_of_a_split_is_that_part_of_the_whole(sample, tmp_path):
    written_at(sample, tmp_path)
    whole = load(sample, tmp_path, tmp_path / "kept")
    parts = [load(sample, tmp_path, tmp_path / "kept", count=1, first=number) for number in range(len(whole))]
    assert [question for part in parts for question in part] == whole


@every_sample
def test_splits_share_no_id_and_sizes_count_them(sample, tmp_path):
    release = RELEASES[sample.benchmark]
    splits = list(release.splits) if "{" in sample.file else [sample.split]
    for split in splits:
        sample.write(tmp_path, name_in(sample, split), [
            {**row, "split": name_in(sample, split)} if isinstance(row, dict) and "split" in row else row
            for row in sample.rows])  # fmt: skip
    ids = [question.id for split in splits for question in release.load(tmp_path, split, count=100)]
    assert len(set(ids)) == len(ids) == len(splits) * len(sample.answers)
    assert release.sizes(tmp_path) == {split: len(sample.answers) if split in splits else 0 for split in Split}
    assert sample.place(tmp_path, name_in(sample)) in release.files(tmp_path)


@every_sample
def test_every_question_has_every_facet(sample, tmp_path):
    written_at(sample, tmp_path)
    for question in load(sample, tmp_path):
        assert tuple(question.facets) == RELEASES[sample.benchmark].facets
        assert all(question.facets.values())


@every_sample
def test_each_gold_answer_passes_its_own_rule(sample, judge, tmp_path):
    written_at(sample, tmp_path)
    for question in load(sample, tmp_path):
        assert is_gradable(question) is (question.gold.rule is not MatchRule.OPEN)
        if is_gradable(question):
            verdict = grade_gold(question, judge)
            assert verdict.outcome is Outcome.CORRECT, verdict.why


@every_sample
def test_questions_written_as_lines_are_read_back_as_they_are(sample, tmp_path):
    """Through `jsonl`, whose name they then bear; a question without a gold answer comes back as an open one."""
    written_at(sample, tmp_path)
    questions = load(sample, tmp_path, tmp_path / "kept")
    lines = tmp_path / "out.jsonl"
    lines.write_text("".join(line_of(question, tmp_path) for question in questions))
    back = list(MODULES["jsonl"].load(lines, sample.split, count=100))
    assert [replace(question, benchmark=sample.benchmark) for question in back] == questions


@every_sample
def test_every_picture_is_readable_and_known_by_its_bytes(sample, tmp_path):
    written_at(sample, tmp_path)
    kept, referred = load(sample, tmp_path, tmp_path / "kept"), load(sample, tmp_path)
    assert [[image.sha256 for image in question.images] for question in kept] == [
        [image.sha256 for image in question.images] for question in referred
    ]
    for image in chain.from_iterable(question.images for question in kept):
        assert Path(image.path).read_bytes()[:4] == b"\x89PNG"


@every_sample
def test_a_broken_row_is_refused_by_file_row_and_field(sample, tmp_path):
    *good, last = sample.rows
    if isinstance(last, dict):
        last = {name: value for name, value in last.items() if name != sample.broken}
    path = written_at(sample, tmp_path, [*good, last if isinstance(last, dict) else []])
    key = last["key"] if sample.form == "keyed" else str(len(sample.rows))
    with pytest.raises(ValueError, match="a row cannot be read") as refused:
        load(sample, tmp_path)
    assert f"{path}:{key}: field '{sample.broken}'" in str(refused.value)


@every_sample
def test_a_picture_that_is_not_there_is_refused_by_file_row_and_field(sample, tmp_path):
    path = written_at(sample, tmp_path)
    for picture in sample.pictures:
        (tmp_path / picture.replace("{split}", name_in(sample))).unlink(missing_ok=True)
    if sample.pictures:
        with pytest.raises(ValueError, match=r"rows? cannot be read.*\n.*field '.*': .* is not there") as refused:
            load(sample, tmp_path, tmp_path / "kept")
        assert f"  {path}:" in str(refused.value)


@every_sample
def test_whoever_only_grades_needs_no_picture(sample, tmp_path):
    written_at(sample, tmp_path)
    for picture in sample.pictures:
        (tmp_path / picture.replace("{split}", name_in(sample))).unlink(missing_ok=True)
    questions = load(sample, tmp_path)
    assert [question.gold.answers for question in questions] == list(sample.answers)
    if sample.pictures:
        assert {image.sha256 for question in questions for image in question.images} == {""}


@every_sample
def test_a_row_that_stands_there_twice_is_refused(sample, tmp_path):
    if sample.form == "keyed" or not any(name in row for row in sample.rows if isinstance(row, dict)
                                         for name in ("id", "question_id", "questionId", "identifier")):  # fmt: skip
        return
    written_at(sample, tmp_path, [*sample.rows, sample.rows[0]])
    with pytest.raises(ValueError, match=r"its id .* is that of "):
        load(sample, tmp_path)


@every_benchmark
def test_a_folder_without_the_releases_files_is_refused_with_what_is_wanted(name, tmp_path):
    release = RELEASES[name]
    with pytest.raises(ValueError, match=f"holds no file of {release.title.split('(')[0]}".replace("+", ".")):
        release.files(tmp_path)
    with pytest.raises(ValueError, match="no such file or folder"):
        release.files(tmp_path / "none")
