"""Defects planted in the reading of published data sets: one row a defect, and the test that must see it."""

from mutant_rows import Mutant

DECLARED = "seewhy/benchmarks/release/declared.py"
CHOICES = "seewhy/benchmarks/release/choices.py"
PICTURES = "seewhy/benchmarks/release/pictures.py"
CHECK = "seewhy/grading/inspection.py"
EVERY = "tests/properties/test_every_benchmark.py"
FORMS = "tests/benchmarks/test_release.py"
FOLDERS = "tests/benchmarks/test_release_folders.py"
DATA = "tests/cli/test_data.py"

BENCHMARK_MUTANTS = [
    Mutant(
        name="benchmarks: a part of a split is one question too long",
        file=DECLARED,
        source="if first <= number < stop:",
        defect="if first <= number <= stop:",
        seen_by=f"{EVERY}::test_a_part_of_a_split_is_that_part_of_the_whole",
    ),
    Mutant(
        name="benchmarks: an id that stands there twice is let through",
        file=DECLARED,
        source="if posed.key in seen:",
        defect="if posed.key in seen.values():",
        seen_by=f"{EVERY}::test_a_row_that_stands_there_twice_is_refused",
    ),
    Mutant(
        name="benchmarks: options are counted from 1",
        file=CHOICES,
        source="return LETTERS[number]",
        defect="return LETTERS[number - 1]",
        seen_by=f"{EVERY}::test_rows_become_the_questions_that_they_ask",
    ),
    Mutant(
        name="benchmarks: an index one past the last option is a letter",
        file=CHOICES,
        source="if not 0 <= number < len(options):",
        defect="if not 0 <= number <= len(options):",
        seen_by=f"{FORMS}::test_all_broken_rows_are_told_at_once_and_none_is_taken",
    ),
    Mutant(
        name="benchmarks: a picture that was cut on disk is left so",
        file=PICTURES,
        source="if not (path.exists() and path.stat().st_size == len(payload)):",
        defect="if not path.exists():",
        seen_by=f"{FORMS}::test_a_picture_cut_by_a_full_disk_is_written_again",
    ),
    Mutant(
        name="benchmarks: AI2D's test diagrams are trained on",
        file="seewhy/benchmarks/ai2d.py",
        source="if is_test is not (row.split is Split.TEST):",
        defect="if is_test is (row.split is Split.TEST):",
        seen_by=f"{FOLDERS}::test_ai2ds_diagrams_ask_several_questions_and_the_test_ids_tell_the_splits",
    ),
    Mutant(
        name="benchmarks: grade 6 is of the upper grades",
        file="seewhy/benchmarks/scienceqa.py",
        source="int(grade) <= LAST_LOWER_GRADE",
        defect="int(grade) < LAST_LOWER_GRADE",
        seen_by=f"{FORMS}::test_grades_six_and_seven_are_on_either_side_of_the_line",
    ),
    Mutant(
        name="data check: a shared picture is no leak",
        file=CHECK,
        source="pictures[image.sha256].setdefault(split, question)",
        defect="pictures[question.id].setdefault(split, question)",
        seen_by=f"{DATA}::test_each_thing_that_is_wrong_is_found",
    ),
    Mutant(
        name="data check: a gold that fails is kept quiet",
        file=CHECK,
        source="if verdict.outcome is not Outcome.CORRECT:",
        defect="if verdict.outcome is Outcome.NO_ANSWER:",
        seen_by=f"{DATA}::test_a_gold_that_its_own_rule_cannot_pass_is_found",
    ),
]
