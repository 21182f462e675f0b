"""Every comparison of extraction and matching, flipped one at a time, and the tests that must see it.

The rows are read off the code: a comparison that is added is planted too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from mutant_rows import Mutant

ROOT = Path(__file__).parents[2]
JUDGING = "seewhy/judging"
EXTRACT = "tests/judging/test_extract.py::test_a_hand_labelled_reply_is_read_as_labelled"
GRADED = "tests/judging/test_graded_replies.py"
SHORT = "tests/judging/test_short_replies.py"
THINKING = "tests/judging/test_thinking.py"
MATCHING = "tests/judging/test_matching.py"
COMPAT = "tests/judging/test_compat.py"
COMPAT_LETTERS = "tests/judging/test_compat_letters.py"

SEEN_BY = {
    "answers/extract.py": EXTRACT,
    "answers/letters.py": EXTRACT,
    "answers/statements.py": EXTRACT,
    "answers/weak_letters.py": EXTRACT,
    "answers/decoration.py": EXTRACT,
    "answers/signs.py": EXTRACT,
    "answers/whole_replies.py": EXTRACT,
    "answers/options.py": GRADED,
    "answers/values.py": GRADED,
    "answers/matching.py": MATCHING,
    "answers/numbers.py": MATCHING,
    "answers/vqa.py": MATCHING,
    "outcome.py": "tests/judging/test_outcome.py",
    "asking/pair_scores.py": "tests/judging/test_pair_scores.py",
    "answers/compat.py": COMPAT,
    "answers/suites/graded.py": COMPAT_LETTERS,
    "answers/suites/latex.py": COMPAT,
    "answers/suites/letters.py": COMPAT_LETTERS,
    "answers/suites/mathematics.py": COMPAT,
    "answers/suites/mmmu.py": COMPAT_LETTERS,
    "answers/suites/short_answers.py": COMPAT,
    "answers/suites/tabmwp.py": COMPAT,
}
WITH_SHORT_REPLIES = frozenset(
    f"answers/{name}.py"
    for name in (
        "extract", "letters", "statements", "weak_letters", "decoration", "whole_replies", "signs", "options", "values",
        "matching", "numbers",
    )
)  # fmt: skip
"""Files whose flips may be seen by the short replies instead."""
FLIPPED = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
SAME: dict[str, str] = {
    "word in text": "options without words of a statement are masked in vain",
    "found.end - found.start < len(found.answer) + LEAST_LEFT_OUT": "a statement that says no more is read again",
    "len(said) <= longest": "what is no longer than a gold answer is counted in vain",
}
"""Comparisons that change no answer when flipped, with the reason; each is of speed alone."""


def flips(place: str, seen_by: str) -> Iterator[Mutant]:
    """One mutant a comparison operator of a file."""
    file = f"{JUDGING}/{place}"
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines(keepends=True)
    for node in ast.walk(ast.parse("".join(lines))):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        for left, right, operator in zip(sides, sides[1:], node.ops, strict=False):
            wanted = f"{ast.unparse(left)} {FLIPPED[type(operator)][0]} {ast.unparse(right)}"
            if wanted in SAME:
                continue
            source, defect = planted(lines, left, right, FLIPPED[type(operator)])
            yield Mutant(
                name=f"{place}, line {left.lineno}: {wanted} flipped",
                file=file,
                source=source,
                defect=defect,
                seen_by=seen_by,
                or_by=SHORT if place in WITH_SHORT_REPLIES and seen_by != SHORT else "",
            )


def planted(lines: list[str], left: ast.expr, right: ast.expr, swap: tuple[str, str]) -> tuple[str, str]:
    """The lines of a comparison, with as many before them as make them unique, and the same with the other operator."""
    first, last = (left.end_lineno or 0) - 1, right.lineno - 1
    before, between = at(lines, first, left.end_col_offset or 0), at(lines, last, right.col_offset)
    text = "".join(lines)
    gap = text[before:between]
    if gap.count(swap[0]) != 1:
        raise LookupError(f"line {first + 1}: {swap[0]!r} does not stand once in {gap!r}")
    changed = text[:before] + gap.replace(*swap) + text[between:]
    start = first
    while text.count("".join(lines[start : last + 1])) > 1:
        start -= 1
    source = "".join(lines[start : last + 1])
    begin = at(lines, start, 0)
    return source, changed[begin : begin + len(source) + len(swap[1]) - len(swap[0])]


def at(lines: list[str], line: int, column: int) -> int:
    """The offset in the text of a column, which the parser counts in bytes."""
    return sum(map(len, lines[:line])) + len(lines[line].encode()[:column].decode())


PROCESS = "tests/judging/test_math_process.py"
RULES = [
    Mutant(
        name="a draft after the last mark counts",
        file="seewhy/records/thinking.py",
        source="end = mark.end() if _closes(mark) else None",
        defect="end = mark.end() if _closes(mark) else end",
        seen_by=THINKING,
    ),
    Mutant(
        name="tiny numbers are compared absolutely",
        file=f"{JUDGING}/answers/math_child.py",
        source="return _are_near(wanted[0], found[0]) and ",
        defect="return ",
        seen_by=f"{PROCESS}::test_small_numbers_and_formulas_read_in_part_are_not_equal",
    ),
    Mutant(
        name="a formula read in part is compared",
        file=f"{JUDGING}/answers/math_child.py",
        source=" and is_read_whole(gold) and is_read_whole(answer)",
        defect="",
        seen_by=f"{PROCESS}::test_small_numbers_and_formulas_read_in_part_are_not_equal",
    ),
    Mutant(
        name="the child's path holds the working folder",
        file=f"{JUDGING}/answers/math_process.py",
        source="env=clean_environment(os.environ)",
        defect="env=dict(os.environ)",
        seen_by=f"{PROCESS}::test_no_file_of_the_working_folder_is_imported",
    ),
    Mutant(
        name="a gold number inside a longer one is held",
        file=f"{JUDGING}/answers/vqa.py",
        source='INSIDE_AFTER = re.compile(r"\\w|[.,^]\\d")',
        defect='INSIDE_AFTER = re.compile(r"\\w")',
        seen_by=GRADED,
    ),
]
GRADING_MUTANTS = [*RULES, *(mutant for place, seen_by in SEEN_BY.items() for mutant in flips(place, seen_by))]
