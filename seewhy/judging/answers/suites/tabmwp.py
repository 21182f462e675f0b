"""TabMWP as PromptPG reads and compares answers."""

import re

from seewhy.judging.answers.matching import Prover
from seewhy.judging.answers.suites.graded import Graded, gold_text, letters_of
from seewhy.records.types import Question

LATEX_FRACTION = re.compile(r"\$?\\frac\{([\d.,\-]+)\}\{([\d.,]+)\}\$?")
FULL_STOP = re.compile(r"(?<![AP]\.M)\.$")
TIGHT_EQUALS = re.compile(r"(?<=\d)=(?=[\-$\d])")
LETTERS = (
    re.compile(r"^\(([A-Za-z])\)$"),
    re.compile(r"^([A-Za-z])$"),
    re.compile(r"^([A-Za-z]). "),
    re.compile(r"[Th]he answer is ([A-Z])"),
    re.compile(r"^\(([A-Za-z])\) [\s\S]+$"),
    re.compile(r"[Th]he answer is \(([A-Za-z])\) [\s\S]+$"),
)
NUMBERS = (
    re.compile(r"[Th]he answer is ([\s\S]+)$"),
    re.compile(r" = ([\d$.,/:]+)"),
    re.compile(r"(?<= be| is) ([\-\d$.,/:]{0,60}\d)"),
    re.compile(r"(?<= are| was) ([\-\d$.,/:]{0,60}\d)"),
    re.compile(r"(?<= were) ([\-\d$.,/:]{0,60}\d)"),
    re.compile(r" ([\d$.,/:]{1,60} [AP]\.M\.)"),
    re.compile(r"([\-\d$.,/:]{0,60}\d)"),
)
NUMERIC = re.compile(r"[-+]?[\d,./]{1,60}")
INTEGER = re.compile(r"[-+]?\d+")
ZEROS = re.compile(r"\.0+$")
PLACES = 3


def tabmwp(question: Question, text: str, _prove: Prover) -> Graded:
    """An option by letter, or the one that shares most words; else the number after "The answer is" or the last one.

    Numbers are rounded to three places; of words the question's unit (facet `unit`) is taken out; then the strings
    must be equal but for case. Source: PromptPG `utilities.py`, `extract_prediction` and `normalize_answer`
    (lupantech/PromptPG). A letter that is no option is answered there at random, and is no answer here.
    """
    output = LATEX_FRACTION.sub(r"\1/\2", text)
    output = TIGHT_EQUALS.sub(" = ", FULL_STOP.sub("", output)).replace("\u2212", "-")
    said = _option(question, output) if question.options else _free(output)
    if said is None:
        return Graded(answer=None, score=None, how="a letter that is no option; the suite picks at random")
    unit = question.facets.get("unit", "")
    gold, found = (normalise_answer(each, unit).lower() for each in (gold_text(question), said))
    return Graded(answer=said, score=float(gold == found), how="an option" if question.options else "a number or text")


def _option(question: Question, output: str) -> str | None:
    for form in LETTERS:
        if found := form.search(output):
            letter = found[1].upper()
            if letter in letters_of(question):
                return question.options[letters_of(question).index(letter)]
            if letter in "ABCDEF":
                return None
    return max(question.options, key=lambda option: shared_words(option, output))


def shared_words(one: str, other: str) -> float:
    """The share of words that two texts have in common, of the longer one's; 2 where they are equal.

    Example:
        >>> shared_words("a red dog", "red dog"), shared_words("dog", "dog"), shared_words("dog", "cat")
        (0.6666666666666666, 2.0, 0.0)
    """
    if one == other:
        return 2.0
    ours, theirs = one.split(" "), other.split(" ")
    return len(set(ours) & set(theirs)) / max(len(ours), len(theirs))


def _free(output: str) -> str:
    for form in NUMBERS:
        if found := form.findall(output):
            said: str = found[-1].strip()
            return said
    return output


def normalise_answer(text: str, unit: str) -> str:
    """A number rounded to three places without separators and zeros; other text without the unit.

    Example:
        >>> [normalise_answer(text, "kg") for text in ("$1,000", "3/4", "56.40", "-3", "5 kg")]
        ['1000', '0.75', '56.4', '-3', '5']
    """
    text = re.sub(r"[,./]$", "", text.removeprefix("$"))
    bare = text.replace(",", "")
    if not NUMERIC.fullmatch(text) or not (number := _number(bare)):
        return text.replace(unit, "").strip() if unit else text
    return ZEROS.sub("", number)


def _number(bare: str) -> str | None:
    """None where the suite's own code would stop with an error: two points, two bars, nothing, or a bar over 0."""
    if INTEGER.fullmatch(bare):
        return str(int(bare))
    parts = bare.split("/")
    if len(parts) > 2 or not all(re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)", part) for part in parts):
        return None
    values = [float(part) for part in parts]
    if len(values) == 2 and not values[1]:
        return None
    return str(round(values[0] / values[1] if len(values) == 2 else values[0], PLACES))
