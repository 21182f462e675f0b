"""Inkgrid: what a user may rely on about its questions, pictures and splits."""

import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seewhy.benchmarks import inkgrid
from seewhy.benchmarks.ink.digits import deal, load_scans
from seewhy.benchmarks.ink.drawing import bilinear, draw
from seewhy.benchmarks.ink.kinds import KINDS, REASONING, UNSEEN, places_in, solve_as
from seewhy.benchmarks.ink.options import near_numbers, twin_lines
from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.ink.posing import generator_at
from seewhy.records.types import MatchRule, Question, Split

COUNT = 400


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inkgrid")


@pytest.fixture(scope="module")
def asked(root: Path) -> dict[Split, list[Question]]:
    return {split: list(inkgrid.load(root, split, count=COUNT)) for split in Split}


def answer_of(question: Question) -> str:
    """The gold answer in words."""
    gold = question.gold.answers[0]
    return question.options["ABCD".index(gold)] if question.options else gold


def test_splits_share_no_scan_and_leave_none_out() -> None:
    train, validation, test = (deal(split) for split in (Split.TRAIN, Split.VALIDATION, Split.TEST))
    together = np.concatenate([*train, *validation, *test])
    assert sorted(together.tolist()) == list(range(1797))
    assert [hand.tolist() for hand in deal(Split.SHIFTED)] == [hand.tolist() for hand in test]


def test_no_picture_of_a_test_scan_equals_one_of_training() -> None:
    def pictures(split: Split) -> set[bytes]:
        return {scan.tobytes() for scans in load_scans(split) for scan in scans}

    assert not pictures(Split.TRAIN) & pictures(Split.TEST)


def test_two_loads_are_equal(root: Path, tmp_path: Path, asked: dict[Split, list[Question]]) -> None:
    assert list(inkgrid.load(root, Split.TEST, count=COUNT)) == asked[Split.TEST]
    elsewhere = list(inkgrid.load(tmp_path, Split.TEST, count=20))
    assert [question.images[0].sha256 for question in elsewhere] == [
        question.images[0].sha256 for question in asked[Split.TEST][:20]
    ]


def test_a_question_does_not_depend_on_how_many_are_asked(root: Path, asked: dict[Split, list[Question]]) -> None:
    assert list(inkgrid.load(root, Split.TRAIN, count=7)) == asked[Split.TRAIN][:7]


def test_another_seed_asks_other_questions(root: Path, asked: dict[Split, list[Question]]) -> None:
    other = list(inkgrid.load(root, Split.TRAIN, count=50, seed=1))
    pictures = {question.images[0].sha256 for question in asked[Split.TRAIN]}
    assert not pictures & {question.images[0].sha256 for question in other}


def test_ids_are_unique_across_splits_seeds_and_transcripts(root: Path, asked: dict[Split, list[Question]]) -> None:
    ids = [question.id for questions in asked.values() for question in questions]
    ids += [question.id for question in inkgrid.load(root, Split.TRAIN, count=20, seed=1)]
    ids += [question.id for question in inkgrid.transcripts(root, count=20)]
    assert len(ids) == len(set(ids)) == 4 * COUNT + 40


def test_pictures_are_small_rgb_and_named_by_their_content(asked: dict[Split, list[Question]]) -> None:
    for question in asked[Split.SHIFTED][:30]:
        (image,) = question.images
        path = Path(image.path)
        assert path.stem == sha256(path.read_bytes()).hexdigest() == image.sha256
        assert path.parent.name == image.sha256[:2]
        with Image.open(path) as picture:
            assert (picture.mode, picture.size) == ("RGB", (48, 48))


def test_no_half_written_picture_is_left(root: Path, asked: dict[Split, list[Question]]) -> None:
    assert asked
    assert {path.suffix for path in (root / "images").rglob("*") if path.is_file()} == {".png"}


def test_a_picture_shows_ink_where_its_digits_stand() -> None:
    scans = load_scans(Split.TEST)
    grey = np.asarray(draw(Page.from_text("88/88", noise="low"), scans, generator_at("ink")).convert("L"))
    cells = [grey[row : row + 24, column : column + 24].mean() for row in (0, 24) for column in (0, 24)]
    assert max(cells) < 240
    assert grey[:, 22:26].mean() > 240


def test_stretching_keeps_constant_ink_constant() -> None:
    for side in (9, 12, 16):
        assert np.allclose(bilinear(side).sum(axis=1), 1.0)


def test_seen_splits_and_the_shifted_one_differ_in_grids_and_kinds(asked: dict[Split, list[Question]]) -> None:
    unseen = {kind.name for kind in UNSEEN}
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        assert {question.facets["grid"] for question in asked[split]} == {"2x2", "2x3", "3x2", "3x3"}
        assert len({question.facets["kind"] for question in asked[split]} - unseen) >= 10
        assert not {question.facets["kind"] for question in asked[split]} & unseen
    shifted = asked[Split.SHIFTED]
    assert {question.facets["grid"] for question in shifted} == {"3x4", "4x3", "4x4"}
    assert {question.facets["kind"] for question in shifted} >= unseen
    assert "severe" in {question.facets["noise"] for question in shifted}


def test_a_shifted_question_uses_no_word_that_training_lacks(asked: dict[Split, list[Question]]) -> None:
    def words(questions: list[Question]) -> set[str]:
        text = " ".join(f"{question.text} {question.rationale}" for question in questions)
        return set(re.findall(r"[a-z]+", text.lower()))

    assert words(asked[Split.SHIFTED]) <= words(asked[Split.TRAIN])


def test_options_are_four_distinct_and_hold_the_gold_answer(asked: dict[Split, list[Question]]) -> None:
    lettered = [question for questions in asked.values() for question in questions if question.options]
    assert 0.15 < len(lettered) / (4 * COUNT) < 0.25
    for question in lettered:
        assert question.gold.rule is MatchRule.LETTER
        assert len(set(question.options)) == 4
        page = Page.from_text(question.facets["page"], noise="low")
        assert answer_of(question) == solve_as(question.facets["kind"], question.text, page).answer


def test_short_answers_are_matched_exactly(asked: dict[Split, list[Question]]) -> None:
    short = [question for question in asked[Split.TEST] if not question.options]
    assert {question.gold.rule for question in short} == {MatchRule.EXACT}


def test_each_letter_is_gold_as_often_as_the_others(asked: dict[Split, list[Question]]) -> None:
    letters = Counter(q.gold.answers[0] for questions in asked.values() for q in questions if q.options)
    expected = sum(letters.values()) / 4
    # 16.27 is the 0.999 quantile of chi-square with 3 degrees of freedom
    assert sum((count - expected) ** 2 / expected for count in letters.values()) < 16.27


def test_the_right_line_has_no_more_in_common_with_its_rivals_than_they_have() -> None:
    options = twin_lines("3 5 7", generator_at("twins"))
    shared = [sum(a == b for o in options for a, b in zip(option, o, strict=True)) for option in options]
    assert len(set(shared)) == 1


def test_the_right_number_is_as_often_the_smallest_as_the_largest_option() -> None:
    generator = generator_at("ranks")
    ranks = Counter(sorted(map(int, near_numbers(13, 27, generator))).index(13) for _ in range(800))
    assert sorted(ranks) == [0, 1, 2, 3]
    assert min(ranks.values()) > 150


def test_gold_rationales_lead_to_the_gold_answer(asked: dict[Split, list[Question]]) -> None:
    for question in (question for questions in asked.values() for question in questions):
        assert question.rationale is not None
        last = question.rationale.rstrip(".").split(". ")[-1]
        if question.options:
            assert last.lower() == f"{answer_of(question)} is option {question.gold.answers[0]}".lower()
        else:
            assert last.replace(",", "").endswith(question.gold.answers[0])


@pytest.mark.parametrize(
    ("kind", "text", "answer", "rationale"),
    [
        ("read_cell", "What digit is in row 2, column 3?", "4", "Row 2 reads 1, 0, 4. Row 2, column 3 is 4."),
        ("read_row", "Read row 2.", "1 0 4", "Row 2 reads 1, 0, 4."),
        ("read_column", "Read column 2.", "5 0 8", "Column 2 reads 5, 0, 8."),
        ("read_diagonal", "Read the diagonal.", "3 0 8", "The diagonal reads 3, 0, 8."),
        ("row_sum", "What is the sum of row 1?", "15",
         "Row 1 reads 3, 5, 7. 3 plus 5 is 8. 8 plus 7 is 15. The sum is 15."),
        ("column_sum", "What is the sum of column 3?", "19",
         "Column 3 reads 7, 4, 8. 7 plus 4 is 11. 11 plus 8 is 19. The sum is 19."),
        ("diagonal_sum", "What is the sum of the diagonal?", "11",
         "The diagonal reads 3, 0, 8. 3 plus 0 is 3. 3 plus 8 is 11. The sum is 11."),
        ("difference", "What is the difference between row 1, column 1 and row 3, column 3?", "5",
         "Row 1, column 1 is 3. Row 3, column 3 is 8. 8 minus 3 is 5. The difference is 5."),
        ("largest", "What is the largest digit in row 1?", "7",
         "Row 1 reads 3, 5, 7. 5 is more than 3. 7 is more than 5. The largest is 7."),
        ("smallest", "What is the smallest digit in column 2?", "0",
         "Column 2 reads 5, 0, 8. 0 is less than 5. 8 is more than 0. The smallest is 0."),
        ("count_even", "How many digits in row 3 are even?", "3",
         "Row 3 reads 2, 8, 8. 2 is even. 8 is even. 8 is even. The count is 3."),
        ("compare_rows", "Which row has the larger sum, row 1 or row 3?", "row 3",
         "Row 1 reads 3, 5, 7. 3 plus 5 is 8. 8 plus 7 is 15. Row 3 reads 2, 8, 8. 2 plus 8 is 10. 10 plus 8 is 18. "
         "15 is less than 18. The larger is row 3."),
        ("where_largest", "In which column is the largest digit of row 2?", "3",
         "Row 2 reads 1, 0, 4. 0 is less than 1. 4 is more than 1. The largest is 4. The column is 3."),
        ("row_smallest", "What is the smallest digit in row 3?", "2",
         "Row 3 reads 2, 8, 8. 8 is more than 2. 8 is more than 2. The smallest is 2."),
        ("count_odd", "How many digits in row 1 are odd?", "3",
         "Row 1 reads 3, 5, 7. 3 is odd. 5 is odd. 7 is odd. The count is 3."),
        ("transcript", "Read the page.", "Row 1: 3 5 7. Row 2: 1 0 4. Row 3: 2 8 8.",
         "Row 1 reads 3, 5, 7. Row 2 reads 1, 0, 4. Row 3 reads 2, 8, 8."),
    ],
)  # fmt: skip
def test_each_kind_is_solved_as_by_hand(kind: str, text: str, answer: str, rationale: str) -> None:
    solution = solve_as(kind, text, Page.from_text("357/104/288", noise="low"))
    assert solution.answer == answer
    assert " ".join(solution.sentences) == rationale
    assert KINDS[kind].ask(places_in(text)) == text


def test_a_page_of_two_rows_is_counted_row_by_row() -> None:
    solution = solve_as("page_even", "How many digits on the page are even?", Page.from_text("34/88", noise="low"))
    assert " ".join(solution.sentences) == (
        "Row 1 reads 3, 4. 3 is odd. 4 is even. Row 2 reads 8, 8. 8 is even. 8 is even. The count is 3."
    )


def test_no_question_asks_which_of_two_equals_is_larger(asked: dict[Split, list[Question]]) -> None:
    for question in (question for questions in asked.values() for question in questions):
        rows = [[int(digit) for digit in row] for row in question.facets["page"].split("/")]
        if question.facets["kind"] == "compare_rows":
            first, second = places_in(question.text)
            assert sum(rows[first - 1]) != sum(rows[second - 1])
        if question.facets["kind"] == "where_largest":
            (row,) = places_in(question.text)
            assert rows[row - 1].count(max(rows[row - 1])) == 1


def test_transcripts_show_every_grid_and_some_severe_noise(root: Path) -> None:
    base = list(inkgrid.transcripts(root, count=300))
    assert {question.facets["grid"] for question in base} == {"2x2", "2x3", "3x2", "3x3", "3x4", "4x3", "4x4"}
    assert 0 < sum(question.facets["noise"] == "severe" for question in base) < 75
    whole = [question for question in base if question.text == "Read the page."]
    assert 100 < len(whole) < 200
    for question in whole:
        assert question.rationale is None
        rows = question.facets["page"].split("/")
        spelled = " ".join(f"Row {n}: {' '.join(row)}." for n, row in enumerate(rows, start=1))
        assert question.gold.answers == (spelled,)
    assert not {question.facets["kind"] for question in base} & {kind.name for kind in REASONING}


def test_a_told_page_is_the_same_question_after_its_rows_in_words(
    root: Path, asked: dict[Split, list[Question]]
) -> None:
    told = list(inkgrid.told(root, count=COUNT))
    for question, plain in zip(told, asked[Split.TRAIN], strict=True):
        rows = [
            f"Row {number} reads {', '.join(digits)}."
            for number, digits in enumerate(plain.facets["page"].split("/"), start=1)
        ]
        assert question.text == " ".join([*rows, plain.text])
        assert question.id == f"{plain.id}/told"
        assert (question.images, question.options, question.gold, question.rationale) == (
            plain.images, plain.options, plain.gold, plain.rationale)  # fmt: skip
