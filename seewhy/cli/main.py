"""`seewhy`: teach a vision-language model to reason, and show why."""

import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, cast

import seewhy

COMMANDS = {
    "run": "the steps of a recipe in order; a stopped run goes on from where it was",
    "status": "each step of a run: finished, stale, unfinished or waiting",
    "view": "look at runs in a browser: questions, chains, verdicts, pairs, credit, curves",
    "report": "the report of a run: a page, its figures and their numbers, Markdown, PDF",
    "plan": "memory, time, disk and money of a recipe, before anything runs",
    "recipe": "list, show or check recipes",
    "step": "one step of a run",
    "data": "import a published data set's own files, or look for what is wrong with them",
    "push": "a model with the card of its run, or rows, to the Hub",
    "grade": "the score card of anyone's predictions (docs/grade.md)",
    "explain": "how the answer of a reply is read, and what its verdict is",
    "calibrate": "what a judge is worth on labelled chains",
    "ask": "one or several models about a picture, directly and by chain of thought, with votes and credit",
    "init": "a recipe from a few questions: model, data, method, adapter or full weights",
    "diff": "differing settings, rows and results of two runs",
    "completion": "a script by which bash or zsh complete commands, recipes and steps",
    "doctor": "whether this machine does what seewhy asks of it, each check with its remedy",
    "tiny": "make the model that ships with seewhy, from nothing",
    "oracle": "an OpenAI-compatible server that knows a run's pages, to try teachers and judges at no cost",
}
"""Commands, each a file of `seewhy/cli` that is loaded when it is wanted."""
QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
}  # fmt: skip
"""Read by the libraries when they are loaded: their errors are shown, their bars and hints are not among our lines."""
UNREAD = 141
"""Exit status where the reader of the output has gone, as of a program that SIGPIPE ends."""
LAUNCHED = "WORLD_SIZE"
"""The variable by which launchers say how many processes they have started."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 when it went well; 1 where something was found, such as unfinished steps by `status`; 2 for an error that a
        user can mend, in three lines: what, where, remedy; 130 after Ctrl-C; 141 where nobody reads the output.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    given = list(sys.argv[1:] if words is None else words)
    _settle_streams()
    try:
        code = _dispatch(given)
        if LAUNCHED in os.environ:
            _processes().end_well()
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter tries again at its end
        return UNREAD
    except (ValueError, OSError, ArithmeticError) as error:
        complain(_complaint_of(error, given))
        return 2
    except RuntimeError as error:
        # Alarms and spent budgets are errors of this kind of ours; any other is a fault that its trace tells best.
        if type(error).__module__.partition(".")[0] != "seewhy":
            raise
        complain(_complaint_of(error, given))
        return 2
    except KeyboardInterrupt:
        complain("seewhy: stopped; the same command goes on from here")
        return 130
    except SystemExit as end:  # help was shown, or a check has found something
        return end.code if isinstance(end.code, int) else 2


def _settle_streams() -> None:
    """A character that the terminal's encoding does not have is shown as another, and is no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _complaint_of(error: Exception, given: Sequence[str]) -> str:
    return str(importlib.import_module("seewhy.cli.complaint").complaint_of(error, given))


def complain(text: str) -> None:
    """Say on standard error what went wrong, once where several processes met it."""
    said = _processes().whose(text) if LAUNCHED in os.environ else text
    if said:
        print(said, file=sys.stderr)


def _processes() -> Any:  # noqa: ANN401
    return importlib.import_module("seewhy.cli.processes")


def _dispatch(given: list[str]) -> int:
    command, rest = (given[0], given[1:]) if given else ("--help", [])
    if command in ("-h", "--help"):
        print(usage())
        return 0
    if command == "--version":
        print(f"seewhy {seewhy.__version__}")
        return 0
    if command == "judge" and rest[:1] == ["--calibrate"]:
        command, rest = "calibrate", rest[1:]
    if command in COMMANDS:
        return int(_load(command)(rest) or 0)
    discovery = importlib.import_module("seewhy.runs.discovery")
    stages = cast(list[str], discovery.kind_names("stages"))
    if command in stages or discovery.is_outside(command):
        return int(importlib.import_module("seewhy.cli.stage").run(command, rest))
    hint = discovery.nearest(command, [*COMMANDS, *stages])
    raise ValueError(f"{command!r} is no command of seewhy{hint}")


def _load(command: str) -> Any:  # noqa: ANN401
    discovery = importlib.import_module("seewhy.runs.discovery")
    module = discovery.load_part("cli", command)
    return vars(module)["run"]


def usage() -> str:
    """All commands, and the stages that are commands over files."""
    discovery = importlib.import_module("seewhy.runs.discovery")
    lines = ["usage: seewhy COMMAND ...   (`seewhy COMMAND --help` lists its options)", ""]
    lines += [f"  {name:<17}{does}" for name, does in COMMANDS.items()]
    lines += ["", "stages, over files and without a recipe: seewhy STAGE --out DIR [--FIELD VALUE ...]"]
    lines += [f"  {name:<17}{discovery.sentence_of('stages', name)}" for name in discovery.kind_names("stages")]
    return "\n".join([*lines, "", "  seewhy --version"])


if __name__ == "__main__":
    sys.exit(main())
