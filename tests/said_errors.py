"""The three lines of an error as one sentence, for tests that ask for its facts and not for its form."""

import re

WHERE = re.compile(r"\n  where:  [^\n]*\n  remedy: ")


def sentence(err: str) -> str:
    """What is wrong; what to do."""
    return " ".join(WHERE.sub("; ", err).split())
