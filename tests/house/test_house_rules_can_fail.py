"""A rule that cannot fail guards nothing: each is shown a file that breaks it and one that keeps it."""

import socket
from collections.abc import Callable, Iterable

import house_shape_rules as shape
import house_style_rules as style
import pytest
from house_sources import Source, parse

Files = dict[str, str]
HEAD = '"""A sentence."""\n'
LONG = "word " * 50
PLAN = "class FitPlan:\n    seed: int\n    epochs: int\n"
RECORD = (
    "@dataclass(frozen=True, slots=True, kw_only=True)\n"
    'class Row:\n    """A row.\n\n    Example:\n        >>> 1\n    """\n'
)

CASES: list[tuple[Callable[[tuple[Source, ...]], Iterable[str]], Files, Files]] = [
    (style.long_files, {"a.py": "x = 1\n" * 301}, {"a.py": "x = 1\n" * 300}),
    (style.long_functions, {"a.py": "def f():\n" + "    x = 1\n" * 50}, {"a.py": "def f():\n" + "    x = 1\n" * 49}),
    (
        style.long_command_line,
        {"seewhy/cli/a.py": "x = 1\n" * 1250, "seewhy/cli/b/c.py": "x = 1\n" * 1251},
        {"seewhy/cli/a.py": "x = 1\n" * 2500, "seewhy/grading/c.py": "x = 1\n" * 300},
    ),
    (style.silent_modules, {"a.py": "import os\n"}, {"a.py": HEAD}),
    (style.silent_modules, {"a.py": '"""\nlate\n"""\n'}, {"a.py": HEAD}),
    (style.silent_modules, {"a.py": "# a comment\n" + HEAD}, {"a.py": HEAD}),
    (style.vague_names, {"seewhy/report/text_utils.py": HEAD}, {"seewhy/report/tables.py": HEAD}),
    (style.late_imports, {"a.py": "def f():\n    import os\n"}, {"a.py": "import os\n"}),
    (style.late_imports, {"a.py": "try:\n    import os\nexcept ImportError:\n    os = 1\n"}, {"a.py": "import os\n"}),
    (style.type_checking, {"a.py": "from typing import TYPE_CHECKING\n"}, {"a.py": "from typing import Any\n"}),
    (style.type_checking, {"a.py": "import typing\nx = typing.TYPE_CHECKING\n"}, {"a.py": "x = 1\n"}),
    (style.guessed_attributes, {"a.py": "getattr(x, 'y', None)\n"}, {"a.py": "getattr(x, name)\n"}),
    (style.unsafe_code, {"a.py": "eval('1')\n"}, {"a.py": "model.eval()\n"}),
    (style.unsafe_code, {"a.py": "exec('1')\n"}, {"a.py": "x = 'exec'\n"}),
    (style.unsafe_code, {"a.py": "from pickle import loads\n"}, {"a.py": "from json import loads\n"}),
    (style.unsafe_code, {"a.py": "torch.load(path)\n"}, {"a.py": "torch.load(path, weights_only=True)\n"}),
    (
        style.broad_excepts,
        {"a.py": "try:\n    f()\nexcept Exception:\n    x = 0\n"},
        {"a.py": "try:\n    f()\nexcept Exception:\n    raise\n"},
    ),
    (
        style.broad_excepts,
        {"a.py": "try:\n    f()\nexcept:\n    x = 0\n"},
        {"a.py": "try:\n    f()\nexcept OSError:\n    x = 0\n"},
    ),
    (
        style.broad_excepts,
        {"a.py": "try:\n    f()\nexcept (OSError, Exception):\n    x = 0\n"},
        {"a.py": "try:\n    f()\nexcept (OSError, ValueError):\n    x = 0\n"},
    ),
    (style.patches, {"a.py": "from unittest import mock\n"}, {"a.py": "from unittest import TestCase\n"}),
    (style.patches, {"a.py": "from unittest.mock import patch\n"}, {"a.py": "import unittest\n"}),
    (style.patches, {"a.py": "def test(mocker):\n    x = 1\n"}, {"a.py": "def test(tmp_path):\n    x = 1\n"}),
    (style.patches, {"a.py": "monkeypatch.setattr(x, 'y', 1)\n"}, {"a.py": "monkeypatch.setenv('A', 'b')\n"}),
    (
        style.loose_records,
        {"seewhy/records/types.py": RECORD.replace("slots=True, ", "")},
        {"seewhy/records/types.py": RECORD},
    ),
    (
        style.loose_records,
        {"seewhy/records/types.py": RECORD.replace(">>> 1", "1")},
        {"seewhy/records/types.py": RECORD},
    ),
    (style.prompts_in_code, {"seewhy/judging/a.py": f"P = '{LONG}'\n"}, {"seewhy/judging/a.py": f"'''{LONG}'''\n"}),
    (
        style.prompts_in_code,
        {"seewhy/judging/a.py": f"P = f'{LONG}{{x}}'\n"},
        {"seewhy/judging/a.py": f"P = re.compile('{LONG}')\n", "seewhy/report/a.py": f"P = '{LONG}'\n"},
    ),
    (
        shape.rings,
        {"seewhy/a/b.py": "from seewhy.a import c\n", "seewhy/a/c.py": "import seewhy.a.b\n"},
        {"seewhy/a/b.py": "from seewhy.a import c\n", "seewhy/a/c.py": "import os\n", "seewhy/a/__init__.py": ""},
    ),
    (
        shape.trespasses,
        {"seewhy/sampling/a.py": "from seewhy.model.packed.logps import f\n"},
        {"seewhy/sampling/a.py": "from seewhy.model.api import Ask\nfrom seewhy.records.types import Chain\n"},
    ),
    (
        shape.trespasses,
        {"seewhy/model/a.py": "import seewhy.benchmarks\n"},
        {"seewhy/model/a.py": "import seewhy.model.b\n"},
    ),
    (shape.heavy_libraries, {"seewhy/pairs/a.py": "import torch.nn\n"}, {"seewhy/model/a.py": "import torch.nn\n"}),
    (
        shape.heirs,
        {"seewhy/a.py": "class A:\n    x: int\nclass B(A):\n    y: int\n"},
        {"seewhy/a.py": "class A(Protocol):\n    x: int\nclass B(A):\n    y: int\n"},
    ),
    (
        shape.heirs,
        {"seewhy/a.py": "class A:\n    x: int\n", "seewhy/b.py": "from seewhy.a import A\nclass B(A):\n    y: int\n"},
        {"seewhy/a.py": "class A:\n    x: int\n", "seewhy/b.py": "from torch import A\nclass B(A):\n    y: int\n"},
    ),
    (
        shape.heirs,
        {"seewhy/a.py": "class A:\n    x: int\n", "seewhy/b.py": "from seewhy import a\nclass B(a.A):\n    y: int\n"},
        {"seewhy/a.py": "class A(ValueError):\n    x: int\nclass B(A):\n    y: int\n"},
    ),
    (
        shape.dead_plan_fields,
        {"seewhy/training/plan.py": PLAN, "seewhy/training/fit.py": "f(plan.seed, other.epochs)\n"},
        {"seewhy/training/plan.py": PLAN, "seewhy/training/fit.py": "f(plan.seed, self.plan.epochs)\n"},
    ),
    (
        shape.dead_plan_fields,
        {"seewhy/training/plan.py": PLAN + "def check(plan):\n    f(plan.seed, plan.epochs)\n"},
        {"seewhy/training/plan.py": PLAN + "    def f(self):\n        return self.seed, self.epochs\n"},
    ),
    (
        shape.fat_plans,
        {"seewhy/a.py": "class BigPlan:\n" + "".join(f"    x{i}: int\n" for i in range(13))},
        {"seewhy/a.py": "class BigPlan:\n" + "".join(f"    x{i}: int\n" for i in range(12))},
    ),
    (
        shape.gold_readers,
        {"seewhy/evaluation/a.py": "answer in question.gold.answers\n"},
        {"seewhy/judging/a.py": "answer in question.gold.answers\n", "seewhy/report/a.py": "form.answers\n"},
    ),
    (
        shape.gold_readers,
        {"seewhy/training/a.py": "gold = question.gold\ngold.answers\n"},
        {"seewhy/pairs/lessons.py": "gold.answers\n"},
    ),
]


def parsed(files: Files) -> tuple[Source, ...]:
    """The files as sources."""
    return tuple(parse(path, text) for path, text in files.items())


@pytest.mark.parametrize(("rule", "broken", "kept"), CASES)
def test_the_rule_sees_a_file_that_breaks_it(
    rule: Callable[[tuple[Source, ...]], Iterable[str]], broken: Files, kept: Files
):
    assert len(list(rule(parsed(broken)))) >= 1
    assert list(rule(parsed(kept))) == []


@pytest.mark.parametrize("folder", ["work", "home", "root", "Users"])
def test_the_rule_against_machine_paths_sees_one(folder: str):
    path = "/".join(["", folder, "someone", "x.txt"])
    assert list(style.machine_paths([("a.md", f"fine\nopen('{path}')\n")])) == ["a.md:2: a path of one machine"]
    assert list(style.machine_paths([("a.md", f"https://example.org{path} and ~{path}\n")])) == []


def test_every_rule_is_shown_to_fail():
    rules = {
        rule
        for module in (shape, style)
        for rule in vars(module).values()
        if callable(rule) and str(vars(rule).get("__module__", rule.__module__)) == module.__name__
    }
    helpers = {shape.targets, shape.origin, shape.plans, shape.reads, shape.own_reads, style.machine_paths}
    assert rules - helpers == {rule for rule, _, _ in CASES}


def test_a_test_that_asks_for_the_network_is_refused():
    with socket.socket() as line, pytest.raises(PermissionError, match="loopback only"):
        line.connect(("192.0.2.1", 80))
    with pytest.raises(PermissionError, match="loopback only"):
        socket.getaddrinfo("example.org", 80)


def test_loopback_is_allowed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
