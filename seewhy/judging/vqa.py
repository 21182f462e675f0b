"""Soft accuracy over several annotators, as VQA v2 and TextVQA count it."""

import re
from collections.abc import Sequence

NUMBER_WORDS = {
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
ARTICLES = frozenset({"a", "an", "the"})
CONTRACTED = (
    "ain't", "aren't", "can't", "couldn't", "didn't", "doesn't", "don't", "hadn't", "hasn't", "haven't", "he'd",
    "he's", "how'd", "how'll", "how's", "i'd've", "i'm", "i've", "isn't", "it'd", "it'll", "let's", "ma'am",
    "mightn't", "mustn't", "needn't", "o'clock", "oughtn't", "shan't", "she'd've", "shouldn't", "somebody's",
    "someone's", "that's", "there's", "they'd", "they'll", "they're", "they've", "wasn't", "we've", "weren't",
    "what'll", "what're", "what's", "what've", "when's", "where's", "who'd", "who'll", "who's", "who've", "why'll",
    "why're", "why's", "won't", "wouldn't", "y'all", "you'd", "you'll", "you're", "you've",
)  # fmt: skip
CONTRACTIONS = {short.replace("'", ""): short for short in CONTRACTED}
PERIOD = re.compile(r"\.(?!\d)")
COMMA_IN_NUMBER = re.compile(r"(?<=\d),(?=\d)")
PUNCTUATION = re.compile(r"[;/\[\]\"{}()=+\\_\-><@`,?!:]")


def normalise_vqa(answer: str) -> str:
    """EvalAI's folding: case, punctuation, number words, articles and contractions without their apostrophe.

    Example:
        >>> normalise_vqa("The Two cats, dont!")
        "2 cats don't"
    """
    text = COMMA_IN_NUMBER.sub("", answer.casefold().replace("\n", " "))
    text = PERIOD.sub("", PUNCTUATION.sub(" ", text))
    words = (NUMBER_WORDS.get(word, word) for word in text.split())
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
    need = min(3, count - 1)
    without_a_hit, without_a_miss = min(need, hits - 1), min(need, hits)
    return (hits * without_a_hit + (count - hits) * without_a_miss) / (need * count)
