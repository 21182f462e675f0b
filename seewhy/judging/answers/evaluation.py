"""Decide most pairs of formulas by their values at a few points, thousands of times faster than by algebra.

Only what is beyond doubt is decided: both formulas are read to their end, no value is large, tiny or the small
difference of larger ones, and all points agree. Everything else is left to the formula checker.
"""

import re
from functools import lru_cache

from seewhy.judging.answers.formulas import spelling

TOKEN = re.compile(r"\d+(?:\.\d+)?|\.\d+|\\[A-Za-z]+|.", re.DOTALL)
WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}|\d\\frac|\d&")
"""Three letters together may be a word, and a number before a fraction may be a mixed number."""
LONGEST = 300
DEEPEST = 30
POINTS = ((0.83 + 0.41j, 0.37 - 0.29j), (-1.37 + 0.23j, 0.59 + 0.31j), (2.21 - 0.77j, -0.43 + 0.17j))
CONSTANTS = {"\\pi": 3.141592653589793, "e": 2.718281828459045}
UNDECIDED_NAMES = frozenset("idfP")
"""The imaginary unit, differentials, names of functions."""
LARGEST, SMALLEST, CANCELLED = 1e9, 1e-9, 1e-6
EQUAL, UNEQUAL = 1e-10, 1e-4


class UnsureError(Exception):
    """A formula that is not of the few kinds evaluated here, or a value that rounding may have spoilt."""


def decide(gold: str, answer: str) -> bool | None:
    r"""Whether two formulas are equal; None where their values do not say for sure.

    Example:
        >>> decide("2\\sqrt{2}", "\\sqrt{8}"), decide("x^2+1", "x^2-1"), decide("\\sqrt{x^2}", "x")
        (True, False, None)
    """
    wanted, found = values(gold), values(answer)
    if wanted is None or found is None:
        return None
    if len(wanted) != len(found):
        return None
    said = {_compared(one, other) for one, other in zip(wanted, found, strict=True)}
    if said == {True}:
        return True
    # Of a tuple with several places one unequal one is enough; of one formula all points must say so.
    places = [said_at for said_at in _by_place(wanted, found) if said_at == {False}]
    return False if places else None


def _by_place(wanted: tuple[complex, ...], found: tuple[complex, ...]) -> list[set[bool | None]]:
    size = len(wanted) // len(POINTS)
    return [{_compared(wanted[at], found[at]) for at in range(place, len(wanted), size)} for place in range(size)]


def _compared(one: complex, other: complex) -> bool | None:
    gap, larger = abs(one - other), max(abs(one), abs(other))
    if gap <= EQUAL * larger:
        return True
    return False if gap > UNEQUAL * larger else None


@lru_cache(maxsize=8192)
def values(text: str) -> tuple[complex, ...] | None:
    """The values of a formula, or of each place of a tuple, at all points; None where it cannot be evaluated."""
    form = spelling(text)
    if not form or len(form) > LONGEST or WORD.search(form):
        return None
    tokens = TOKEN.findall(form)
    try:
        return tuple(value for point in POINTS for value in _Formula(tokens, point).places())
    except (UnsureError, OverflowError, ZeroDivisionError):
        return None


class _Formula:
    """Reads and evaluates at once, by recursive descent, at one point."""

    def __init__(self, tokens: list[str], point: tuple[complex, complex]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0
        self.base, self.step = point

    def places(self) -> list[complex]:
        """The value, or those of the places of a tuple in round brackets."""
        found = self._tuple() or [self._sum()]
        if self.at < len(self.tokens):
            raise UnsureError
        return found

    def _tuple(self) -> list[complex] | None:
        if self._next() != "(" or "," not in self.tokens or self.tokens[-1] != ")":
            return None
        self.at += 1
        found = [self._sum()]
        while self._takes(","):
            found.append(self._sum())
        self._expect(")")
        return found

    def _sum(self) -> complex:
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnsureError
        sign = -1 if self._takes("-") else 1
        total = sign * self._product()
        while (operator := self._next()) in ("+", "-"):
            self.at += 1
            part = self._product() * (1 if operator == "+" else -1)
            larger, total = max(abs(total), abs(part)), total + part
            if abs(total) < CANCELLED * larger:
                raise UnsureError
        self.depth -= 1
        return total

    def _product(self) -> complex:
        total, has_slash = self._power(), False
        while (operator := self._next()) not in ("", "+", "-", ",", ")", "}", "]"):
            if operator == "/":
                self.at += 1
                has_slash = True
                total /= self._power()
                continue
            if operator == "*":
                self.at += 1
            elif has_slash:  # whether 1/2x is half of x is ambiguous
                raise UnsureError
            total *= self._power()
        return _sound(total)

    def _power(self) -> complex:
        base = self._atom()
        while self._takes("^"):
            exponent = self._braced() if self._next() == "{" else self._atom()
            if abs(exponent) > 64:
                raise UnsureError
            base = _sound(base**exponent)
        return base

    def _atom(self) -> complex:
        token = self._next()
        self.at += 1
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            return _sound(complex(float(token)))
        if token in CONSTANTS:
            return CONSTANTS[token]
        if token == "\\frac":
            return _sound(self._braced() / self._braced())
        if token == "\\sqrt":
            return self._root()
        if token == "(":
            value = self._sum()
            self._expect(")")
            return value
        if token == "{":
            self.at -= 1
            return self._braced()
        if len(token) == 1 and token.isascii() and token.isalpha() and token not in UNDECIDED_NAMES:
            return self.base + self.step * (ord(token) % 32) * (0.7 if token.isupper() else 1)
        raise UnsureError

    def _root(self) -> complex:
        degree = 2.0 + 0j
        if self._takes("["):
            degree = self._sum()
            self._expect("]")
        return self._braced() ** (1 / degree)

    def _braced(self) -> complex:
        self._expect("{")
        value = self._sum()
        self._expect("}")
        return value

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _takes(self, token: str) -> bool:
        is_next = self._next() == token
        self.at += is_next
        return is_next

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise UnsureError


def _sound(value: complex) -> complex:
    if value and not SMALLEST < abs(value) < LARGEST:
        raise UnsureError
    return value
