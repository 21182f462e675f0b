"""`seewhy ask MODEL [MODEL ...] PICTURE "QUESTION"`: replies of one or several models, directly and with a chain."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from seewhy.cli.naming import naming_options
from seewhy.cli.parsing import parsed
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Style
from seewhy.workbench.ask_page import show_credit, show_replies
from seewhy.workbench.asking import AskPlan, Replies, ask, opened_model
from seewhy.workbench.crediting import credit_or_why
from seewhy.workbench.questions import typed_question


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWords:
    """Ask one or several models about a picture, directly and for a chain of thought.

    seewhy ask MODEL [MODEL ...] PICTURE "QUESTION"

    A model is `tiny`, a folder in Hugging Face format, a name on the Hub, or NAME@URL of one behind a server. Exit
    status: 0; 1 where a server gave no reply or no credit; 2 where a model, the picture or an option does not fit.
    """

    words: tyro.conf.Positional[tuple[str, ...]]
    """The models, the picture, the question."""
    options: tuple[str, ...] = ()
    """Texts of the options of a multiple-choice question."""
    style: tuple[Style, ...] = (Style.DIRECT, Style.REASON)
    """Prompts: `direct`, `reason`, `plain`."""
    samples: int = 1
    """Replies in each style; of several the votes are shown."""
    temperature: float | None = None
    """0 takes the likeliest reply; left out, 0 for one reply and 0.7 for several."""
    max_tokens: int = 256
    """Tokens of a reply, at most."""
    seed: int = 0
    """Of the replies."""
    credit: bool = False
    """Colour each token of the first model's last reply by what it has gained over the second model."""
    key_variable: str = ""
    """Environment variable with the key of the servers."""
    json: bool = False
    """One JSON object."""


def run(words: Sequence[str]) -> int:
    """Ask, and show what came; 1 where a server gave no reply.

    Raises:
        ValueError: a model, the picture or an option does not fit.
    """
    said = parsed(AskWords, words, "seewhy ask")
    if len(said.words) < 3:
        raise ValueError('seewhy ask needs a model, a picture and a question: seewhy ask tiny page.png "What is...?"')
    *names, picture, text = said.words
    if said.credit and len(names) != 2:
        raise ValueError(f"--credit compares two models, and is asked of {', '.join(names)}")
    with naming_options():
        plan = AskPlan(styles=said.style, samples=said.samples, temperature=said.temperature,
                       max_tokens=said.max_tokens, seed=said.seed)  # fmt: skip
    question, console = typed_question(text, (Path(picture),), said.options), Console()
    found, credit, why = list[Replies](), tuple[TokenCredit, ...](), ""
    streams = not said.json and len(names) == said.samples == 1 and console.is_terminal
    with ExitStack() as stack:
        models = list[Any]()
        for name in names:
            failures = list[str]()
            models.append(stack.enter_context(opened_model(name, said.key_variable, failures)))
            found += ask(models[-1], question, plan, failures, Printed() if streams else None)
        if streams:
            print("\n")
        if not said.json:
            show_replies(console, found)
        if said.credit:
            credit, why = credit_or_why(models, question, found[: len(plan.styles)])
    if said.json:
        plain = [{name: value for name, value in asdict(one).items() if name != "chains"} for one in found]
        answer = {"question": text, "picture": picture, "replies": plain, "credit": list(map(asdict, credit))}
        print(json.dumps(answer | ({"no_credit": why} if why else {}), indent=1))
    elif said.credit:
        show_credit(console, names, credit, why)
    return int(bool(why) or any(one.failure for one in found))


class Printed:
    """Prints the pieces of replies as they come, those of a style below its name."""

    def __init__(self) -> None:
        self._style: Style | None = None

    def __call__(self, style: Style, text: str) -> None:
        """Print a piece at once."""
        if text and style is not self._style:
            print(f"\n\n{style.value}:" if self._style else f"{style.value}:")
            self._style = style
        print(text, end="", flush=True)
