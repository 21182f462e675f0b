"""MMMU and MMMU-Pro as their own evaluations and lmms-eval's copy read and compare them."""

import re
from collections.abc import Callable

from seewhy.judging.answers.matching import Prover
from seewhy.judging.answers.suites.graded import Graded, graded_letter, letters_of
from seewhy.records.types import Question

WORDS_OF_A_TEXT = 5
NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3}){1,20}\b"),
    re.compile(r"-?\d{1,60}(?:\.\d{1,60})?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d{1,60}\.\d{1,60}|\.\d{1,60}|\d{1,60}\b)(?![eE][+-]?\d+)(?![,\d])"),
)
KEYS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
TRIVIAL = frozenset(":,.!?;'")
PART = re.compile(r"\.\s(?=[A-Z])|\n")
NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")

Forms = tuple[tuple[str, str], ...]
"""Ways to write a letter, each with the one by which its last place is found."""

OFFICIAL: Forms = (("({})", "({})"), (" {} ", " {} "))
LMMS_EVAL: Forms = (("({})", "({})"), ("{} ", " {} "), ("{}.", " {} "))


def mmmu(question: Question, text: str, _prove: Prover) -> Graded:
    """Letters by `(A)`, then by ` A `, then by option text; without options the reply's key parts.

    Source: MMMU `mmmu/utils/eval_utils.py`, `parse_multi_choice_response`, `parse_open_response`, `eval_open`.
    """
    return _letter(question, text, OFFICIAL) if question.options else open_answer(question, text)


def mmmu_lmms_eval(question: Question, text: str, _prove: Prover) -> Graded:
    """As MMMU's own, but a letter needs no space before it ("USA is" is an A), and `A.` is a form too.

    Source: lmms-eval `tasks/_task_utils/mmmu_mcq_utils.py`.
    """
    return _letter(question, text, LMMS_EVAL) if question.options else open_answer(question, text)


def mmmu_pro(question: Question, text: str, _prove: Prover) -> Graded:
    """The one option letter that occurs after the last "Answer:", else letters by `(A)`, then `A `, then `A.`.

    Source: MMMU `mmmu-pro/evaluate.py`, `parse_multi_choice_response`. Of several letters the last by its own form
    counts; of those by `A.` the last between spaces, and the first where none does.
    """
    at = text.rfind("Answer:")
    said = [letter for letter in letters_of(question) if letter in text[at + len("Answer:") :]] if at >= 0 else []
    if len(said) == 1:
        return graded_letter(question, said[0], "the only letter after the last Answer:")
    return _letter(question, text, LMMS_EVAL)


def _padded(text: str) -> str:
    for mark in ",.!?;:'":
        text = text.strip(mark)
    return f" {text} "


def _named(question: Question, reply: str, form: str) -> list[str]:
    return [letter for letter in letters_of(question) if form.format(letter) in reply]


def _letter(question: Question, text: str, forms: Forms) -> Graded:
    reply = _padded(text)
    for form, place in forms:
        if named := _named(question, reply, form):
            return _last(question, named, lambda letter, place=place: reply.rfind(place.format(letter)), form)
    if len(reply.split()) > WORDS_OF_A_TEXT:
        low = reply.lower()
        texts = dict(zip(letters_of(question), (option.lower() for option in question.options), strict=True))
        if held := [letter for letter, option in texts.items() if option in low]:
            return _last(question, held, lambda letter: low.rfind(texts[letter]), "an option's text")
    return graded_letter(question, None, "nothing fits; the suite picks at random")


def _last(question: Question, named: list[str], place: Callable[[str], int], how: str) -> Graded:
    """Of several letters the last one; of those at one place the first."""
    return graded_letter(question, max(named, key=place), f"the last of {how!r}")


def open_answer(question: Question, text: str) -> Graded:
    """A gold text is in one of the reply's key parts, or a gold number is one of their numbers to two places."""
    golds = {form for gold in question.gold.answers for form in _forms(gold)}
    parts = key_parts(text)
    said = {form for part in [*parts, *numbers_of(parts)] for form in _forms(part)}
    texts = [form for form in said if isinstance(form, str)]
    is_held = any(any(gold in form for form in texts) if isinstance(gold, str) else gold in said for gold in golds)
    return Graded(answer=parts[-1], score=float(is_held), how="the key parts of the reply")


def key_parts(text: str) -> list[str]:
    """Of each sentence that holds a key word the shortest rest after one; the whole reply where there is none."""
    reply = text.strip().strip(".").lower()
    sentences = PART.split(reply)
    found: list[str] = []
    for at, sentence in enumerate(sentences):
        keys = (*KEYS, "=") if at == len(sentences) - 1 else KEYS
        shortest = ""
        for rest in (sentence.split(key)[-1].strip() for key in keys if key in sentence):
            shortest = rest if not shortest or len(rest) < len(shortest) else shortest
        if shortest and shortest not in TRIVIAL:
            found.append(shortest)
    return found or [reply]


def numbers_of(parts: list[str]) -> list[str]:
    """Every number of every part, with thousands separators, with an exponent, or plain."""
    return [number for part in parts for form in NUMBERS for number in form.findall(part)]


def _forms(text: str) -> list[str | float]:
    text = text.strip()
    if NUMBER.fullmatch(bare := text.replace(",", "")):
        return [round(float(bare), 2)]
    low = text.lower()
    return [f" {low}", f"{low} "] if len(low) == 1 else [low]
