"""MATH-Vision as its authors' script grades: values worked by hand from `evaluate.py` and `utils.py`."""

import pytest
from compat_rows import PETS, question_of

from seewhy.judging.answers.compat import Compat, grade_as
from seewhy.records.types import MatchRule


@pytest.mark.parametrize(
    ("gold", "text", "options", "expected"),
    [
        ("B", "I think it is (B).", PETS, 1.0),
        ("B", "B\nbecause", PETS, 1.0),
        ("B", "the answer is dog", PETS, 1.0),
        ("B", r"\boxed{B}", PETS, 1.0),
        ("B", r"\boxed{A} no, \boxed{B}", PETS, 1.0),
        ("B", "cat", PETS, 0.0),
        ("0.5", r"\boxed{\frac{1}{2}}", (), 1.0),
        ("0.333", r"\boxed{1/3}", (), 1.0),
        ("0.3", r"\boxed{1/3}", (), 0.0),
        ("12", r"\boxed{x = 12^\circ}", (), 1.0),
        ("12", "The final answer is 12. Done", (), 1.0),
        ("-1", r"\boxed{-\frac{2}{2}}", (), 1.0),
        ("3", "the number is 3.", (), 1.0),
        ("12", r"\boxed{$12$}", (), 1.0),
        ("12", r"\boxed{\$12}", (), 1.0),
        ("50", r"\boxed{50\%}", (), 1.0),
        ("50", r"\boxed{50%}", (), 0.0),
        ("50%", r"\boxed{50%}", (), 1.0),
        ("\\sqrt{8}", r"\boxed{2\sqrt{2}}", (), 0.0),  # equal as formulas, which it does not ask
        ("2\\sqrt{2}", r"\boxed{2 \sqrt2}", (), 1.0),
        ("x+1", r"\boxed{1+x}", (), 0.0),
        ("(1, 2)", r"\boxed{(1, 2.00)}", (), 1.0),
        ("(1, 2)", r"\boxed{[1, 2]}", (), 0.0),
        ("(1, 2)", r"\boxed{(2, 1)}", (), 0.0),
        ("[0.5,3]", r"\boxed{[\frac{1}{2}, 3]}", (), 1.0),
    ],
)
def test_mathvision_folds_and_compares_to_two_places(gold, text, options, expected):
    def prove(_gold: str, _answer: str) -> bool:
        raise AssertionError("MATH-Vision's own script asks no formula checker")

    question = question_of(gold, MatchRule.LETTER if options else MatchRule.MATH, *options, benchmark="MATH-Vision")
    found = grade_as(Compat.OFFICIAL, question, text, prove)
    assert found is not None
    assert found.score == expected
