"""House rules that look at the whole package: who imports whom, who inherits from whom, what is read by nobody."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from house_sources import Source, classes, imports, name_of

MOST_PLAN_FIELDS = 12
OPEN_BASES = {"Protocol", "ABC", "Exception", "ValueError", "OSError", "RuntimeError", "LookupError", "TypeError"}
MAY_READ_GOLD = {"judging", "benchmarks", "formats", "testing", "report"}
"""Who grades, who makes or carries the answers, who stands in for a teacher that knows them, who shows them."""

ALL = ("seewhy",)
"""The layer may import every other, as far as the order of layers lets it."""

MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "records": (),
    "benchmarks": ("seewhy.records",),
    "model": ("seewhy.records",),
    "endpoints": ("seewhy.records", "seewhy.model.api"),
    "sampling": (
        "seewhy.records", "seewhy.model.api", "seewhy.model.prompts", "seewhy.endpoints.accounting",
        "seewhy.endpoints.chat",
    ),
    "judging": ("seewhy.records", "seewhy.model.api", "seewhy.model.prompts", "seewhy.endpoints.chat"),
    "pairs": ("seewhy.records", "seewhy.model.prompts"),
    "formats": ("seewhy.records", "seewhy.benchmarks", "seewhy.model.prompts"),
    "objectives": ("seewhy.model.packed.logps",),
    "rewards": (
        "seewhy.records", "seewhy.model.api", "seewhy.model.prompts", "seewhy.endpoints.chat", "seewhy.judging",
    ),
    "training": (
        "seewhy.records", "seewhy.model", "seewhy.sampling", "seewhy.judging.api", "seewhy.pairs", "seewhy.rewards",
        "seewhy.objectives",
    ),
    "evaluation": ("seewhy.records", "seewhy.model"),
    "report": ("seewhy.records", "seewhy.evaluation"),
    "teachers": (
        "seewhy.records", "seewhy.model.api", "seewhy.model.prompts", "seewhy.endpoints", "seewhy.judging.prompts",
        "seewhy.pairs", "seewhy.testing",
    ),
    "runs": (
        "seewhy.records", "seewhy.benchmarks", "seewhy.model", "seewhy.endpoints", "seewhy.judging.api",
        "seewhy.objectives", "seewhy.training", "seewhy.report",
    ),
    "stages": (
        "seewhy.records", "seewhy.benchmarks", "seewhy.model", "seewhy.endpoints", "seewhy.sampling", "seewhy.judging",
        "seewhy.rewards", "seewhy.pairs", "seewhy.training", "seewhy.evaluation", "seewhy.report", "seewhy.testing",
        "seewhy.teachers", "seewhy.runs", "seewhy.grading",
    ),
    "grading": (
        "seewhy.records", "seewhy.benchmarks", "seewhy.model.api", "seewhy.endpoints.chat", "seewhy.endpoints.plan",
        "seewhy.judging", "seewhy.pairs", "seewhy.evaluation", "seewhy.testing", "seewhy.runs.discovery",
    ),
    "testing": (
        "seewhy.records", "seewhy.benchmarks", "seewhy.model.api", "seewhy.model.prompts", "seewhy.endpoints.chat",
        "seewhy.endpoints.vision_check", "seewhy.judging.api",
    ),
    "workbench": (
        "seewhy.records", "seewhy.benchmarks", "seewhy.model", "seewhy.endpoints", "seewhy.sampling", "seewhy.judging",
        "seewhy.formats", "seewhy.evaluation", "seewhy.report", "seewhy.runs",
    ),
    "view": (
        "seewhy.records", "seewhy.judging", "seewhy.evaluation", "seewhy.report", "seewhy.runs", "seewhy.workbench",
    ),
    "recipes": ALL,
    "cli": ALL,
}  # fmt: skip

LIGHT_LIBRARIES = {
    "records": {"pyarrow", "PIL", "numpy"},
    "benchmarks": {"pyarrow", "PIL", "numpy"},
    "sampling": set[str](),
    "rewards": set[str](),
    "judging": {"rapidfuzz", "math_verify", "sympy"},
    "pairs": {"pyarrow", "PIL", "numpy"},
    "formats": {"pyarrow", "yaml", "huggingface_hub"},
    "report": {"jinja2", "markupsafe", "matplotlib", "numpy", "PIL", "starlette", "uvicorn"},
    "testing": {"numpy", "PIL", "starlette", "uvicorn"},
}
"""What a layer that works without torch may import from outside, by the table of docs/architecture.md."""


def targets(source: Source, modules: Iterable[str]) -> Iterator[tuple[ast.stmt, str]]:
    """The modules of ours that a file imports: `from p import x` is `p.x` where that is a module, else `p`."""
    known = set(modules)
    for node, module, name in imports(source):
        if module == "seewhy" or module.startswith("seewhy."):
            yield node, f"{module}.{name}" if f"{module}.{name}" in known else module


def rings(sources: Sequence[Source]) -> Iterator[str]:
    """Modules that import each other in a ring."""
    modules = {source.module for source in sources}
    graph = {
        source.module: {target for _, target in targets(source, modules) if target != source.module}
        for source in sources
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"a ring of imports: {' <- '.join(error.args[1])}"


def trespasses(sources: Sequence[Source]) -> Iterator[str]:
    """An import of ours that the table of layers does not allow."""
    modules = {source.module for source in sources}
    for source in sources:
        if not source.layer:
            continue
        allowed = (f"seewhy.{source.layer}", *MAY_IMPORT[source.layer])
        for node, target in targets(source, modules):
            if target != "seewhy" and not any(target == place or target.startswith(f"{place}.") for place in allowed):
                yield source.at(node, f"{source.layer} may not import {target}")


def heavy_libraries(sources: Iterable[Source]) -> Iterator[str]:
    """A library that a light layer may not import."""
    for source in sources:
        if source.layer not in LIGHT_LIBRARIES:
            continue
        known = LIGHT_LIBRARIES[source.layer] | sys.stdlib_module_names | {"seewhy"}
        for node, module, _ in imports(source):
            if module.split(".")[0] not in known:
                yield source.at(node, f"{source.layer} may not import {module}")


def heirs(sources: Sequence[Source]) -> Iterator[str]:
    """A class of ours that inherits from a concrete class of ours."""
    bases = {
        (source.module, node.name): {name_of(base) for base in node.bases}
        for source in sources
        for node in classes(source)
    }
    for source in sources:
        taken = {name: module for _, module, name in imports(source) if module.startswith("seewhy")}
        for node in classes(source):
            for place in (origin(base, source.module, taken) for base in node.bases):
                if place in bases and not bases[place] & OPEN_BASES:
                    yield source.at(node, f"{node.name} inherits from {place[1]}, a concrete class of ours")


def origin(base: ast.expr, module: str, taken: Mapping[str, str]) -> tuple[str, str]:
    """The module and name of a base class, given the names that its file took from modules of ours."""
    name = name_of(base)
    if isinstance(base, ast.Attribute):
        owner = name_of(base.value)
        return f"{taken.get(owner, '')}.{owner}", name
    return taken.get(name, module), name


def plans(sources: Iterable[Source]) -> Iterator[tuple[Source, ast.ClassDef, tuple[str, ...]]]:
    """Each `*Plan` with its fields."""
    for source in sources:
        for node in classes(source):
            if node.name.endswith("Plan"):
                fields = (part.target for part in node.body if isinstance(part, ast.AnnAssign))
                yield source, node, tuple(field.id for field in fields if isinstance(field, ast.Name))


def reads(sources: Iterable[Source]) -> set[tuple[str, str]]:
    """Who reads what: `plan.sampling.seed` gives ("plan", "sampling") and ("sampling", "seed")."""
    return {
        (name_of(node.value), node.attr)
        for source in sources
        if source.module.rpartition(".")[2] != "plan" and source.layer != "recipes"
        for node in source.nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }


def own_reads(plan: ast.ClassDef) -> set[str]:
    """Fields that a plan's own methods use, its checks left out."""
    methods = (node for node in plan.body if isinstance(node, ast.FunctionDef) and node.name != "__post_init__")
    return {
        node.attr
        for method in methods
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and name_of(node.value) == "self"
    }


def dead_plan_fields(sources: Sequence[Source]) -> Iterator[str]:
    """A field of a plan that no code reads as `plan.field`: a knob that does nothing."""
    seen = reads(sources)
    for source, node, fields in plans(sources):
        stem = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name.removesuffix("Plan")).lower()
        readers = {place for place, _ in seen if "plan" in place or place == stem}
        used = {field for place, field in seen if place in readers} | own_reads(node)
        for field in fields:
            if field not in used:
                yield source.at(node, f"no code reads {node.name}.{field}")


def fat_plans(sources: Sequence[Source]) -> Iterator[str]:
    """A plan of more than twelve fields."""
    for source, node, fields in plans(sources):
        if len(fields) > MOST_PLAN_FIELDS:
            yield source.at(node, f"{node.name} has {len(fields)} fields, at most {MOST_PLAN_FIELDS}")


def gold_readers(sources: Iterable[Source]) -> Iterator[str]:
    """Code outside judging that reads the gold answers, and so could compare with them."""
    for source in sources:
        if source.layer in MAY_READ_GOLD or source.module == "seewhy.pairs.lessons":
            continue
        for node in source.nodes:
            if isinstance(node, ast.Attribute) and node.attr == "answers" and name_of(node.value) == "gold":
                yield source.at(node, "only judging compares with the gold answers")
