"""Soft accuracy over several annotators, as VQA v2 and TextVQA count it, and the folding of answers before it."""

import re
from collections.abc import Iterator, Sequence

NUMBER_WORDS = {
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
ARTICLES = frozenset({"a", "an", "the"})
CONTRACTED = (
    "ain't", "aren't", "can't", "could've", "couldn't", "couldn't've", "didn't", "doesn't", "don't", "hadn't",
    "hadn't've", "hasn't", "haven't", "he'd", "he'd've", "he's", "how'd", "how'll", "how's", "isn't", "it'd",
    "it'd've", "it'll", "ma'am", "might've", "mightn't", "mightn't've", "must've", "mustn't", "needn't", "not've",
    "o'clock", "oughtn't", "shan't", "she'd've", "should've", "shouldn't", "shouldn't've", "somebody'd've",
    "somebody'll", "somebody's", "someone'd", "someone'd've", "someone'll", "someone's", "something'd",
    "something'd've", "something'll", "that's", "there'd", "there'd've", "there're", "there's", "they'd", "they'd've",
    "they'll", "they're", "they've", "'twas", "wasn't", "we'd've", "we've", "weren't", "what'll", "what're", "what's",
    "what've", "when's", "where'd", "where's", "where've", "who'd", "who'd've", "who'll", "who's", "who've", "why'll",
    "why're", "why's", "won't", "would've", "wouldn't", "wouldn't've", "y'all", "y'all'll", "you'd", "you'd've",
    "you'll", "you're", "you've",
)  # fmt: skip
PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
INSIDE_BEFORE = re.compile(r"\w$|\d[.,^]$")
INSIDE_AFTER = re.compile(r"\w|[.,^]\d")
PERIOD = re.compile(r"\.(?!\d)")


def _without_an_apostrophe(short: str) -> Iterator[str]:
    for at, letter in enumerate(short):
        if letter == "'":
            yield short[:at] + short[at + 1 :]


CONTRACTIONS = {bare: short for short in CONTRACTED for bare in _without_an_apostrophe(short)}
"""`dont` to `don't`, and `couldnt've` and `couldn'tve` to `couldn't've`: one apostrophe is missing."""


def normalise_vqa(answer: str) -> str:
    """EvalAI's folding: case, punctuation, number words, articles and contractions without their apostrophe.

    Source: `EvalAIAnswerProcessor` of Pythia and MMF, which TextVQA's published numbers rest on. A mark that touches a
    space anywhere goes, one that never does becomes a space; a possessive is separate from its word.

    Example:
        >>> normalise_vqa("The Two cats, dont!"), normalise_vqa("the dog's 12:30")
        ("2 cats don't", "dog 's 12:30")
    """
    text = answer.lower().replace(",", "").replace("?", "").replace("'s", " 's")
    return fold_words(strip_punctuation(" ".join(text.split())))


def strip_punctuation(text: str, *, everywhere: bool = False) -> str:
    """`text` without its marks: those that touch a space go, or all of them (`everywhere`); others become spaces."""
    stripped = text
    for mark in PUNCTUATION:
        if mark in text:
            touches = everywhere or f"{mark} " in text or f" {mark}" in text
            stripped = stripped.replace(mark, "" if touches else " ")
    return PERIOD.sub("", stripped)


def fold_words(text: str) -> str:
    """Lower case, digits for number words, no articles, contractions with their apostrophe."""
    words = (NUMBER_WORDS.get(word, word) for word in text.lower().split())
    return " ".join(CONTRACTIONS.get(word, word) for word in words if word not in ARTICLES)


def soft_accuracy(golds: Sequence[str], answer: str) -> float:
    """Mean over annotators left out one at a time of min(1, hits among the others / 3), from 0.0 to 1.0.

    Source: VQA v2's evaluation (Goyal et al. 2017), ten annotators. With fewer than four annotators the others
    cannot hold three hits, so `n - 1` of them suffice; a single gold is plain equality. (Without that a right answer
    to a question with one gold would score 0.)

    Example:
        >>> soft_accuracy(["red"] * 2 + ["blue"] * 8, "red"), soft_accuracy(["red"], "Red.")
        (0.6, 1.0)
    """
    wanted = normalise_vqa(answer)
    count, hits = len(golds), sum(normalise_vqa(gold) == wanted for gold in golds)
    if count == 1:
        return float(hits)
    return leave_one_out(count, hits, min(3, count - 1))


def leave_one_out(count: int, hits: int, need: int) -> float:
    """Mean over `count` annotators, of whom `hits` said the answer, of min(1, hits among the others / need)."""
    without_a_hit, without_a_miss = min(need, hits - 1), min(need, hits)
    return (hits * without_a_hit + (count - hits) * without_a_miss) / (need * count)


def direct_answer(golds: Sequence[str], answer: str) -> float:
    """min(1, n / 3) where n annotators gave the answer, from 0.0 to 1.0; with fewer than three annotators all of them.

    Source: A-OKVQA (Schwenk et al. 2022, arXiv 2206.01718, section 4), ten annotators.

    Example:
        >>> direct_answer(["surf", "surf", "swim", "ski", "ski"], "Surf."), direct_answer(["surf"], "surf")
        (0.6666666666666666, 1.0)
    """
    wanted = normalise_vqa(answer)
    return min(1.0, sum(normalise_vqa(gold) == wanted for gold in golds) / min(3, len(golds)))


def holds_words(words: str, wanted: str) -> bool:
    """Whether `wanted` is in `words` as whole words, both folded, and not inside a longer number.

    Source: the OCR suites (LVLM-eHub, MultimodalOCR: `has_word` after `VQAEval`'s processing).

    Example:
        >>> holds_words("it is nokia phone", "nokia"), holds_words("it says nokias", "nokia"), holds_words("1.6", "6")
        (True, False, False)
    """
    at = words.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        if not (INSIDE_BEFORE.search(words, max(0, at - 2), at) or INSIDE_AFTER.match(words, end)):
            return True
        at = words.find(wanted, at + 1)
    return False


def quotes_word(answer: str, word: str) -> bool | None:
    """Whether an answer quotes a word that folding takes away, such as "A" or "the", or ends in it; None: unclear.

    Example:
        >>> quotes_word('The key is "A".', "A"), quotes_word("a cat", "A"), quotes_word("EXIT", "the")
        (True, None, False)
    """
    wanted = re.escape(word.strip())
    if re.search(rf"[\"'“‘`*]{wanted}[.!?]?[\"'”’`*]|(?:^|\s){wanted}\W*$", answer, re.IGNORECASE):
        return True
    return None if re.search(rf"(?<!\w){wanted}(?!\w)", answer, re.IGNORECASE) else False
