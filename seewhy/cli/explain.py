"""`seewhy explain`: which rule reads the answer of a reply, where it stands, and the verdict on it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from seewhy.cli.naming import naming_options
from seewhy.cli.parsing import parsed
from seewhy.judging.answers.explaining import explain, option_texts
from seewhy.records.types import Gold, MatchRule, Question, Split, Style


@dataclass(frozen=True, kw_only=True)
class ExplainWords:
    """Which rule reads the answer of a reply, where it stands, the verdict, and what evaluation suites would say."""

    text: Annotated[str, tyro.conf.Positional]
    """The reply; `-` reads it from standard input."""
    rule: MatchRule = MatchRule.EXACT
    """How the answer is compared with the gold one."""
    options: tuple[str, ...] = ()
    """How many options the question has, or their texts."""
    gold: tuple[str, ...] = ()
    """The right answer, or all of them; without it no verdict is given."""
    style: Style = Style.REASON
    """Whether the model was asked to reason or to answer directly."""
    benchmark: str = "none"
    """Name of the benchmark, for suites that have a rule of their own for it."""
    json: bool = False
    """Print one JSON object: by the word at the beginning of each line, the texts behind it."""


def run(words: Sequence[str]) -> None:
    """Explain one reply; a ValueError names what is wrong with the words."""
    said = parsed(ExplainWords, words, "seewhy explain")
    text = sys.stdin.read() if said.text == "-" else said.text
    with naming_options():
        options = option_texts(said.options, said.rule)
    question = Question(
        id="explained",
        benchmark=said.benchmark,
        split=Split.TEST,
        text="",
        gold=Gold(answers=said.gold, rule=said.rule),
        options=options,
        facets={},
    )
    parts = explain(question, said.gold, text, said.style)
    if said.json:
        names = dict.fromkeys(part.name for part in parts)
        print(json.dumps({name: [part.text for part in parts if part.name == name] for name in names}, indent=1))
    else:
        print("\n".join(map(str, parts)))
