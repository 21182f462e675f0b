"""The process that proves formulas equal: one JSON line in (gold, answer), one JSON line out (verdict).

It is started and stopped by `math_process.MathProcess`; run by hand it reads standard input. Its one argument is
the CPU seconds a comparison may take: past them the kernel ends the process.
"""

import json
import math
import re
import resource
import sys
import time

from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

MEMORY = 4 << 30
"""Bytes of address space: a tower of powers runs out of it before it takes the machine with it."""

MARKS = ("\\boxed", "\\(", "\\[")
PLAIN = re.compile(r"[-+]?\d[\d\s.,/]{0,60}%?")
READERS = (LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig())


def parse_formula(text: str) -> list[object]:
    """What math-verify reads in `text`: in its formulas where it marks some, else in all of it taken as one.

    Of a text in words the last expression is read.
    """
    text = text.strip()
    if text.count("$") > 1 or any(mark in text for mark in MARKS):
        return list(parse(text, READERS, parsing_timeout=0))
    if PLAIN.fullmatch(text):
        return list(parse(text, READERS[1:], parsing_timeout=0))
    latex = parse(f"${text.strip('$')}$", READERS, parsing_timeout=0)
    return list(latex or parse(text, READERS, parsing_timeout=0))


def compare(gold: str, answer: str) -> bool | None:
    """Whether the two formulas are equal; None where the gold one cannot be read."""
    wanted = parse_formula(gold)
    if not wanted:
        return None
    found = parse_formula(answer)
    return bool(found) and bool(verify(wanted, found, timeout_seconds=0))  # pyright: ignore[reportArgumentType]


def allow_seconds(seconds: int) -> None:
    """Let this process use so many more seconds of CPU time; a busy machine does not shorten them.

    The kernel's SIGXCPU ends the process inside a long integer operation too, where no Python handler runs.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))


def main() -> None:
    """Answer line by line until the input ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        allow_seconds(int(sys.argv[1]))
        gold, answer = json.loads(line)
        sys.stdout.write(json.dumps(compare(gold, answer)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
