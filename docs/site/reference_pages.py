"""The reference of the documentation, made from plans and docstrings when the site is built; nothing of it is typed."""

import contextlib
import dataclasses
import importlib
import inspect
import io
import re
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from column_words import COLUMNS, TEXTS

import seewhy
from seewhy.cli.help_text import field_docs, shown
from seewhy.cli.main import COMMANDS, main
from seewhy.model.plan import ComputePlan
from seewhy.records import ranked
from seewhy.records import types as records
from seewhy.records.step_logs import StepLog
from seewhy.records.token_credit import TokenCredit
from seewhy.runs.choice import Choice, layer_of, names_what
from seewhy.runs.discovery import class_of, constant_of, kind_names, sentence_of
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.recipe import Recipe

HEAD = "| field | type | default | what it is |\n|---|---|---|---|"
LAYERS = {
    "objectives": ("objectives", "Objectives", "The loss of a training: `objective: {kind: dpo, beta: 0.1}` of the "
                   "stages [train](stages.md#train) and [online](stages.md#online). The formulas: "
                   "[methods](../methods/index.md)."),
    "judging": ("judges", "Judges", "How a chain is graded: `judge: {kind: outcome}` of the stage "
                "[judge](stages.md#judge). What each asks and what it is worth: [judging](../judges.md)."),
    "teachers": ("teachers", "Teachers", "Who writes rationales: `teacher: {kind: endpoint}` of the stage "
                 "[distil](stages.md#distil). Servers, prices and limits: [teachers](../teachers.md)."),
    "pairs": ("pair-rules", "Pair rules", "Which chains become a pair: `rule: {kind: by_outcome}` of the stage "
              "[pair](stages.md#pair). What each is for: [preference data](../preferences.md)."),
    "pairs.pictures": ("varied-pictures", "Varied pictures", "What replaces a picture in the stage "
                       "[vary_pictures](stages.md#vary_pictures)."),
    "evaluation.credits": ("credit", "Credit", "What is said of each token: `kind: {kind: entropy}` of the stage "
                           "[credit](stages.md#credit). What each is worth: [evidence](../evidence.md), claim 5."),
    "rewards": ("rewards", "Rewards", "What a rollout earns: `reward: {kind: outcome}` of the stage "
                "[online](stages.md#online). How they are used: [online training](../online.md)."),
}  # fmt: skip
"""Layers whose files are kinds of a field: the page's file, its title, and what it is about."""
ROWS = (
    records.Question, records.Gold, records.Chain, records.Verdict, records.Span, records.Response, records.Lesson,
    records.Pair, ranked.RankedGroup, records.ReferenceRow, records.ScoredChain, TokenCredit, StepLog,
)  # fmt: skip
"""Records of the reference, in the order in which a run makes them."""


@cache
def pages() -> Mapping[str, str]:
    """Every page of the reference: path below `docs/reference` to Markdown."""
    found = {
        "index.md": index_page(), "commands.md": commands_page(), "recipes.md": recipes_page(),
        "stages.md": stages_page(), "rows.md": rows_page(), "python.md": python_page(),
    }  # fmt: skip
    return found | {f"{name}.md": layer_page(layer) for layer, (name, _, _) in LAYERS.items()}


def index_page() -> str:
    """What the reference holds."""
    lines = ["# Reference", "", "Made from the code when the site is built: fields, defaults and texts are those of "
             "this version.", "", "| page | what it lists |", "|---|---|",
             f"| [commands](commands.md) | {len(COMMANDS)} commands, with every option |",
             "| [recipes](recipes.md) | fields of a recipe, its models and its machine; the recipes that ship |",
             f"| [stages](stages.md) | {len(kind_names('stages'))} stages, each with every setting |"]  # fmt: skip
    for layer, (name, title, _) in LAYERS.items():
        kinds = ", ".join(f"`{kind}`" for kind in kind_names(layer))
        lines.append(f"| [{title.lower()}]({name}.md) | {kinds} |")
    lines += ["| [rows](rows.md) | columns of questions, chains, verdicts, pairs and the others |",
              "| [Python](python.md) | what `import seewhy` offers |"]  # fmt: skip
    return "\n".join([*lines, ""])


def commands_page() -> str:
    """`--help` of every command, as it is printed."""
    lines = ["# Commands", "", "A [stage](stages.md) is a command too: `seewhy sample --help` lists its fields.", "",
             "Exit status: 0 where it went well, 1 where something is unfinished or wrong in what was looked at, 2 for "
             "an error with its remedy, 130 after Ctrl-C.", ""]  # fmt: skip
    for name, does in COMMANDS.items():
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            main([name, "--help"])
        usage = said.getvalue()
        lines += [
            f"## {name}",
            "",
            f"{does[0].upper()}{does[1:]}.",
            "",
            "```text",
            usage[usage.find("usage:") :].strip(),
        ]
        lines += ["```", ""]
    return "\n".join(lines)


def recipes_page() -> str:
    """Fields of a recipe, and the recipes that ship with seewhy."""
    lines = ["# Recipes", "", "A recipe is a page of YAML: named steps, the models they start from, and the machine. "
             "`seewhy recipe show NAME` prints one with every constant.", "", "## Shipped recipes", "",
             "| recipe | what it is |", "|---|---|"]  # fmt: skip
    lines += [f"| `{name}` | {cell(sentence_of('recipes', name))} |" for name in kind_names("recipes")]
    for title, kind in (("Fields of a recipe", Recipe), ("Models", ModelSpec), ("Compute", ComputePlan),
                        ("Machine", Machine)):  # fmt: skip
        lines += ["", f"## {title}", "", first_words(kind), "", table_of(kind)]
    return "\n".join([*lines, ""])


def stages_page() -> str:
    """Every stage with its settings."""
    lines = ["# Stages", "", "A step of a recipe is one use of a stage. Every field can be set in YAML, on the command "
             "line of a recipe (`--STEP.FIELD VALUE`, with `-` for `_`), and where the stage runs alone "
             "(`seewhy STAGE --FIELD VALUE`).", ""]  # fmt: skip
    for name in kind_names("stages"):
        kind = class_of("stages", name)
        record = getattr(kind, "rows", None)
        writes = f"Writes rows of [{record.__name__}](rows.md)." if record and record in ROWS else ""
        lines += [f"## {name}", "", sentence_of("stages", name), "", f"{first_words(kind)} {writes}".strip(), "",
                  table_of(kind), ""]  # fmt: skip
    return "\n".join(lines)


def layer_page(layer: str) -> str:
    """Every kind of a layer with its settings."""
    _, title, about = LAYERS[layer]
    lines = [f"# {title}", "", about, ""]
    for name in kind_names(layer):
        kind = class_of(layer, name)
        trains_on = constant_of(layer, name, "trains_on", "pairs") if layer == "objectives" else None
        rows = [f"Trains on {trains_on}.", ""] if trains_on else []
        lines += [f"## {name}", "", sentence_of(layer, name), "", about_kind(kind), "", *rows, table_of(kind), ""]
    return "\n".join(lines)


def rows_page() -> str:
    """Columns of the records that files hold."""
    lines = ["# Rows", "", "Rows are plain Parquet, a folder a step; a column is a field of the record.", ""]
    for kind in ROWS:
        words = {**COLUMNS, "text": TEXTS.get(kind.__name__, "")}
        lines += [f"## {kind.__name__}", "", first_words(kind), "", table_of(kind, words), ""]
    return "\n".join(lines)


def python_page() -> str:
    """Names of `seewhy`, with signatures and docstrings."""
    lines = ["# Python", "", f"`import seewhy` offers {len(seewhy.NAMES)} names, each loaded when it is first used. "
             "The examples are run by tests; a longer one is the [notebook](../notebook.md).", ""]  # fmt: skip
    for name, module in sorted(seewhy.NAMES.items()):
        thing = vars(importlib.import_module(module))[name]
        lines += [
            f"## {name}",
            "",
            f"`{module}.{name}`",
            "",
            "```text",
            inspect.cleandoc(thing.__doc__ or ""),
            "```",
            "",
        ]
        if dataclasses.is_dataclass(thing):
            lines += [table_of(thing), ""]
        elif inspect.isfunction(thing):
            lines += ["```python", f"{name}{signature_of(thing)}", "```", ""]
    return "\n".join(lines)


def signature_of(function: Any) -> str:
    """A signature as one line, names of types without their modules."""
    signature, parts = inspect.signature(function), []
    for one in signature.parameters.values():
        held = f"{type(one.default).__name__}()" if dataclasses.is_dataclass(one.default) else repr(plain(one.default))
        default = "" if one.default is inspect.Parameter.empty else f" = {held}"
        if one.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        star = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(one.kind, "")
        parts.append(f"{star}{one.name}: {hint_of(one.annotation)}{default}")
    return f"({', '.join(parts)}) -> {hint_of(signature.return_annotation)}"


def hint_of(hint: Any) -> str:
    """A type as code, without modules."""
    return hint.__name__ if inspect.isclass(hint) and not get_args(hint) else re.sub(r"(?:\w+\.)+(?=\w)", "", str(hint))


def first_words(kind: type[Any]) -> str:
    """A class's docstring without its example and sections."""
    said = inspect.cleandoc(kind.__doc__ or "")
    for mark in ("Example:", "Args:", "Raises:", "Returns:", "Attributes:"):
        said = said.split(f"\n{mark}")[0]
    return said.strip()


def about_kind(kind: type[Any]) -> str:
    """A class's docstring as text and, where it has formulas in lines of their own, these as they are."""
    said = first_words(kind)
    return "\n\n".join(
        f"```text\n{part}\n```" if part.startswith("    ") else part for part in said.split("\n\n") if part
    )


def table_of(kind: type[Any], words: Mapping[str, str] = types.MappingProxyType({})) -> str:
    """The table of a class's settings; `words` says what those are that the class says nothing of."""
    rows = list(rows_of("", kind, None, words))
    return "\n".join([HEAD, *rows]) if rows else "It has no settings."


def rows_of(prefix: str, kind: type[Any], value: object, words: Mapping[str, str]) -> Iterator[str]:
    """A row a field, those of plans within it by dotted names."""
    hints, docs = get_type_hints(kind, include_extras=True), field_docs(kind)
    for one in dataclasses.fields(kind):
        if not one.init or one.name.startswith("_") or is_object(hints[one.name]):
            continue
        name, held = prefix + one.name, getattr(value, one.name) if value is not None else default_of(one)
        text = docs.get(one.name, "") or words.get(name, "")
        if dataclasses.is_dataclass(held) and not isinstance(held, (type, Choice)):
            yield from rows_of(f"{name}.", type(held), held, words)
            continue
        if held is dataclasses.MISSING:
            default = "needed"
        else:
            default = f"`{held.kind if isinstance(held, Choice) else shown(plain(held))}`".replace("``", "–")
        yield f"| `{name}` | {type_of(hints[one.name])} | {cell(default)} | {cell(text)} |"


def is_object(hint: Any) -> bool:
    """Whether a field holds an object that no recipe can set, such as a client or a function."""
    is_protocol = any(getattr(one, "_is_protocol", False) for one in (hint, *get_args(hint)))
    return is_protocol or any(name in str(hint) for name in ("seewhy.endpoints", "Callable", "PromptTemplate"))


def default_of(one: dataclasses.Field[Any]) -> object:
    """A field's default; MISSING where it needs a value."""
    if one.default_factory is not dataclasses.MISSING:
        return one.default_factory()
    return one.default


def plain(value: object) -> object:
    """A value as an option takes it: of an enumeration the value, of several theirs."""
    if isinstance(value, Enum):
        return value.value
    return tuple(plain(one) for one in value) if isinstance(value, (tuple, list)) else value


def type_of(hint: Any) -> str:
    """A type in the reader's words; kinds of a layer with a link to their page."""
    if named := names_what(hint):
        several = get_origin(hint) is tuple or (get_origin(hint) is not Annotated and "tuple" in str(hint))
        return f"{named}, any number" if several else named
    if "Choice" in str(hint):
        layer = layer_of(hint)
        return f"[{LAYERS[layer][1].lower()}]({LAYERS[layer][0]}.md)" if layer in LAYERS else layer
    origin = get_origin(hint)
    if origin is Annotated:
        return type_of(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return " or ".join(type_of(one) for one in get_args(hint))
    if hint is type(None):
        return "none"
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return "one of " + ", ".join(f"`{one.value}`" for one in hint)
    if origin is tuple:
        inner = [type_of(one) for one in get_args(hint) if one is not Ellipsis]
        return f"list of {inner[0]}" if Ellipsis in get_args(hint) else f"({', '.join(inner)})"
    if origin is not None and len(get_args(hint)) == 2:
        return "mapping of " + " to ".join(type_of(one) for one in get_args(hint))
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}.get(
        getattr(hint, "__name__", ""), getattr(hint, "__name__", str(hint))
    )


def cell(text: str) -> str:
    """Text as it may be in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
