"""House rules that look at one file: its size, its imports, its habits."""

import ast
import re
from collections.abc import Iterable, Iterator

from house_sources import Source, classes, imports, name_of

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
LONGEST_CLI = 2500
LONGEST_PROMPT = 200
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
RECORD_MODULES = {f"seewhy.records.{name}" for name in ("types", "turns", "ranked", "token_credit")}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:work|home|root|Users)/[\w.]")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def long_files(sources: Iterable[Source]) -> Iterator[str]:
    """A file over 300 lines."""
    for source in sources:
        count = len(source.text.splitlines())
        if count > LONGEST_FILE:
            yield f"{source.path}: {count} lines, at most {LONGEST_FILE}"


def long_command_line(sources: Iterable[Source]) -> Iterator[str]:
    """More than 2,500 lines that turn words into plans and events into lines: logic has a room of its own."""
    count = sum(len(source.text.splitlines()) for source in sources if source.path.startswith("seewhy/cli/"))
    if count > LONGEST_CLI:
        yield f"seewhy/cli: {count} lines, at most {LONGEST_CLI}"


def long_functions(sources: Iterable[Source]) -> Iterator[str]:
    """A function over 50 lines, its docstring included."""
    for source in sources:
        for node in source.nodes:
            if isinstance(node, FUNCTIONS):
                count = (node.end_lineno or node.lineno) - node.lineno + 1
                if count > LONGEST_FUNCTION:
                    yield source.at(node, f"{node.name} has {count} lines, at most {LONGEST_FUNCTION}")


def silent_modules(sources: Iterable[Source]) -> Iterator[str]:
    """A module whose first line is no docstring sentence."""
    for source in sources:
        if not re.match(r'r?"""\S', source.text):
            yield f"{source.path}: the first line is no docstring"


def vague_names(sources: Iterable[Source]) -> Iterator[str]:
    """A module named for nothing in particular."""
    for source in sources:
        if VAGUE_NAMES & set(re.split(r"[._]", source.module.rpartition(".")[2])):
            yield f"{source.path}: name it after what it does"


def late_imports(sources: Iterable[Source]) -> Iterator[str]:
    """An import that does not stand at the top: inside a function, a class, an `if` or a `try`."""
    for source in sources:
        top = {id(node) for node in source.tree.body}
        for node in source.nodes:
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in top:
                yield source.at(node, "an import stands at the top of its file")


def type_checking(sources: Iterable[Source]) -> Iterator[str]:
    """`TYPE_CHECKING`: two modules that need each other."""
    for source in sources:
        for node in source.nodes:
            if name_of(node) == "TYPE_CHECKING" and isinstance(node, ast.Name | ast.Attribute):
                yield source.at(node, "TYPE_CHECKING is not used")
        for node, _, name in imports(source):
            if name == "TYPE_CHECKING":
                yield source.at(node, "TYPE_CHECKING is not used")


def guessed_attributes(sources: Iterable[Source]) -> Iterator[str]:
    """`getattr` with a default: a guess about a type."""
    for source in sources:
        for node in source.nodes:
            match node:
                case ast.Call(func=ast.Name(id="getattr"), args=[_, _, _]):
                    yield source.at(node, "getattr with a default")
                case _:
                    pass


def unsafe_code(sources: Iterable[Source]) -> Iterator[str]:
    """Text or bytes that run: eval, exec, pickle and its kin, `torch.load` of anything but tensors."""
    for source in sources:
        for node, module, _ in imports(source):
            if module.split(".")[0] in UNSAFE_MODULES:
                yield source.at(node, f"{module} runs what it reads")
        for node in source.nodes:
            match node:
                case ast.Call(func=ast.Name(id="eval" | "exec" as name)):
                    yield source.at(node, f"{name} runs text")
                case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load"), keywords=keywords):
                    if not any(ast.unparse(keyword) == "weights_only=True" for keyword in keywords):
                        yield source.at(node, "torch.load without weights_only=True")
                case _:
                    pass


def broad_excepts(sources: Iterable[Source]) -> Iterator[str]:
    """A broad `except` that does not raise again."""
    for source in sources:
        for node in source.nodes:
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            broad = any(kind is None or name_of(kind) in {"Exception", "BaseException"} for kind in caught)
            if broad and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
                yield source.at(node, "a broad except hides an error")


def patches(sources: Iterable[Source]) -> Iterator[str]:
    """A test that replaces a part of what it tests."""
    for source in sources:
        for node, module, name in imports(source):
            if "mock" in {*module.split("."), name} or module.startswith("pytest_mock"):
                yield source.at(node, "fakes ship in seewhy/testing; nothing is mocked")
        for node in source.nodes:
            match node:
                case ast.Attribute(value=ast.Name(id="monkeypatch"), attr="setattr" | "setitem" | "delattr"):
                    yield source.at(node, "monkeypatch replaces what is tested")
                case ast.arg(arg="mocker") | ast.Call(func=ast.Name(id="patch" | "Mock" | "MagicMock")):
                    yield source.at(node, "fakes ship in seewhy/testing; nothing is mocked")
                case _:
                    pass


def loose_records(sources: Iterable[Source]) -> Iterator[str]:
    """A record that is no enum, and not frozen, slotted, keyword-only and shown by an Example."""
    for source in sources:
        for node in classes(source) if source.module in RECORD_MODULES else ():
            if any(name_of(base) in {"StrEnum", "IntEnum", "Enum"} for base in node.bases):
                continue
            calls = [mark for mark in node.decorator_list if isinstance(mark, ast.Call)]
            asked = {ast.unparse(word) for call in calls for word in call.keywords}
            if not {"frozen=True", "slots=True", "kw_only=True"} <= asked:
                yield source.at(node, f"{node.name} is not frozen, slots, kw_only")
            if ">>>" not in (ast.get_docstring(node) or "").partition("Example")[2]:
                yield source.at(node, f"{node.name} shows no Example that runs")


def prompts_in_code(sources: Iterable[Source]) -> Iterator[str]:
    """A string of over 200 characters under judging/: a prompt is a text file beside its judge.

    Docstrings and regular expressions are no prompts.
    """
    for source in sources:
        if source.layer != "judging":
            continue
        plain = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
        for node in source.nodes:
            if isinstance(node, ast.Call) and name_of(node) == "compile":
                plain |= {id(inner) for inner in ast.walk(node)}
        for node in source.nodes:
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            words = "".join(
                part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
            if len(words) > LONGEST_PROMPT and id(node) not in plain:
                yield source.at(node, f"a prompt of {len(words)} characters belongs in a text file")


def machine_paths(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A path that exists on one machine only."""
    for path, text in files:
        for number, line in enumerate(text.splitlines(), start=1):
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: a path of one machine"
