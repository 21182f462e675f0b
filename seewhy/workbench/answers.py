"""What `seewhy init` asks: each question with its usual answer, and the answers as one record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from seewhy.model.weights import TINY
from seewhy.runs.discovery import names_in, nearest
from seewhy.runs.machine import is_served

INKGRID = "inkgrid"
METHODS = ("sft", "dpo", "mpo", "grpo")
ADAPTER, FULL = "adapter", "full"
NONE, GOLD, ORACLE = "none", "gold", "oracle"
RANK = 64
"""Of an adapter (mDPO, arXiv 2406.11839)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a recipe is to do; empty fields are those that follow from others (`complete`)."""

    model: str = TINY
    """Which model learns? `tiny`, a folder in Hugging Face format, or a name on the Hub."""
    questions: str = INKGRID
    """Which questions? `inkgrid`, a file or folder of your own, or BENCHMARK=FOLDER of a published set."""
    method: str = "dpo"
    """How does it learn? `sft`, `dpo`, `mpo` or `grpo`."""
    teacher: str = ""
    """Who writes the first chains of thought? `gold` (the file's rationales), `oracle`, `none`, or NAME@URL."""
    weights: str = ""
    """What is trained: an `adapter`, or the `full` weights?"""


def complete(answers: Answers, has_rationales: bool) -> Answers:
    """The answers with usual ones in place of empty ones.

    Raises:
        ValueError: one is none of those that there are, or two do not go together.
    """
    usual = ORACLE if answers.questions == INKGRID else GOLD if has_rationales else NONE
    trained = FULL if answers.model == TINY else ADAPTER
    made = replace(answers, teacher=answers.teacher or usual, weights=answers.weights or trained)
    for name, value, known in (("method", made.method, METHODS), ("weights", made.weights, (ADAPTER, FULL))):
        if value not in known:
            raise ValueError(f"`{name}` {value!r} is not known; there are {', '.join(known)}")
    if made.model[:1] in {"/", ".", "~"} and not Path(made.model).expanduser().is_dir():
        raise ValueError(f"`model`: there is no folder {made.model}; name a folder in Hugging Face format with its "
                         "processor, a name on the Hub, or tiny")  # fmt: skip
    if not is_served(made.teacher) and made.teacher not in (NONE, GOLD, ORACLE):
        raise ValueError(f"`teacher` {made.teacher!r}: there are none, gold, oracle, and NAME@URL of a model behind a "
                         "server, such as gpt-4o@https://api.openai.com/v1")  # fmt: skip
    if made.teacher == ORACLE and made.questions != INKGRID:
        raise ValueError("`teacher` oracle knows the pages of inkgrid alone: name a server as NAME@URL, gold or none")
    if made.teacher == GOLD and not has_rationales:
        raise ValueError("`teacher` gold gives the rationales of the questions, and the training questions have none: "
                         "name a server as NAME@URL, or none")  # fmt: skip
    return made


def questions_place(questions: str) -> tuple[str, str]:
    """The benchmark and the file or folder that it reads.

    Raises:
        ValueError: there is no such benchmark, file or folder.

    Example:
        >>> questions_place("inkgrid")
        ('inkgrid', '')
    """
    if questions == INKGRID:
        return INKGRID, ""
    name, mark, place = questions.partition("=")
    benchmark, source = (name, place) if mark and not Path(questions).exists() else ("jsonl", questions)
    if benchmark not in names_in("benchmarks"):
        raise ValueError(
            f"`questions`: there is no benchmark {benchmark!r}{nearest(benchmark, names_in('benchmarks'))}"
        )
    if not Path(source).expanduser().exists():
        known = "name a file or folder of your own questions, inkgrid, or BENCHMARK=FOLDER"
        raise ValueError(f"`questions`: {source} is neither a file nor a folder; {known}")
    return benchmark, source


def ask_all(given: Mapping[str, str], docs: Mapping[str, str], ask: Callable[[str, str], str]) -> Answers:
    """The answers that are given, and those of a person to the other questions.

    Args:
        given: answers by field.
        docs: what is asked, by field.
        ask: shows a question with its usual answer, and returns what was typed; empty takes the usual one.
    """
    found = dict(given)
    for one in fields(Answers):
        if one.name not in found:
            usual = str(one.default)
            found[one.name] = ask(docs[one.name], usual).strip() or usual
    return Answers(**found)
