"""The three lines of an error as one sentence, for tests that ask for its facts and not for its form."""

import re

WHERE = re.compile(r"\n  where:  [^\n]*\n  remedy: ")


def sentence(err: str) -> str:
    """What is wrong and what to do, with each of the marks that a message may have between them."""
    return " ".join(" ".join(WHERE.sub(f"{mark} ", err).split()) for mark in (":", ".", ";"))
