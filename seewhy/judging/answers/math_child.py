"""The process that proves formulas equal: one JSON line in (gold, answer), one JSON line out (verdict).

It is started and stopped by `math_process.MathProcess`, as a file of its own that imports nothing of this package; run
by hand it reads standard input. Its one argument is the CPU seconds a comparison may take. A worker that is forked
after the imports compares: past its seconds or its memory it is replaced, which costs no second import.
"""

import json
import os
import resource
import select
import signal
import sys
from functools import lru_cache

from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify
from sympy import Basic, Expr, Integer, Tuple
from sympy.core.relational import Relational
from sympy.sets.sets import FiniteSet

MEMORY = 256 << 20
"""Bytes of address space: a tower of powers runs out of it before it takes the machine with it."""
PEAK = MEMORY * 3 // 4
"""Bytes in use past which a False may be an allocation that failed: it cannot be said."""
WALL = 1.75
"""Seconds of wall time for each second of CPU time, on a busy machine."""
UNDECIDED = b'"undecided"\n'

MARKS = ("\\boxed", "\\(", "\\[")
CUT_SHORT = ("\\ldots", "\\dots", "\\cdots", "...", "…")
READERS = (LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig())
FIRST_PAIRS = (("\\sqrt{8}", "2\\sqrt{2}"), ("x^2-1", "(x+1)(x-1)"), ("x=5", "\\{5\\}"))
SENTINEL = Integer(7919)
NEAR = 1.001e-6


@lru_cache(maxsize=4096)
def parse_formula(text: str) -> tuple[object, ...]:
    """What math-verify reads in `text`: in its formulas where it marks some, else in all of it taken as one.

    Of a text in words the last expression is read.
    """
    text = text.strip()
    if text.count("$") > 1 or any(mark in text for mark in MARKS):
        return tuple(parse(text, READERS, parsing_timeout=0))
    if _is_plain(text):
        return tuple(parse(text, READERS[1:], parsing_timeout=0))
    latex = parse(f"${text.strip('$')}$", READERS, parsing_timeout=0)
    return tuple(latex or parse(text, READERS, parsing_timeout=0))


def _is_plain(text: str) -> bool:
    return text.lstrip("+-")[:1].isdigit() and not text.lstrip("+-").rstrip("%").strip("0123456789 .,/")


def compare(gold: str, answer: str) -> bool | None:
    """Whether the two formulas are equal; None where the gold one cannot be read.

    Numbers that are equal to six decimal places must be equal to six places of the larger one too, and a formula of
    which a part was left unread is equal to none.
    """
    wanted = parse_formula(gold)
    if not wanted:
        return None
    found = parse_formula(answer)
    if not found or not verify(list(wanted), list(found), timeout_seconds=0):  # pyright: ignore[reportArgumentType]
        return False
    return _are_near(wanted[0], found[0]) and is_read_whole(gold) and is_read_whole(answer)


def _are_near(gold: object, answer: object) -> bool:
    if isinstance(gold, (FiniteSet, Tuple)) and isinstance(answer, (FiniteSet, Tuple)):
        pairs = zip(gold.args, answer.args, strict=False)
        return isinstance(gold, FiniteSet) or all(_are_near(one, other) for one, other in pairs)
    if isinstance(gold, Relational) and isinstance(answer, Relational):
        return _are_near(gold.rhs, answer.rhs) or _are_near(gold.rhs, answer.lhs)
    if isinstance(gold, Relational) and isinstance(answer, Expr):
        return _are_near(gold.rhs, answer)
    if isinstance(answer, Relational) and isinstance(gold, Expr):
        return _are_near(gold, answer.rhs)
    if not (isinstance(gold, Expr) and isinstance(answer, Expr)) or gold.free_symbols or answer.free_symbols:
        return True
    one, other = gold.evalf(20), answer.evalf(20)
    if not (one.is_Float and other.is_Float):
        return True
    return bool(abs(one - other) <= NEAR * max(abs(one), abs(other)))


@lru_cache(maxsize=4096)
def is_read_whole(text: str) -> bool:
    """Whether a formula was read to its end: what is added behind it must be read too."""
    if "$" in text or any(mark in text for mark in MARKS):
        return True
    if any(mark in text for mark in CUT_SHORT):
        return False
    if not isinstance(parse_formula(text)[0], (Expr, Relational)):
        return True
    longer = parse(f"${text.strip()}+{SENTINEL}$", READERS[:1], parsing_timeout=0)
    expression = longer[0] if longer else None
    return not isinstance(expression, Basic) or SENTINEL in expression.atoms(Integer)


class Worker:
    """A forked process that compares, one line at a time, and can be ended without its parent."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.pid = 0

    def ask(self, line: bytes) -> bytes:
        """The worker's reply; `UNDECIDED` where it ran out of time or memory."""
        if not self.pid:
            self._fork()
        os.write(self.to_worker, line)
        ready, _, _ = select.select([self.from_worker], [], [], self.seconds * WALL)
        reply = os.read(self.from_worker, 64) if ready else b""
        if reply.endswith(b"\n") and reply != UNDECIDED:
            return reply
        self._end()
        return UNDECIDED

    def _fork(self) -> None:
        read_line, self.to_worker = os.pipe()
        self.from_worker, write_reply = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.to_worker)
            os.close(self.from_worker)
            work(read_line, write_reply, self.seconds)
            os._exit(0)
        os.close(read_line)
        os.close(write_reply)

    def _end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.to_worker)
        os.close(self.from_worker)
        self.pid = 0


def work(read_line: int, write_reply: int, seconds: float) -> None:
    """Compare line by line until the input ends.

    SIGPROF, which nothing handles, ends the process inside a long integer operation too, where no Python handler runs.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with os.fdopen(read_line, "rb") as lines:
        for line in lines:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            gold, answer = json.loads(line)
            verdict = compare(gold, answer)
            signal.setitimer(signal.ITIMER_PROF, 0)
            is_short = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > PEAK
            os.write(write_reply, UNDECIDED if is_short and not verdict else json.dumps(verdict).encode() + b"\n")


def main() -> None:
    """Answer line by line until the input ends."""
    for gold, answer in FIRST_PAIRS:
        compare(gold, answer)  # what sympy imports at its first use, no worker imports again
    worker = Worker(float(sys.argv[1]))
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(worker.ask(line))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
