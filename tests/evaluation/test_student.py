"""Quantiles of Student's t: against a printed table and scipy's, and refused outside of their range."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from seewhy.evaluation.student import MANY, student_quantile


@pytest.mark.parametrize(
    ("chance", "degrees", "printed"),
    [(0.975, 1, 12.706), (0.95, 2, 2.920), (0.995, 3, 5.841), (0.975, 4, 2.776), (0.975, 5, 2.571), (0.99, 7, 2.998),
     (0.9995, 10, 4.587), (0.975, 120, 1.980), (0.9, 60, 1.296)],
)  # fmt: skip
def test_quantiles_are_those_of_the_printed_table(chance: float, degrees: int, printed: float) -> None:
    """Abramowitz and Stegun 1964, table 26.10."""
    assert round(student_quantile(chance, degrees), 3) == printed


def test_one_degree_is_a_tangent_and_two_are_a_root() -> None:
    """With one degree of freedom t is Cauchy's; with two the share within t is t / sqrt(2 + t^2)."""
    assert student_quantile(0.75, 1) == pytest.approx(1.0, rel=1e-15)
    assert student_quantile(0.9, 2) == pytest.approx(0.8 * math.sqrt(2 / (1 - 0.64)), rel=1e-14)
    assert student_quantile(0.5, 7) == 0.0


@given(st.floats(0.501, 0.999), st.one_of(st.integers(1, 2 * MANY), st.integers(1, 10**9)))
def test_quantiles_are_scipys_to_eleven_digits(chance: float, degrees: int) -> None:
    assert student_quantile(chance, degrees) == pytest.approx(float(stdtrit(degrees, chance)), rel=1e-11)


@pytest.mark.parametrize(("chance", "degrees"), [(0.4, 3), (1.0, 3), (float("nan"), 3), (0.9, 0)])
def test_what_has_no_quantile_is_refused(chance: float, degrees: int) -> None:
    with pytest.raises(ValueError, match="degrees >= 1"):
        student_quantile(chance, degrees)
