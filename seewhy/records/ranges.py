"""Numbers of plans within their ranges, refused by field name when a plan is made."""

import math
from collections.abc import Iterator

LARGEST_SEED = 2**63 - 1
"""Of generators of torch and numpy alike."""


def require_least(plan: object, least: float, *names: str) -> None:
    """ValueError that names each of these fields whose value is below `least`, infinite or not a number."""
    _refuse(f"{name} must be {least} or above, and is {value}"
            for name, value in _values(plan, names) if not (math.isfinite(value) and value >= least))  # fmt: skip


def require_above(plan: object, bound: float, *names: str) -> None:
    """ValueError that names each of these fields whose value is not above `bound`, or is infinite."""
    _refuse(f"{name} must be above {bound}, and is {value}"
            for name, value in _values(plan, names) if not (math.isfinite(value) and value > bound))  # fmt: skip


def require_share(plan: object, *names: str) -> None:
    """ValueError that names each of these fields whose value is not a share from 0 to 1."""
    _refuse(f"{name} is a share from 0 to 1, and is {value}"
            for name, value in _values(plan, names) if not 0.0 <= value <= 1.0)  # fmt: skip


def require_seed(plan: object, *names: str) -> None:
    """ValueError that names each of these fields whose value is no seed of a generator."""
    _refuse(f"{name} must be a whole number from 0 to {LARGEST_SEED}, and is {value}"
            for name, value in _values(plan, names or ("seed",)) if not 0 <= value <= LARGEST_SEED)  # fmt: skip


def _values(plan: object, names: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    return ((name, getattr(plan, name)) for name in names)


def _refuse(faults: Iterator[str]) -> None:
    found = list(faults)
    if found:
        raise ValueError("; ".join(found))
