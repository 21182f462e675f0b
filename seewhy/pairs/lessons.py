"""Choose what a model imitates: a teacher's right chains, gold answers, or its own right chains.

Source: LLaVA-Reasoner (arXiv 2410.16198), sections 3.1 (drop chains that miss the annotation) and 3.2 (both styles).
"""

import random
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seewhy.pairs.judged import Judged, distinct_texts, group_by_prompt, join_verdicts, judged_of
from seewhy.records.thinking import after_thinking, closes_unopened, thinking_ends
from seewhy.records.types import Chain, FinishReason, Lesson, MatchRule, Outcome, Question, Response, Style, Verdict

CUT_OFF = "cut off"
REPEATED = "repeated"
BEYOND = "beyond most"
STILL_THINKING = "still thinking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A chain that did not become a lesson, and why."""

    question_id: str
    style: Style
    index: int
    reason: str
    """The outcome where it was not CORRECT; else "cut off" (by the token limit), "still thinking" (ends within a
    thought), "repeated" (same text) or "beyond most" (its question has enough)."""
    why: str
    """The judge's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distilled:
    """The lessons of a teacher's chains, and every chain that was dropped."""

    lessons: tuple[Lesson, ...]
    dropped: tuple[Dropped, ...]

    @property
    def reasons(self) -> Counter[str]:
        """How many chains were dropped for each reason."""
        return Counter(chain.reason for chain in self.dropped)


def lessons_from(chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> Distilled:
    """A lesson of each distinct CORRECT chain that ended by itself, outside of a thought.

    Where a teacher's chat template began the thought, its draft is left out: the student's template may begin none. A
    teacher's token ids are dropped: they belong to its own vocabulary. `ValueError` where a row stands alone.
    """
    return imitate_chains(chains, verdicts)


def imitate_chains(
    chains: Iterable[Chain], verdicts: Iterable[Verdict], *, most: int = 0, is_own: bool = False
) -> Distilled:
    """`lessons_from`, with at most `most` lessons of each prompt, 0 all; `is_own` keeps token ids and whole texts.

    Of the distinct chains those of the lowest indices are taken: chains are independent draws. `ValueError` where a
    row stands alone.
    """
    lessons: list[Lesson] = []
    dropped: list[Dropped] = []
    joined = join_verdicts(chains, verdicts)
    for prompt in group_by_prompt(judged_of(joined)):
        distinct = distinct_texts(one for one in sorted(prompt, key=_index) if _flaw(one) is None)
        taken = {one.row for one in (distinct[:most] if most else distinct)}
        spare = {one.row for one in distinct} - taken
        for one in prompt:
            chain, verdict = joined[one.row]
            if one.row in taken:
                own = Response(text=chain.text, token_ids=chain.token_ids)
                lessons.append(_lesson(chain, own if is_own else Response(text=_taught(chain.text))))
            else:
                dropped.append(_drop(verdict, _flaw(one) or (BEYOND if one.row in spare else REPEATED)))
    return Distilled(lessons=tuple(lessons), dropped=tuple(dropped))


def _index(one: Judged) -> int:
    return one.index


def own_correct(chains: Iterable[Chain], verdicts: Iterable[Verdict], most: int) -> Iterator[Lesson]:
    """At most `most` distinct CORRECT chains of each prompt, with their token ids: rejection-sampling fine-tuning.

    Which ones is chance by their index: chains are independent draws. `ValueError` where a row stands alone.
    """
    joined = join_verdicts(chains, verdicts)
    for prompt in group_by_prompt(judged_of(joined)):
        usable = distinct_texts(one for one in sorted(prompt, key=lambda one: one.index) if _flaw(one) is None)
        for chain, _ in (joined[one.row] for one in usable[:most]):
            yield _lesson(chain, Response(text=chain.text, token_ids=chain.token_ids))


def _flaw(one: Judged) -> str | None:
    if one.outcome is not Outcome.CORRECT:
        return one.outcome
    if one.stop is FinishReason.LENGTH:
        return CUT_OFF
    return STILL_THINKING if thinking_ends(one.text) is None else None


def _taught(text: str) -> str:
    return after_thinking(text).lstrip() if closes_unopened(text) else text


def _lesson(chain: Chain, response: Response) -> Lesson:
    return Lesson(question_id=chain.question_id, style=chain.style, response=response, source=chain.sampler)


def _drop(verdict: Verdict, reason: str) -> Dropped:
    return Dropped(
        question_id=verdict.question_id, style=verdict.style, index=verdict.index, reason=reason, why=verdict.why
    )


def direct_lessons(questions: Iterable[Question]) -> Iterator[Lesson]:
    """The gold short answer or letter of each question as a reply without reasoning; open questions have none."""
    for question in questions:
        if question.gold.rule is not MatchRule.OPEN and has_gold(question):
            yield Lesson(
                question_id=question.id,
                style=Style.DIRECT,
                response=Response(text=gold_reply(question)),
                source="gold",
            )


def has_gold(question: Question) -> bool:
    """Whether anyone said what the answer is."""
    return bool(question.gold.answers)


def gold_reply(question: Question) -> str:
    """The answer most annotators gave (of equals the first), as a letter where the question has options."""
    answer = Counter(question.gold.answers).most_common(1)[0][0]
    letters = string.ascii_uppercase[: len(question.options)]
    if question.options and answer not in letters and answer in question.options:
        return letters[question.options.index(answer)]
    return answer


def mix_lessons(
    reasoned: Iterable[Lesson],
    direct: Iterable[Lesson],
    questions: Iterable[Question],
    *,
    direct_share: float = 0.5,
    format_aligned: int = 50,
    seed: int = 0,
) -> tuple[Lesson, ...]:
    """LLaVA-Reasoner's mix for supervised fine-tuning, shuffled by `seed`.

    First a format-aligned part: `format_aligned` lessons of each benchmark, half of either style, an odd one reasoned
    (the paper takes 50 a set; its split between the styles is not given). Of the rest, a block of reasoned and one of
    direct lessons, as large as they can be with direct ones a `direct_share` of the two (the paper: one half). No
    lesson stands in the mix twice. Share 0 or 1 with a format-aligned part are the paper's variants (3) and (2).

    Raises `ValueError` for a share outside [0, 1] or a lesson whose question is missing.
    """
    if not 0.0 <= direct_share <= 1.0:
        raise ValueError(f"direct_share={direct_share} must lie in [0, 1]")
    rng = random.Random(seed)
    benchmark = {question.id: question.benchmark for question in questions}
    half = format_aligned // 2
    aligned, reasoned_rest = _draw(reasoned, benchmark, format_aligned - half, rng)
    aligned_direct, direct_rest = _draw(direct, benchmark, half, rng)
    thoughts, answers = block_sizes(len(reasoned_rest), len(direct_rest), direct_share)
    mix = [*aligned, *aligned_direct, *reasoned_rest[:thoughts], *direct_rest[:answers]]
    rng.shuffle(mix)
    return tuple(mix)


def block_sizes(reasoned: int, direct: int, direct_share: float) -> tuple[int, int]:
    """The largest blocks, of at most `reasoned` and `direct` lessons, that hold the share to within one lesson.

    Example:
        >>> block_sizes(100, 300, 0.5), block_sizes(100, 20, 0.5), block_sizes(100, 50, 0.25)
        ((100, 100), (20, 20), (100, 33))
    """
    if direct_share == 0.0:
        return reasoned, 0
    if direct_share == 1.0:
        return 0, direct
    wanted = round(reasoned * direct_share / (1.0 - direct_share))
    if wanted <= direct:
        return reasoned, wanted
    return round(direct * (1.0 - direct_share) / direct_share), direct


def _draw(
    lessons: Iterable[Lesson], benchmark: dict[str, str], count: int, rng: random.Random
) -> tuple[list[Lesson], list[Lesson]]:
    """`count` lessons of each benchmark by chance, and the rest, shuffled."""
    shuffled = sorted(lessons, key=lambda lesson: (lesson.question_id, lesson.style, lesson.response.text))
    rng.shuffle(shuffled)
    taken: Counter[str] = Counter()
    drawn: list[Lesson] = []
    rest: list[Lesson] = []
    for lesson in shuffled:
        if lesson.question_id not in benchmark:
            raise ValueError(f"a lesson belongs to question {lesson.question_id!r}, which is not among the questions")
        name = benchmark[lesson.question_id]
        (drawn if taken[name] < count else rest).append(lesson)
        taken[name] += 1
    return drawn, rest
