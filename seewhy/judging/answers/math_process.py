"""Ask a child process whether two formulas are equal, and end it when it thinks too long."""

import json
import queue
import subprocess
import sys
import threading
import weakref
from typing import IO, Final, final

LONGEST_FORMULA = 1000
PATIENCE = 300.0
"""Wall-clock seconds after which a child is given up; the kernel ends it by its CPU time long before."""


class MathTimeoutError(Exception):
    """A formula that could not be compared in time, or that ended the child process."""


@final
class MathProcess:
    """A math-verify process that starts at the first question and cannot hang its owner.

    math-verify's own time-outs use SIGALRM: they work on the main thread of a process alone, and not inside one
    long integer operation. A child that the kernel ends has neither limit. `seconds` are of the child's CPU time, one
    or more: a verdict does not depend on how busy the machine is. Safe to share between threads; a pickled copy
    starts a process of its own.
    """

    def __init__(self, seconds: int = 5) -> None:
        self.seconds: Final = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._end: weakref.finalize[[subprocess.Popen[str]], MathProcess] | None = None
        self._replies: queue.Queue[str] = queue.Queue()

    def __reduce__(self) -> tuple[type["MathProcess"], tuple[int]]:
        return MathProcess, (self.seconds,)

    def __call__(self, gold: str, answer: str) -> bool | None:
        """Whether `answer` equals `gold`; None where `gold` is no formula; `MathTimeoutError` where nobody can say."""
        if len(gold) > LONGEST_FORMULA:
            return None
        if len(answer) > LONGEST_FORMULA:
            return False
        with self._lock:
            child = self._child if self._child and self._child.poll() is None else self._start()
            return self._ask(child, gold, answer)

    def close(self) -> None:
        """End the child, if there is one; the next question starts another."""
        end, self._end, self._child = self._end, None, None
        if end is not None:
            end()

    def _start(self) -> subprocess.Popen[str]:
        self.close()
        command = [sys.executable, "-m", "seewhy.judging.answers.math_child", str(self.seconds)]
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._child, self._replies = child, queue.Queue()
        threading.Thread(target=_forward, args=(child.stdout, self._replies), daemon=True).start()
        # Called once: by `close`, with the last reference to this object, or before the interpreter ends.
        self._end = weakref.finalize(self, _end_child, child)
        return child

    def _ask(self, child: subprocess.Popen[str], gold: str, answer: str) -> bool | None:
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps([gold, answer]) + "\n")
            child.stdin.flush()
            reply = self._replies.get(timeout=PATIENCE)
        except (queue.Empty, BrokenPipeError):
            reply = ""
        if not reply:
            self.close()
            raise MathTimeoutError(
                f"comparing {answer[:60]!r} with {gold[:60]!r} took over {self.seconds} s or ended the prover"
            )
        verdict: bool | None = json.loads(reply)
        return verdict


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
