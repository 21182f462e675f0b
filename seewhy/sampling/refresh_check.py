"""Whether a server has taken new weights: it is asked the same prompts after each refresh, with a picture and without.

Per server and kind of prompt there are three figures, in nats a token, each a mean over the tokens of a greedy chain:

- gap: log-probabilities of the server against those of the trainer, of the chain that the server draws now.
- moved: the trainer's now against the trainer's at the refresh before, of the chain that the server drew then.
- changed: the server's now against the server's then, over the tokens that both chains begin with.

A server that ignores a refresh has changed = 0 while moved is not; one that takes a part of the weights, or answers
from what it kept of prompts or pictures, has a gap that it did not have at first, of the size of what moved.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import takewhile
from statistics import fmean
from typing import Any

from seewhy.model.api import GenerateRequest, Generates, SamplingParams, ScoreRequest, Scores
from seewhy.records.types import Question, Response, Style
from seewhy.records.unknown_logprobs import known_gaps
from seewhy.sampling.weights_check import PICTURES, TEXT, TOKENS

FLOOR = 1e-5
"""Nats that float32 cannot tell from nothing, a token."""
SURE = 1e-4
"""A gap below it is never called one."""
UNCHANGED_SHARE = 0.1
"""A server whose log-probabilities changed by less than this share of what moved has not changed."""
GAP_SHARE, GAP_RISE = 0.25, 10.0
"""A gap of more than this share of what moved, and so many times that of the first look, is of other weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a server answered, when it was last seen to change."""

    text: str
    token_ids: tuple[int, ...]
    theirs: tuple[float, ...]
    """The server's log-probabilities of the tokens; NaN where it gave none."""
    ours: tuple[float, ...]
    """The trainer's then."""
    first_gap: float
    """At the first look: what precision alone makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The figures of one server and kind of prompt."""

    gap: float
    moved: float = 0.0
    changed: float = math.inf
    """Infinite at the first look, and where the chains differ in their first token."""


@dataclass(slots=True, kw_only=True)
class RefreshCheck:
    """Looks at servers after each refresh, and remembers what they answered; `records` are what it remembers."""

    bound: float
    """On the gap, in nats a token."""
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict[tuple[str, str], Seen])
    """By server and kind of prompt."""

    def look(
        self, url: str, server: Generates, weights: Scores, question: Question, style: Style, step: int
    ) -> Mapping[str, Look]:
        """The figures of each kind of prompt.

        Args:
            url: the server.
            server: asks it alone.
            weights: of the trainer, as they were given to it.
            question: the same one each time; with a picture where there is one.
            style: of its prompt.
            step: rounds that the weights were trained for.

        Raises:
            ValueError: it has other weights, or keeps something of older ones; the message says which server, for
                which prompts, and what it looks like.
        """
        asks = [GenerateRequest(question=question, style=style, blind=True)]
        if question.images:
            asks.append(GenerateRequest(question=question, style=style))
        looks: dict[str, Look] = {}
        faults: dict[str, bool] = {}
        for ask in asks:
            kind = TEXT if ask.blind else PICTURES
            before = self.seen.get((url, kind))
            now = _answer(server, weights, ask, url)
            one = _compared(now, before, weights, ask)
            looks[kind] = one
            first_gap = before.first_gap if before else one.gap
            if before and _is_unchanged(one, before):
                faults[kind] = True
            elif one.gap > self.bound or (before and _is_other(one, before)):
                faults[kind] = False
            if before is None or one.moved > _floor(before):
                self.seen[url, kind] = replace(now, first_gap=first_gap)
        if faults:
            is_fresh = TEXT in faults and _is_right_elsewhere(server, weights, asks[0], url, step, looks[TEXT].gap)
            raise ValueError(_words(url, step, looks, faults, is_fresh=is_fresh, bound=self.bound))
        return looks

    def records(self) -> list[dict[str, Any]]:
        """What was seen, as plain data."""
        return [{"url": url, "kind": kind, **asdict(one)} for (url, kind), one in self.seen.items()]

    def recall(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Take up what an earlier process saw."""
        for row in records:
            self.seen[row["url"], row["kind"]] = Seen(
                text=row["text"], token_ids=tuple(row["token_ids"]), theirs=tuple(row["theirs"]),
                ours=tuple(row["ours"]), first_gap=row["first_gap"],
            )  # fmt: skip


def _answer(server: Generates, weights: Scores, ask: GenerateRequest, url: str) -> Seen:
    """A greedy chain of a server, with the trainer's log-probabilities of its tokens.

    Raises:
        ValueError: the server gives no tokens as drawn, or no log-probabilities.
    """
    [[chain]] = server.generate([ask], SamplingParams(temperature=0.0, max_tokens=TOKENS))
    if chain.logprobs is None or chain.token_ids is None or all(map(math.isnan, chain.logprobs)):
        raise ValueError(
            f"{url} gives no tokens with log-probabilities, by which its weights could be compared with those that are "
            "trained: take vLLM from 0.10.2 on, or SGLang; engine.max_gap 0 does not look"
        )
    ours = _scored(weights, ask, chain.text, chain.token_ids)
    return Seen(text=chain.text, token_ids=chain.token_ids, theirs=chain.logprobs, ours=ours, first_gap=0.0)


def _scored(weights: Scores, ask: GenerateRequest, text: str, ids: tuple[int, ...]) -> tuple[float, ...]:
    response = Response(text=text, token_ids=ids)
    [[row]] = weights.score(
        [ScoreRequest(question=ask.question, style=ask.style, responses=(response,), blind=ask.blind)]
    )
    return row


def _compared(now: Seen, before: Seen | None, weights: Scores, ask: GenerateRequest) -> Look:
    gap = _distance(now.theirs, now.ours)
    if before is None:
        return Look(gap=gap)
    moved = _distance(_scored(weights, ask, before.text, before.token_ids), before.ours)
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before.token_ids, now.token_ids, strict=False))
    )
    changed = _distance(before.theirs[:same], now.theirs[:same]) if same else math.inf
    return Look(gap=gap, moved=moved, changed=changed)


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    known = known_gaps(one, other)
    return fmean(known) if known else 0.0


def _floor(before: Seen) -> float:
    """What must have moved so that a server can be blamed for not changing: more than its precision hides."""
    return max(FLOOR, 2 * before.first_gap)


def _is_unchanged(one: Look, before: Seen) -> bool:
    return one.moved > _floor(before) and one.changed < UNCHANGED_SHARE * one.moved


def _is_other(one: Look, before: Seen) -> bool:
    return one.gap > max(SURE, GAP_RISE * before.first_gap, GAP_SHARE * one.moved)


def _is_right_elsewhere(
    server: Generates, weights: Scores, ask: GenerateRequest, url: str, step: int, gap: float
) -> bool:  # fmt: skip
    """Whether a prompt of text that was never asked before, of which nothing is kept, is answered with a lesser gap."""
    other = replace(ask, question=replace(ask.question, text=f"{step} {ask.question.text}"))
    now = _answer(server, weights, other, url)
    return _distance(now.theirs, now.ours) < gap / 2


def _words(
    url: str, step: int, looks: Mapping[str, Look], faults: Mapping[str, bool], *, is_fresh: bool, bound: float
) -> str:  # fmt: skip
    figures = " and ".join(
        f"{look.gap:.2g} for a prompt of {kind} (what was trained moved {look.moved:.2g})"
        for kind, look in looks.items()
    )
    if TEXT not in faults:
        why = ("only prompts with pictures are wrong: it did not take the vision tower or projector, or answers from "
               "features of pictures that it kept; give whole weights, or freeze what it does not take")  # fmt: skip
    elif is_fresh:
        why = ("a prompt that it had not seen is right: it answers from what it kept of prompts (prefix cache); start "
               "it without prefix caching")  # fmt: skip
    elif all(faults.values()):
        why = "its answers have not changed since the refresh before: it ignores them; start it anew"
    else:
        why = "it has other weights; start it anew on the model's folder"
    return (f"{url}: the server does not have the weights after {step} rounds: its log-probabilities differ from the "
            f"trainer's by {figures} a token (engine.max_gap {bound:g}): {why}")  # fmt: skip
