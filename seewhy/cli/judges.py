"""A judge by its file's name, and whom it talks to by theirs."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

from seewhy.cli.find import find_module, load_part, names_in, nearest
from seewhy.judging.api import Judge
from seewhy.judging.wording import Wording, read_wording
from seewhy.model.talk import Talks
from seewhy.records.types import Question
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_talks import OracleTalks

TEACHERS: dict[str, Callable[[Sequence[Question], float, int], Talks]] = {
    "oracle": lambda questions, error_rate, seed: OracleTalks(questions, Oracle(error_rate=error_rate, seed=seed)),
    "blind-oracle": lambda questions, error_rate, seed: OracleTalks(
        questions, Oracle(error_rate=error_rate, seed=seed, blind=True)
    ),
}
"""Who a judge can talk to without a server, by name; of the questions, how often it errs, and its seed."""

NEEDS = {"rivals": "the chains of another model", "policy": "the model that wrote the chains"}
"""What fields without a default are, in words."""


class _Judging(Protocol):
    """A class of judges: a dataclass with the fields that it wants set."""

    __dataclass_fields__: dict[str, Field[Any]]

    def __call__(self, **settings: object) -> Judge: ...


def find_oracle(name: str, questions: Sequence[Question], error_rate: float, seed: int) -> Talks:
    """The stand-in that a judge talks to.

    Raises:
        ValueError: the name stands for nobody, or for one who does not know these questions.
    """
    if name not in TEACHERS:
        raise ValueError(f"--teacher {name!r}{nearest(name, list(TEACHERS))}")
    if questions and questions[0].benchmark != "inkgrid":
        raise ValueError(f"--teacher {name}: it knows the pages of inkgrid, and not the questions of "
                         f"{questions[0].benchmark}; name a model with --server.url and --server.model")  # fmt: skip
    return TEACHERS[name](questions, error_rate, seed)


def judge_names() -> list[str]:
    """The files of `seewhy/judging` that hold a judge."""
    return [name for name in names_in("judging") if _classes_in(load_part("judging", name))]


def needs_teacher(name: str) -> bool:
    """Whether a judge talks to a model."""
    return "talks" in {one.name for one in fields(_class_of(name))}


def make_judge(name: str, talks: Talks | None, prompt: Path | None = None) -> Judge:
    """The judge of a name or dotted path, with a user's own prompt in place of its first.

    Raises:
        ValueError: there is no such judge, it needs more than a model to talk to, or it has no prompt.
    """
    kind = _class_of(name)
    wanted = {one.name for one in fields(kind)}
    needed = {one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING} - {"talks"}
    if needed:
        more = ", ".join(NEEDS.get(one, one) for one in sorted(needed))
        raise ValueError(f"judge {name} needs more than a model to talk to: {more}; make it in Python")
    if prompt is not None and "wording" not in wanted:
        raise ValueError(f"judge {name} has no prompt: leave --prompt away")
    judge = cast(_Judging, kind)(**({"talks": talks} if "talks" in wanted else {}))
    if prompt is None:
        return judge
    wording: Wording = read_wording(prompt)
    return cast(Judge, replace(cast(Any, judge), wording=wording))


def _class_of(name: str) -> type[Any]:
    if "." not in name and name not in names_in("judging"):
        raise ValueError(f"there is no judge {name!r}{nearest(name, judge_names())}")
    found = _classes_in(find_module("judging", name))
    if len(found) != 1:
        raise ValueError(f"{name} holds {len(found)} judges and not one{nearest(name, judge_names())}")
    return found[0]


def _classes_in(module: object) -> list[type[Any]]:
    """The dataclasses of a module's own that judge."""
    things = cast(list[object], list(vars(module).values()))
    return [
        thing
        for thing in things
        if inspect.isclass(thing) and thing.__module__ == vars(module)["__name__"]
        and is_dataclass(thing) and "judge" in vars(thing)
    ]  # fmt: skip
