"""The price table: what a million tokens of each model cost, and how many tokens a picture is to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from seewhy.endpoints.accounting.picture_tokens import RULES, USUAL, Rule

SHIPPED = Path(__file__).with_name("prices.yaml")
DATED = re.compile(r"-(?:\d{4}-?\d{2}-?\d{2}|latest)$")
NUMBERS = ("input", "output", "cached", "batch")
KNOWN = {*NUMBERS, "picture", "as_of", "source"}
REMEDY = "write it as seewhy/endpoints/accounting/prices.yaml does"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one model costs.

    Example:
        >>> Price(input=2.5, output=10.0).of(prompt=1_000_000, completion=100_000)
        3.5
    """

    input: float
    """Dollars a million tokens of prompts."""
    output: float
    """Dollars a million tokens of replies."""
    cached: float | None = None
    """Dollars a million tokens of prompts that the provider had kept; None where they cost as much as others."""
    batch: float = 1.0
    """What the provider's batch API takes of these prices, as a factor."""
    picture: Rule = USUAL
    source: str = ""
    """Source and date of the figures."""

    def of(self, *, prompt: int, completion: int, cached: int = 0) -> float:
        """Dollars for so many tokens; `cached` of the prompt's were kept."""
        kept = self.input if self.cached is None else self.cached
        return ((prompt - cached) * self.input + cached * kept + completion * self.output) / 1e6


FREE = Price(input=0.0, output=0.0, source="a server of one's own")


def load_prices(path: str = "") -> dict[str, Price]:
    """The shipped prices, with those of a file of the user's before them.

    Raises:
        ValueError: the file cannot be read, or an entry says something that has no meaning.
    """
    prices = _read_table(SHIPPED)
    return prices | _read_table(Path(path)) if path else prices


def find_price(prices: Mapping[str, Price], model: str) -> Price | None:
    """The price of a model by its name, with or without a date behind it; None where the table has none.

    Example:
        >>> find_price({"gpt-4o": FREE}, "gpt-4o-2024-08-06") is FREE, find_price({"gpt-4o": FREE}, "gpt-4o-mini")
        (True, None)
    """
    return prices.get(model) or prices.get(DATED.sub("", model))


def _read_table(path: Path) -> dict[str, Price]:
    try:
        table = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"prices {path} cannot be read ({error}); {REMEDY}") from error
    if not isinstance(table, dict):
        raise ValueError(f"prices {path}: a table of models is wanted; {REMEDY}")
    return {str(name): _read_price(f"prices {path}, {name}", entry) for name, entry in table.items()}


def _read_price(place: str, entry: object) -> Price:
    if not isinstance(entry, dict) or not {"input", "output"} <= entry.keys():
        raise ValueError(f"{place}: `input` and `output` are wanted, in dollars a million tokens; {REMEDY}")
    unknown = sorted(str(name) for name in entry.keys() - KNOWN)
    wrong = [name for name in NUMBERS if name in entry and not _is_price(entry[name])]
    if unknown or wrong:
        raise ValueError(f"{place}: {', '.join(unknown or wrong)} has no meaning here; {REMEDY}")
    numbers = {name: float(entry[name]) for name in NUMBERS if name in entry}
    picture = _read_rule(place, entry["picture"]) if "picture" in entry else USUAL
    source = f"{entry.get('source', 'no source')}, {entry.get('as_of', 'no date')}"
    return Price(**numbers, picture=picture, source=source)


def _read_rule(place: str, rule: object) -> Rule:
    kind = RULES.get(str(rule.get("rule"))) if isinstance(rule, dict) else None
    if not isinstance(rule, dict) or kind is None:
        raise ValueError(f"{place}: picture has a `rule`: {', '.join(RULES)}; {REMEDY}")
    numbers = {name: value for name, value in rule.items() if name != "rule"}
    known = {field.name for field in fields(kind)}
    if not numbers.keys() <= known or not all(_is_price(value) for value in numbers.values()):
        raise ValueError(f"{place}: the rule {rule['rule']} takes numbers above 0: {', '.join(known)}; {REMEDY}")
    try:
        return kind(**numbers)
    except TypeError as error:
        raise ValueError(f"{place}: the rule {rule['rule']} needs {', '.join(known)}; {REMEDY}") from error


def _is_price(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
