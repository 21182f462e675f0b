"""What the oracle replies to a prompt about inkgrid: to a question, to a teacher's prompt and to each judge's prompt.

The pictures of the messages say which page is meant; the named sections of the prompt say what is asked. So
the same function is behind `OracleChatModel` and behind a server.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from string import ascii_uppercase

from seewhy.benchmarks.ink.posing import generator_at
from seewhy.endpoints.chat import Message, Reply
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.prompts import ANSWER_MARK, prompt_text
from seewhy.records.turns import Role
from seewhy.records.types import Chain, FinishReason, Outcome, Question, Style
from seewhy.testing.oracle import Oracle
from seewhy.testing.truth import check_sentence, ground_of, numbers_in, plain, sentences_of

SECTION = re.compile(r'<(\w+)(?: id="([^"<>]*)")?>\n(.*?)\n</\1>', re.DOTALL)
NUMBERED = re.compile(r"^(\d+)\. (.*)$", re.MULTILINE)
ANSWER_CLAIM = re.compile(r"the (?:final )?answer is (.*?)\.?", re.IGNORECASE)
SURE = 0.98
"""The probability that the oracle gives to its yes or no."""


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of a prompt, with its id where it has one."""

    text: str
    id: str = ""


Sections = Mapping[str, Section]


class OracleReplies:
    """Replies to messages about the questions that it was given."""

    def __init__(self, questions: Iterable[Question], oracle: Oracle) -> None:
        """Questions of inkgrid, and the oracle with its failings."""
        self.oracle = oracle
        self._questions = tuple(questions)
        self._by_pictures: dict[tuple[str, ...], list[Question]] = {}
        for question in self._questions:
            self._by_pictures.setdefault(tuple(image.sha256 for image in question.images), []).append(question)

    def reply(self, messages: Sequence[Message], number: int = 0, seed: int = 0) -> Reply:
        """Reply `number` to a prompt, which is the first turn of the user.

        Raises:
            ValueError: no question has these pictures and these words.
        """
        prompt = next((message for message in messages if message.role is Role.USER), None)
        if prompt is None:
            raise ValueError("the messages hold no turn of a user")
        sections = sections_of(prompt.text)
        question = self.question_of(prompt, sections)
        blind = bool(question.images) and not prompt.images
        oracle = Oracle(error_rate=self.oracle.error_rate, terse_rate=self.oracle.terse_rate,
                        blind=self.oracle.blind or blind, seed=self.oracle.seed)  # fmt: skip
        for name, answer in TASKS.items():
            if name in sections:
                return answer(oracle, question, sections)
        style = Style.DIRECT if prompt.text == prompt_text(question, Style.DIRECT) else Style.REASON
        ask = GenerateRequest(question=question, style=style, first=number)
        return Reply(text=oracle.generate([ask], SamplingParams(seed=seed))[0][0].text)

    def question_of(self, prompt: Message, sections: Sections) -> Question:
        """The question that a prompt is about: by its pictures, and among equal ones by its words."""
        shown = tuple(image.sha256 for image in prompt.images)
        candidates = self._by_pictures.get(shown, []) if shown else self._questions
        asked = sections["question"].text if "question" in sections else ""
        options = sections["options"].text if "options" in sections else ""
        for question in candidates:
            is_same = question.text == asked and has_options(question, options)
            if is_same or prompt.text in {prompt_text(question, style) for style in Style}:
                return question
        raise ValueError(f"the oracle knows no question with pictures {shown} that this prompt asks: "
                         f"{prompt.text[:200]!r}; give it the questions that are judged")  # fmt: skip


def sections_of(text: str) -> Sections:
    """The sections of a prompt by name: `<question>`, its words on lines of their own, `</question>`."""
    return {found[1]: Section(found[3], found[2] or "") for found in SECTION.finditer(text)}


def has_options(question: Question, words: str) -> bool:
    """Whether a prompt lists the options of a question, and none where it has none."""
    lettered = (f"({letter}) {option}" for letter, option in zip(ascii_uppercase, question.options, strict=False))
    return all(one in words for one in lettered) if question.options else "(A) " not in words


def as_chain(question: Question, text: str) -> Chain:
    """A text as the chain that the oracle judges; its index is its own, so that errors of chains are independent."""
    style = Style.REASON if ANSWER_MARK in text else Style.DIRECT
    index = int(sha256(text.encode()).hexdigest()[:8], 16)
    return Chain(
        question_id=question.id, index=index, style=style, text=text, stop=FinishReason.END, sampler="", seed=0
    )


def worth_of(oracle: Oracle, question: Question, text: str) -> tuple[bool, float]:
    """Whether the oracle calls a text right, and the mean score of its sentences."""
    (verdict,) = oracle.judge(question, (as_chain(question, text),))
    return verdict.outcome is Outcome.CORRECT, verdict.score or 0.0


def grade(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """Grades of the rubric: a right answer is worth 3 to 5, a wrong one 1 or 2, by the share of right sentences."""
    section = sections["reply_to_grade"]
    is_right, share = worth_of(oracle, question, section.text)
    quality = 1 + round(4 * share)
    grades = {
        "reasoning_quality": quality,
        "visual_evidence": quality,
        "answer_accuracy": 5 if is_right else 1,
        "unique_insights": 2,
        "overall": 3 + round(2 * share) if is_right else 1 + round(share),
    }
    return as_json(id=section.id, explanation=f"{share:.0%} of the sentences are right.", **grades)


def rate(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """The best rating of either scale that both have, 1, for a right answer, and 0 for a wrong one."""
    section = sections["reply_to_rate"]
    is_right, share = worth_of(oracle, question, section.text)
    return as_json(id=section.id, explanation=f"{share:.0%} of the sentences are right.", rating=int(is_right))


def review(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """8 for the reference, and 9 for a right answer or 2 for a wrong one."""
    section = sections["reply_to_review"]
    is_right, share = worth_of(oracle, question, section.text)
    why = f"{share:.0%} of the sentences are right."
    return as_json(id=section.id, explanation=why, first=8, second=9 if is_right else 2)


def score(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """A score in tenths for each numbered sentence; 0.5 for one whose form the oracle does not know."""
    section = sections["sentences"]
    sentences = [(int(found[1]), found[2]) for found in NUMBERED.finditer(section.text)]
    spans = oracle.score_sentences(question, " ".join(text for _, text in sentences))
    scores: list[dict[str, object]] = []
    start = 0
    for number, text in sentences:
        end = start + len(text)
        inside = [span.score for span in spans if start <= span.start < end]
        scores.append({"sentence": number, "score": round(min(inside), 1) if inside else 0.5})
        start = end + 1
    return as_json(id=section.id, scores=scores)


def correct(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """The rationale, corrected."""
    section = sections["rationale_to_correct"]
    corrected = oracle.correct(question, section.text)
    return Reply(text=f'<final_rationale id="{section.id}">\n{corrected}\n</final_rationale>')


def split(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """Each sentence and the answer as a fact with its question."""
    section = sections["text_to_split"]
    rationale, mark, answer = section.text.partition(ANSWER_MARK)
    facts = [sentence for _, sentence in sentences_of(rationale)]
    if mark:
        facts.append(f"The answer is {answer.strip()}.")
    return as_json(id=section.id, facts=[{"fact": fact, "question": f"Is this so: {fact}"} for fact in facts])


def check(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """Yes or no to one fact, taken by itself; no to what the oracle does not understand."""
    fact = sections["fact"].text
    is_so = is_true(oracle, question, fact)
    if generator_at(oracle.seed, question.id, "fact", fact).random() < oracle.error_rate:
        is_so = not is_so
    yes, no = math.log(SURE), math.log(1 - SURE)
    if is_so:
        return Reply(text="yes", first_token={"yes": yes, "no": no})
    return Reply(text="no", first_token={"no": yes, "yes": no})


def is_true(oracle: Oracle, question: Question, fact: str) -> bool:
    """Whether one fact holds; its own numbers count as found."""
    ground = ground_of(question, oracle.blind)
    if said := ANSWER_CLAIM.fullmatch(fact):
        return oracle.blind or plain(said[1]) == plain(ground.answer)
    finding = check_sentence(fact, ground, frozenset(numbers_in(fact)))
    return finding is not None and finding.score == 1.0


def prefer(oracle: Oracle, question: Question, sections: Sections) -> Reply:
    """Which of two replies is better: the right one, then the one with the higher mean score of its sentences."""
    first, second = (worth_of(oracle, question, sections[name].text) for name in ("first_reply", "second_reply"))
    better = "tie" if first == second else "first" if first > second else "second"
    return as_json(id=sections["first_reply"].id, explanation=f"{first} against {second}", better=better)


def as_json(**fields: object) -> Reply:
    """A reply that is one JSON object."""
    return Reply(text=json.dumps(fields))


Answers = Callable[[Oracle, Question, Sections], Reply]
TASKS: Mapping[str, Answers] = {
    "reply_to_grade": grade,
    "reply_to_rate": rate,
    "reply_to_review": review,
    "sentences": score,
    "rationale_to_correct": correct,
    "text_to_split": split,
    "fact": check,
    "first_reply": prefer,
}
"""What is wanted of the oracle, by the section that a prompt has."""
