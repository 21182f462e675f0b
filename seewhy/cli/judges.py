"""A judge by its file's name or dotted path, with the settings that a plan gives it: the one place that makes judges.

What a plan leaves at its default stays at the judge's own; what the judge does not have is refused by name.
"""

import inspect
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.recording import RecordingClient
from seewhy.judging.api import Judge
from seewhy.judging.prompts.template import read_prompt
from seewhy.recipes.plans import JudgePlan, TeacherPlan
from seewhy.runs.discovery import find_module, load_part, names_in, nearest

OPTION = "--judge."
"""How the options of a recipe's judge begin."""
NEEDS = {"rivals": "the chains of another model", "policy": "the model that wrote the chains"}
"""What fields without a default are, in words."""
NO_JUDGES = {"corrector": "rewrites chains and judges none; use its `Corrector` in Python"}
"""Files that could be taken for judges, and what they are."""


class _Judging(Protocol):
    """A class of judges: a dataclass with the fields that it wants set."""

    __dataclass_fields__: dict[str, Field[Any]]

    def __call__(self, **settings: object) -> object: ...


def judge_names() -> list[str]:
    """The files of `seewhy/judging` that hold a judge."""
    return [name for name in names_in("judging") if _classes_in(load_part("judging", name))]


def needs_teacher(name: str) -> bool:
    """Whether a judge talks to a model."""
    return "talks" in _settings_of(_class_of(name))


def require_judge(plan: JudgePlan, teacher: TeacherPlan) -> None:
    """Make a recipe's judge on trial, so that what is wrong with it is told before anything runs.

    Raises:
        ValueError: as in `make_judge`, or no server or model is named that it could ask.
    """
    try:
        asks = needs_teacher(plan.name)
    except ValueError as error:
        raise ValueError(f"{OPTION}name: {error}") from error
    make_judge(plan, RecordingClient(name="nobody"))
    if asks:
        plan.asked(teacher).endpoint("")


def make_judge(plan: JudgePlan, talks: ChatModel | None, option: str = OPTION) -> Judge:
    """The judge of a plan, with a user's own prompt in place of its first.

    Args:
        plan: who judges, and how.
        talks: whom the judge talks to; None where it talks to nobody.
        option: how the options that set the plan begin, for errors.

    Raises:
        ValueError: there is no such judge, it needs more than a model to talk to, it has no such setting or no prompt.
    """
    kind = _class_of(plan.name)
    known = _settings_of(kind)
    _require_no_more(plan.name, kind)
    settings = plan.own_settings()
    for name, value in settings.items():
        if name not in known:
            raise ValueError(_unknown_setting(plan, name, value, known, option))
    if plan.prompt:
        settings["wording"] = _own_prompt(plan, known, option)
    if "talks" in known:
        settings["talks"] = talks
    elif plan.base_url or plan.model:
        raise ValueError(f"judge {plan.name} asks no model: leave {option}model and {option}base-url away")
    judge = cast(_Judging, kind)(**settings)
    if not isinstance(judge, Judge):
        raise ValueError(f"judge {plan.name} has no `name`, which stands in its verdicts")
    return judge


def _unknown_setting(plan: JudgePlan, name: str, value: object, known: Sequence[str], option: str) -> str:
    said = f"{option}{name.replace('_', '-')}"
    takes = [one.replace("_", "-") for one in plan.setting_names if one in known]
    prompt = ["prompt"] if "wording" in known else []
    words = ", ".join(f"{option}{one}" for one in [*takes, *prompt]) or "none"
    return f"{said if value is True else f'{said} {value}'}: judge {plan.name} has no such setting; it takes {words}"


def _own_prompt(plan: JudgePlan, known: Sequence[str], option: str) -> object:
    if "wording" not in known:
        raise ValueError(f"judge {plan.name} has no prompt: leave {option}prompt away")
    if not Path(plan.prompt).is_file():
        raise ValueError(f"{option}prompt {plan.prompt}: no such file")
    return read_prompt(Path(plan.prompt))


def _require_no_more(name: str, kind: type[Any]) -> None:
    if needed := _needs_of(kind):
        more = ", ".join(NEEDS.get(one, one) for one in needed)
        raise ValueError(f"judge {name} needs more than a model to talk to: {more}; make it in Python")


def _needs_of(kind: type[Any]) -> list[str]:
    """What a judge must be given beside whom it talks to."""
    unset = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]
    return sorted(set(unset) - {"talks"})


def _made_by_name() -> list[str]:
    return [name for name in judge_names() if not _needs_of(_class_of(name))]


def _settings_of(kind: type[Any]) -> list[str]:
    return [one.name for one in fields(kind) if one.init]


def _class_of(name: str) -> type[Any]:
    if "." not in name and name not in names_in("judging"):
        raise ValueError(f"there is no judge {name!r}{nearest(name, _made_by_name())}")
    found = _classes_in(find_module("judging", name))
    if len(found) != 1:
        what = NO_JUDGES.get(name, f"holds {len(found)} judges and not one")
        raise ValueError(f"{name} {what}{nearest(name, _made_by_name())}")
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
