"""Ask a child process whether two formulas are equal, and end it when it thinks too long."""

import json
import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final, Literal, final

from seewhy.judging.answers.formulas import latex_of

LONGEST_FORMULA = 1000
MAX_KNOWN = 20_000
"""Verdicts remembered; the oldest are forgotten."""
STARTING = 120.0
"""Wall-clock seconds a child may take to start, beyond those of a comparison; a busy machine is slow to import."""
CHILD = Path(__file__).with_name("math_child.py")

Known = bool | Literal["undecided"] | None


class MathTimeoutError(Exception):
    """A formula that could not be compared within the bounds of time and memory."""


@final
class MathProcess:
    """A math-verify process that starts at the first question and cannot hang its owner.

    math-verify's own time-outs use SIGALRM: they work on the main thread of a process alone, and not inside one
    long integer operation. A child that the kernel ends has neither limit. `seconds` are of the child's CPU time; on a
    busy machine 1.75 times as much wall time ends a comparison too. It may use 256 MB of memory. Verdicts are
    remembered, undecided ones too. Safe to share between threads; a pickled copy starts a process of its own.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds: Final = seconds
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Known] = {}
        self._child: subprocess.Popen[str] | None = None
        self._end: weakref.finalize[[subprocess.Popen[str]], MathProcess] | None = None
        self._replies: queue.Queue[str] = queue.Queue()

    def __reduce__(self) -> tuple[type["MathProcess"], tuple[float]]:
        return MathProcess, (self.seconds,)

    def __call__(self, gold: str, answer: str) -> bool | None:
        """Whether `answer` equals `gold`; None where `gold` is no formula; `MathTimeoutError` after the time limit."""
        if len(gold) > LONGEST_FORMULA:
            return None
        if len(answer) > LONGEST_FORMULA:
            return False
        with self._lock:
            verdict = self._verdict(latex_of(gold), latex_of(answer))
        if verdict == "undecided":
            raise MathTimeoutError(
                f"comparing {answer[:60]!r} with {gold[:60]!r} took over {self.seconds:g} s or 256 MB of memory"
            )
        return verdict

    def close(self) -> None:
        """End the child, if there is one; the next question starts another."""
        end, self._end, self._child = self._end, None, None
        if end is not None:
            end()

    def _verdict(self, gold: str, answer: str) -> Known:
        if (gold, answer) not in self._known:
            child = self._child if self._child and self._child.poll() is None else self._start()
            verdict = self._ask(child, gold, answer)
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[gold, answer] = verdict
        return self._known[gold, answer]

    def _start(self) -> subprocess.Popen[str]:
        self.close()
        child = subprocess.Popen(
            isolated(CHILD, str(self.seconds)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=clean_environment(os.environ),
        )  # fmt: skip
        self._child, self._replies = child, queue.Queue()
        threading.Thread(target=_forward, args=(child.stdout, self._replies), daemon=True).start()
        # Called once: by `close`, with the last reference to this object, or before the interpreter ends.
        self._end = weakref.finalize(self, _end_child, child)
        return child

    def _ask(self, child: subprocess.Popen[str], gold: str, answer: str) -> Known:
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps([gold, answer]) + "\n")
            child.stdin.flush()
            reply = self._replies.get(timeout=STARTING + 2 * self.seconds)
        except (queue.Empty, BrokenPipeError):
            reply = ""
        if not reply:
            self.close()
            return "undecided"
        verdict: Known = json.loads(reply)
        return verdict


def isolated(script: Path, *arguments: str) -> list[str]:
    """The command that runs a script of this package, without its folder or the working folder on the path."""
    return [sys.executable, "-P", str(script), *arguments]


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would put the working folder on a child's path.

    Example:
        >>> clean_environment({"PYTHONPATH": ":.:/opt/lib", "PYTHONSTARTUP": "x.py"})
        {'PYTHONPATH': '/opt/lib'}
    """
    here = Path.cwd()
    kept = {name: value for name, value in environment.items() if name not in {"PYTHONSTARTUP", "PYTHONPATH"}}
    folders = environment.get("PYTHONPATH", "").split(os.pathsep)
    apart = [folder for folder in folders if Path(folder).is_absolute() and Path(folder) != here]
    return {**kept, "PYTHONPATH": os.pathsep.join(apart)} if apart else kept


def _forward(lines: IO[str], replies: "queue.Queue[str]") -> None:
    """Closes the pipe that it reads: another thread that did would wait for this one, or abort the interpreter."""
    with lines:
        for line in lines:
            replies.put(line)
    replies.put("")


def _end_child(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    if child.stdin:
        child.stdin.close()
