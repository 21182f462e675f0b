"""Read the two scores that a judge model gives two answers, or abstain: a reply without scores is never a middle one.

The form is that of the GPT-4 reviews of Vicuna and LLaVA, which LLaVA-Bench uses: two numbers on the first line, then
the reasons. Judges that solve the problem first give their scores at the end, one a line or in brackets.
"""

import re
from dataclasses import dataclass

from seewhy.judging.answers.findings import Abstention

HIGHEST = 10.0
LONGEST_LINE = 80
NUMBER = r"(\d{1,3}(?:\.\d{1,3})?)(?:\s?/\s?10)?"
ENDS = r"(?=\s*(?:$|[(\n,.;)]|points?\b|out of\b|[-–—]\s))"
TWO = re.compile(r"\W*(?:scores?\W{1,4})?" + NUMBER + r"\s?[,;:|&\s]\s*" + NUMBER + r"\W*", re.IGNORECASE)
BRACKETED = re.compile(r"\bscores?\b[^\n(\[]{0,40}[(\[]\s?" + NUMBER + r"\s?,\s?" + NUMBER + r"\s?[)\]]", re.IGNORECASE)
GIVEN = tuple(
    re.compile(rf"assistant\s?{which}" + r"\b[*'’s]{0,4}\W{0,6}(?:score\W{0,4})?" + NUMBER + ENDS, re.IGNORECASE)
    for which in (1, 2)
)
TOLD = tuple(
    re.compile(rf"assistant\s?{which}" + r"\b[^\n]{0,600}?\bscore\s?(?:is|of|:|=)\W{0,4}" + NUMBER, re.IGNORECASE)
    for which in (1, 2)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScores:
    """What a judge model gave the first and the second answer, from 0 to 10.

    Example:
        >>> PairScores(first=9.0, second=8.5).first
        9.0
    """

    first: float
    second: float


def read_pair_scores(text: str) -> PairScores | Abstention:
    r"""The two scores of a judge's reply: of its first line, else those it gives the two assistants by name, the last.

    Example:
        >>> read_pair_scores("9 8.5\nBoth assistants were helpful.")
        PairScores(first=9.0, second=8.5)
        >>> read_pair_scores("Scores:\nAssistant 1: 10\nAssistant 2: 4")
        PairScores(first=10.0, second=4.0)
        >>> read_pair_scores("Both were helpful.").why
        'the reply gives no two scores'
    """
    first_line = text.strip().partition("\n")[0]
    if len(first_line) <= LONGEST_LINE and (two := TWO.fullmatch(first_line)):
        return _scores(two[1], two[2])
    bracketed = BRACKETED.findall(text)
    for forms in (GIVEN, TOLD):
        found = [form.findall(text) for form in forms]
        if all(found):
            return _scores(found[0][-1], found[1][-1])
    return _scores(*bracketed[-1]) if bracketed else Abstention("the reply gives no two scores")


def _scores(first: str, second: str) -> PairScores | Abstention:
    if max(float(first), float(second)) > HIGHEST:
        return Abstention(f"the scores {first} and {second} are not between 0 and 10")
    return PairScores(first=float(first), second=float(second))
