"""Option letters as the suites read them."""

import re

from seewhy.judging.answers.matching import Prover
from seewhy.judging.answers.suites.graded import Graded, graded_letter, letters_of
from seewhy.judging.answers.suites.short_answers import direct_answer
from seewhy.records.types import MatchRule, Question

SCIENCEQA = re.compile(r"The answer is (?:\(([A-Z])\)|([A-Z]).)")
BRACKETED = re.compile(r"\(([A-Za-z])\)")
NO_WORDS = re.compile(r"[\n.,!?]")
INTERNVL_ANSWER = re.compile(r"(?:Final answer:|Answer:)\s*(.*)", re.IGNORECASE)
VLMEVALKIT_MARKS = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
VLMEVALKIT_REFUSALS = (
    "Sorry, I can't help with images of people yet.", "I can't process this file.",
    "I'm sorry, but without the image provided", "Cannot determine the answer", "Failed to obtain answer via API",
)  # fmt: skip
VLMEVALKIT_SAYS = re.compile(r"answer is:?\s*\(?([A-Z])", re.IGNORECASE)
LMMS_EVAL_LED = re.compile(r"([A-Z])\.")
MMSTAR_LEADS = ("", "(", "option ", "the answer is ")


def scienceqa(question: Question, text: str, _prove: Prover) -> Graded:
    """A bare letter, "A. " at the start, or exactly one "The answer is A" or "The answer is (A)".

    Source: lupantech/ScienceQA `models/run_gpt3.py`; MM-CoT `utils_evaluate.py`; LLaVA `eval_science_qa.py`, which adds
    the first two. Where no form fits, the first two pick at random and LLaVA counts it as wrong.
    """
    if text[:1] and text[:1] in letters_of(question) and text[1:3] in ("", ". "):
        return graded_letter(question, text[0], "a leading letter")
    said = [bracketed or bare for bracketed, bare in SCIENCEQA.findall(text)]
    if len(said) != 1:
        return graded_letter(question, None, f'{len(said)} times "The answer is", not once')
    return graded_letter(question, said[0], "The answer is")


def m3cot(question: Question, text: str, _prove: Prover) -> Graded:
    """After [Answer]: the last bracketed letter, else the last option whose text occurs, else a bare letter.

    Source: M3CoT `utils/metric.py`, `judge_answer`. "The last" of options and bare letters is by the options' order.
    """
    text = text.split("[Answer]")[-1]
    if said := BRACKETED.findall(text):
        return graded_letter(question, said[-1].upper(), "the last bracketed letter")
    letters, low = letters_of(question), text.lower()
    held = [letter for letter, option in zip(letters, question.options, strict=True) if option.lower() in low]
    if held:
        return graded_letter(question, held[-1], "the last option whose text occurs")
    words = NO_WORDS.sub(" ", text).split(" ")
    for form in (letters, letters.lower()):
        if bare := [letter for letter in form if letter in words]:
            return graded_letter(question, bare[-1].upper(), "a bare letter")
    return graded_letter(question, None, "no letter and no option's text")


def mmstar(question: Question, text: str, _prove: Prover) -> Graded:
    """The gold letter at the start, in brackets, or after "option" or "the answer is".

    Source: MMStar `eval/utils.py`, `extract_and_compare`; lmms-eval `tasks/mmstar/utils.py`, `exact_match`.
    """
    low, letters = text.lower().strip().replace("\n", " "), letters_of(question).lower()
    for lead in reversed(MMSTAR_LEADS):
        letter = low.removeprefix(lead)[:1]
        if low.startswith(lead) and letter and letter in letters:
            return graded_letter(question, letter.upper(), f"a letter after {lead!r}" if lead else "a leading letter")
    return graded_letter(question, None, "no letter where the rule looks for one")


def aokvqa(question: Question, text: str, prove: Prover) -> Graded:
    """The reply is an option's text, or for a direct answer one of the annotators', character by character.

    Source: allenai/aokvqa `evaluation/eval_predictions.py`: a letter is no option there.
    """
    if question.gold.rule is not MatchRule.LETTER:
        return direct_answer(question, text, prove)
    if text not in question.options:
        return graded_letter(question, None, "the reply is no option's text")
    return graded_letter(question, letters_of(question)[question.options.index(text)], "an option's text")


def vlmevalkit(question: Question, text: str, _prove: Prover) -> Graded:
    """The only letter among the reply's words, if among its last four; else the only option whose text occurs.

    Source: VLMEvalKit `vlmeval/utils/matching_util.py`, `can_infer_option` and `can_infer_text`; between the two,
    "answer is" takes the next letter of either case, of a longer word too, at its first place, as measured on
    version e8e78f05 (2026-08). Where nothing fits, the suite asks a judge model or counts the reply as wrong.
    """
    if refusal := next((words for words in VLMEVALKIT_REFUSALS if words in text), None):
        return graded_letter(question, None, f"{refusal!r}")
    letters = letters_of(question)
    words = text.translate(VLMEVALKIT_MARKS).split()
    named = [letter for letter in letters if letter in words]
    if len(named) == 1 and words.index(named[0]) > len(words) - 5:
        return graded_letter(question, named[0], "the only letter, near the end")
    said = VLMEVALKIT_SAYS.search(text)
    if said and said[1].upper() in letters:
        return graded_letter(question, said[1].upper(), "the letter after the first answer is")
    if len(text) <= 2 * sum(map(len, question.options)):
        held = [
            letter
            for letter, option in zip(letters, question.options, strict=True)
            if option.lower() in text.lower()
        ]  # fmt: skip
        if len(held) == 1:
            return graded_letter(question, held[0], "the only option whose text occurs")
    return graded_letter(question, None, "left to a judge model")


def scienceqa_lmms_eval(question: Question, text: str, _prove: Prover) -> Graded:
    """The reply is the letter, or starts with the letter and a full stop.

    Source: lmms-eval `tasks/scienceqa/utils.py`, `sqa_process_results`.
    """
    text = text.strip()
    led = LMMS_EVAL_LED.match(text)
    if len(text) == 1 or led:
        return graded_letter(question, text[0], "a leading letter")
    return graded_letter(question, None, "no single letter and none before a full stop")


def internvl(question: Question, text: str, _prove: Prover) -> Graded:
    """The first character if it is an option's letter ("Because" is B), else the first option whose text occurs.

    Source: InternVL `eval/scienceqa/evaluate_scienceqa.py`; of a reply with "Final answer:" or "Answer:", in any case,
    the rest of that line at its first place is the reply. Options are A to E.
    """
    mark = INTERNVL_ANSWER.search(text)
    reply = (mark[1] if mark else text).strip()
    letters = letters_of(question)[:5]
    if reply[:1] and reply[:1] in letters:
        return graded_letter(question, reply[0], "the first character")
    for letter, option in zip(letters, question.options, strict=False):
        if option in reply:
            return graded_letter(question, letter, "the first option whose text occurs")
    return graded_letter(question, None, "neither a leading letter nor an option's text")
