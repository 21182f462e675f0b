"""What pairs are like, counted while they are made: lengths of both sides, repeated texts, agreement, equal starts."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from seewhy.pairs.judged import Choice, Judged
from seewhy.pairs.sided import SidedPairs, SidedPrompts

CUT_WORDS = 90
"""Words to which LLaVA-Reasoner's code cuts both sides; pairs that are equal in them have no gradient there."""
LETTERS = "characters of the chosen", "characters of the rejected"
LONGER = "pairs with a longer chosen side"
EQUAL = f"pairs equal in their first {CUT_WORDS} words"
CHAINS, REPEATED = "chains of kept questions", "chains that repeat a text"
ANSWERED, USUAL = "chains with an answer", "chains with the usual answer"
OF_PAIRS = (*LETTERS, LONGER, EQUAL)
NAMES = (*OF_PAIRS, CHAINS, REPEATED, ANSWERED, USUAL)


class Funnel:
    """Counts over pairs and over the prompts that they come from; those of two parts add up."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter(dict.fromkeys(NAMES, 0))

    def add(self, prompt: Sequence[Judged], choices: Sequence[Choice]) -> None:
        """Count one prompt that was kept, and its pairs."""
        counts = self._counts
        counts[CHAINS] += len(prompt)
        counts[REPEATED] += len(prompt) - len({one.text for one in prompt})
        answers = [one.folded_answer for one in prompt if one.answer is not None]
        counts[ANSWERED] += len(answers)
        counts[USUAL] += max(Counter(answers).values(), default=0)
        self._add_texts([(choice.chosen.text, choice.rejected.text) for choice in choices])

    def add_sided(self, prompts: SidedPrompts, drawn: SidedPairs) -> None:
        """Count the prompts of a block of which pairs were drawn in columns, and these."""
        kept, bounds = np.unique(drawn.prompts), prompts.bounds
        of = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        texts, counts = prompts.texts, self._counts
        counts[CHAINS] += int(np.diff(bounds)[kept].sum())
        for number in set(drawn.repeats).intersection(kept.tolist()):
            own = texts[bounds[number] : bounds[number + 1]]
            counts[REPEATED] += len(own) - len(set(own))
        answered = np.flatnonzero((prompts.answers >= 0) & np.isin(of, kept))
        counts[ANSWERED] += len(answered)
        width = int(prompts.answers.max(initial=0)) + 1
        both, times = np.unique(of[answered] * width + prompts.answers[answered], return_counts=True)
        if len(times):
            counts[USUAL] += int(np.maximum.reduceat(times, np.unique(both // width, return_index=True)[1]).sum())
        chosen, rejected = ([texts[place] for place in side.tolist()] for side in (drawn.chosen, drawn.rejected))
        self._add_texts(list(zip(chosen, rejected, strict=True)))

    def add_pair(self, chosen: str, rejected: str) -> None:
        """Count the two texts of a pair."""
        self._add_texts([(chosen, rejected)])

    def _add_texts(self, texts: Sequence[tuple[str, str]]) -> None:
        counts = self._counts
        sizes = [(len(chosen), len(rejected)) for chosen, rejected in texts]
        counts[LETTERS[0]] += sum([chosen for chosen, _ in sizes])
        counts[LETTERS[1]] += sum([rejected for _, rejected in sizes])
        counts[LONGER] += sum([chosen > rejected for chosen, rejected in sizes])
        counts[EQUAL] += sum([begin_alike(chosen, rejected) for chosen, rejected in texts])

    @property
    def of_pairs(self) -> Mapping[str, int]:
        """What `add_pair` counts, by name."""
        return {name: self._counts[name] for name in OF_PAIRS}

    @property
    def named(self) -> Mapping[str, int]:
        """The counts by name, as a manifest holds them."""
        return dict(self._counts)


def shares_of(counts: Mapping[str, int], pairs: int) -> dict[str, float]:
    """Means and shares from the counts of a manifest, under the names of `PairLook` of the report; none without pairs.

    Example:
        >>> shares_of({name: 2 for name in NAMES}, 2)["longer"]
        1.0
    """
    if not pairs or EQUAL not in counts:
        return {}
    return {
        "chosen_length": counts[LETTERS[0]] / pairs, "rejected_length": counts[LETTERS[1]] / pairs,
        "longer": counts[LONGER] / pairs, "equal": counts[EQUAL] / pairs,
        "repeated": counts[REPEATED] / max(1, counts[CHAINS]), "usual": counts[USUAL] / max(1, counts[ANSWERED]),
    }  # fmt: skip


def begin_alike(one: str, other: str, words: int = CUT_WORDS) -> bool:
    """Whether two texts are equal in their first words, which white space parts.

    Example:
        >>> begin_alike("a b c", "a b d", words=2), begin_alike("a b c", "a b d", words=3)
        (True, False)
    """
    # Most texts differ in their first word, and one split is a fraction of all.
    if one.lstrip()[:1] != other.lstrip()[:1] or one.split(None, 1)[:1] != other.split(None, 1)[:1]:
        return False
    return one.split(None, words)[:words] == other.split(None, words)[:words]
