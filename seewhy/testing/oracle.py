"""A teacher and judge who knows the page: it takes the place of a strong model, without a network or a cost.

It can be made fallible (`error_rate`), terse (`terse_rate`) and blind, so that a pipeline may be tested with a teacher
of known quality.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seewhy.benchmarks.ink.posing import generator_at
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.prompts import ANSWER_MARK, lesson_text
from seewhy.records.types import Chain, FinishReason, Outcome, Question, Span, Style, Verdict
from seewhy.testing.ground import Solved, guess_page, page_of, solve_on
from seewhy.testing.mistakes import solve_wrongly
from seewhy.testing.truth import ground_of, is_step, plain, score_text, sentences_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """Distils, scores, corrects and judges chains about inkgrid; a function of its fields and arguments alone."""

    error_rate: float = 0.0
    """How often, from 0 to 1, a distilled or corrected chain goes wrong and a score or an outcome is turned round."""
    terse_rate: float = 0.0
    """How often, from 0 to 1, a distilled chain leaves its steps out and jumps from what it read to its conclusion."""
    blind: bool = False
    """It does not see pages: it distils from guessed digits and judges by whether the text agrees with itself."""
    seed: int = 0

    @property
    def name(self) -> str:
        """The oracle and its failings, as in `blind-oracle-0.1` and `oracle-0-terse-0.4`."""
        terse = f"-terse-{self.terse_rate:g}" if self.terse_rate else ""
        return f"{'blind-' if self.blind else ''}oracle-{self.error_rate:g}{terse}"

    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """The chains of each ask; of `decoding` the seed alone matters."""
        return [
            tuple(self._reply(ask, index, decoding) for index in range(ask.first, ask.first + ask.count))
            for ask in asks
        ]

    def score_sentences(self, question: Question, chain_text: str) -> tuple[Span, ...]:
        """A span, 0.0 to 1.0, for each sentence the oracle understands and for the answer line."""
        generator = generator_at(self.seed, question.id, "score", chain_text)
        spans = score_text(chain_text, ground_of(question, self.blind))
        return tuple(
            Span(start=span.start, end=span.end, score=1.0 - span.score if is_wrong else span.score)
            for span, is_wrong in zip(spans, generator.random(len(spans)) < self.error_rate, strict=True)
        )

    def correct(self, question: Question, chain_text: str) -> str:
        """The chain up to its first wrong sentence, then what leads from there to the answer.

        A chain that is right to its answer line comes back as it is.
        """
        spans = score_text(chain_text, ground_of(question, self.blind))
        if spans and ANSWER_MARK in chain_text and all(span.score == 1.0 for span in spans):
            return chain_text
        kept = right_beginning(chain_text, spans)
        solved = self._solve(question, self.blind, "correct", chain_text)
        return lesson_text(" ".join([*kept, *still_to_say(solved.sentences, kept)]), solved.answer)

    def judge(self, question: Question, chains: Sequence[Chain]) -> tuple[Verdict, ...]:
        """One verdict a chain, its score the mean of its sentences' scores."""
        return tuple(self._judge_one(question, chain) for chain in chains)

    def _reply(self, ask: GenerateRequest, index: int, decoding: SamplingParams) -> Chain:
        blind = self.blind or ask.blind
        address = (decoding.seed, ask.style.value, index)
        if ask.beginning is not None:
            return self._chain(ask, index, decoding, self._go_on(ask.question, blind, ask.beginning.text, *address))
        solved = self._solve(ask.question, blind, "reply", *address)
        if generator_at(self.seed, ask.question.id, "terse", *address).random() < self.terse_rate:
            solved = without_steps(solved)
        return self._chain(ask, index, decoding, solved.reply(ask.style))

    def _go_on(self, question: Question, blind: bool, beginning: str, *address: object) -> str:
        """The beginning and what leads from it to the answer; after a mistake, to a wrong one."""
        spans = score_text(beginning, ground_of(question, blind))
        said = [sentence for _, sentence in sentences_of(beginning)]
        solved = self._solve(question, blind, "go on", beginning, *address)
        if any(span.score < 1.0 for span in spans):
            generator = generator_at(self.seed, question.id, "go on wrongly", beginning, *address)
            solved = solve_wrongly(question, page_of(question), generator)
        return lesson_text(" ".join([beginning, *still_to_say(solved.sentences, said)]), solved.answer)

    def _chain(self, ask: GenerateRequest, index: int, decoding: SamplingParams, text: str) -> Chain:
        return Chain(
            question_id=ask.question.id,
            index=index,
            style=ask.style,
            text=text,
            stop=FinishReason.END,
            sampler=self.name,
            seed=decoding.seed,
        )

    def _solve(self, question: Question, blind: bool, *address: object) -> Solved:
        generator = generator_at(self.seed, question.id, *address)
        page = page_of(question)
        if blind:
            page = guess_page(question, generator)
        if generator.random() < self.error_rate:
            return solve_wrongly(question, page, generator)
        return solve_on(question, page)

    def _judge_one(self, question: Question, chain: Chain) -> Verdict:
        spans = self.score_sentences(question, chain.text)
        answer = answer_of(chain)
        outcome, why = self._decide(question, chain, answer)
        return Verdict(
            question_id=question.id,
            index=chain.index,
            style=chain.style,
            judge=self.name,
            outcome=outcome,
            score=sum(span.score for span in spans) / len(spans) if spans else None,
            answer=answer,
            rule="answer_mark" if chain.style is Style.REASON else "whole_text",
            spans=spans,
            why=why,
        )

    def _decide(self, question: Question, chain: Chain, answer: str | None) -> tuple[Outcome, str]:
        if answer is None:
            return Outcome.NO_ANSWER, f"nothing after {ANSWER_MARK}"
        ground = ground_of(question, self.blind)
        if not self.blind:
            is_right, why = plain(answer) == plain(ground.answer), f"the page says {ground.answer}"
        elif chain.style is Style.DIRECT:
            return Outcome.UNJUDGED, "a bare answer says nothing of itself to a blind judge"
        else:
            is_right = all(span.score == 1.0 for span in score_text(chain.text, ground))
            why = "the text agrees with itself" if is_right else "the text contradicts itself"
        address = (self.seed, question.id, "judge", chain.style.value, chain.index)
        is_flipped = bool(generator_at(*address).random() < self.error_rate)
        return Outcome.CORRECT if is_right != is_flipped else Outcome.INCORRECT, why


def without_steps(solved: Solved) -> Solved:
    """Readings, conclusion and option alone."""
    return replace(solved, sentences=tuple(sentence for sentence in solved.sentences if not is_step(sentence)))


def answer_of(chain: Chain) -> str | None:
    """The text after the last answer mark, or the whole text of a direct reply; None where there is nothing."""
    if chain.style is Style.DIRECT:
        return chain.text.strip() or None
    _, mark, answer = chain.text.rpartition(ANSWER_MARK)
    return (answer.strip() or None) if mark else None


def right_beginning(text: str, spans: tuple[Span, ...]) -> list[str]:
    """The sentences known to be right, up to the first that is not."""
    scores = {span.start: span.score for span in spans}
    kept: list[str] = []
    for start, sentence in sentences_of(text.partition(ANSWER_MARK)[0]):
        if start in scores and scores[start] < 1.0:
            break
        if start in scores:
            kept.append(sentence)
    return kept


def still_to_say(sentences: tuple[str, ...], kept: list[str]) -> list[str]:
    """The sentences that are not among those kept, as often as they are missing."""
    said = Counter(sentence.casefold() for sentence in kept)
    missing: list[str] = []
    for sentence in sentences:
        if said[sentence.casefold()]:
            said[sentence.casefold()] -= 1
        else:
            missing.append(sentence)
    return missing
