"""Proof that a teacher sees pictures: questions that a picture alone answers, asked before anything is paid for.

Each trial shows two halves in two colours and asks for both: whoever does not look is right once in 30. No two trials
have the same answer, so that one who always says the same is right once at most.
"""

import itertools
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PIL import Image

from seewhy.endpoints.chat import ChatModel, ChatResponse, Message, Request
from seewhy.records.files import hash_file
from seewhy.records.types import ImageRef

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (220, 20, 20), "green": (20, 150, 40), "blue": (30, 60, 220), "yellow": (245, 220, 30),
    "black": (0, 0, 0), "white": (255, 255, 255),
}  # fmt: skip
QUESTION = (
    "The picture has a left half and a right half, each of one colour: red, green, blue, yellow, black or white. "
    "Which colour is the left half, and which the right half? Reply with these two words and nothing else."
)
PAIRS = tuple(itertools.permutations(COLOURS, 2))
CHANCE = 1 / len(PAIRS)
SIDE = 112
"""Pixels along each side: large enough for any vision encoder, small enough to cost next to nothing."""
WORD = re.compile("|".join(COLOURS))


class VisionCheck(StrEnum):
    """What a canary found."""

    SEES = "sees"
    BLIND = "blind"
    SILENT = "silent"
    """It did not answer: unknown."""


class BlindTeacherError(ValueError):
    """The teacher does not see the pictures that it is sent, or it is unknown whether it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPlan:
    """How a teacher is tested before a run.

    Example:
        >>> CanaryPlan().needed
        3
    """

    trials: int = 6
    """Pictures it is asked about; 0 asks nothing and trusts it."""
    allow_blind: bool = False
    """Go on with a teacher that does not see."""

    def __post_init__(self) -> None:
        if self.trials and not 5 <= self.trials <= len(PAIRS):
            raise ValueError(f"canary.trials is {self.trials}; fewer than 5 prove nothing, and there are {len(PAIRS)} "
                             "pictures; 0 leaves the test out")  # fmt: skip

    @property
    def needed(self) -> int:
        """Right answers that no guesser gives but once in a thousand: half, for a teacher with weak eyes."""
        return -(-self.trials // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One picture, what it shows, and what was said of it."""

    expected: tuple[str, str]
    said: str
    failure: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the two colours were named, in their order, and no other."""
        return tuple(WORD.findall(self.said.casefold())) == self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryReport:
    """What came of a canary."""

    model: str
    trials: tuple[Trial, ...]
    """Those that were asked."""
    plan: CanaryPlan

    @property
    def right(self) -> int:
        """Trials answered right."""
        return sum(trial.is_right for trial in self.trials)

    @property
    def sight(self) -> VisionCheck:
        """What is proved: blindness only where the right answers were too few had all others been right too."""
        unanswered = self.plan.trials - sum(not trial.failure for trial in self.trials)
        if self.right >= self.plan.needed:
            return VisionCheck.SEES
        return VisionCheck.BLIND if self.right + unanswered < self.plan.needed else VisionCheck.SILENT

    @property
    def summary(self) -> str:
        """One sentence."""
        guessed = f"a guesser is right in 1 of {len(PAIRS)}"
        match self.sight:
            case VisionCheck.SEES:
                return f"{self.model} sees: {self.right} of {len(self.trials)} pictures named right, {guessed}"
            case VisionCheck.BLIND:
                said = next(trial for trial in self.trials if not trial.is_right and not trial.failure)
                return (f"{self.model} does not see the pictures that it is sent: {self.right} of {len(self.trials)} "
                        f"named right, {guessed}; of a half {said.expected[0]} and a half {said.expected[1]} it says "
                        f"{said.said[:80]!r}")  # fmt: skip
            case VisionCheck.SILENT:
                why = next(trial.failure for trial in self.trials if trial.failure)
                return f"{self.model} did not answer a test with a picture: {why}"


def ask_canary(chat_model: ChatModel, folder: Path, plan: CanaryPlan, seed: int = 0) -> CanaryReport:
    """Ask about `plan.trials` pictures, which are drawn into `folder`; another seed draws others, and asks anew.

    The first is asked alone: a teacher that fails on it is asked no more.
    """
    pairs = random.Random(f"canary/{seed}").sample(PAIRS, plan.trials)
    requests = [
        Request(messages=(Message(text=QUESTION, images=(draw_halves(folder, pair),)),), max_tokens=64, seed=seed)
        for pair in pairs
    ]
    answers = chat_model.chat(requests[:1])
    if not answers[0].failure:
        answers += chat_model.chat(requests[1:])
    trials = tuple(_trial(pair, answer) for pair, answer in zip(pairs, answers, strict=False))
    return CanaryReport(model=chat_model.name, trials=trials, plan=plan)


def require_sight(report: CanaryReport) -> None:
    """Pass a teacher that sees, and a blind one where the report's plan allows it.

    Raises:
        BlindTeacherError: nothing may be paid for; the message says what the teacher said.
    """
    if report.sight is VisionCheck.SEES or (report.sight is VisionCheck.BLIND and report.plan.allow_blind):
        return
    remedy = "choose a model that takes pictures, and a server that passes them on"
    more = "; --allow-blind goes on all the same" if report.sight is VisionCheck.BLIND else ""
    raise BlindTeacherError(f"{report.summary}. Nothing else was asked: {remedy}{more}")


def draw_halves(folder: Path, pair: Sequence[str]) -> ImageRef:
    """A picture of two halves, as PNG."""
    picture = Image.new("RGB", (SIDE, SIDE), COLOURS[pair[0]])
    picture.paste(COLOURS[pair[1]], (SIDE // 2, 0, SIDE, SIDE))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{'-'.join(pair)}.png"
    picture.save(path)
    return ImageRef(sha256=hash_file(path), path=path.as_posix())


def _trial(pair: tuple[str, str], answer: ChatResponse) -> Trial:
    said = answer.replies[0].text if answer.replies else ""
    return Trial(expected=pair, said=said, failure=answer.failure)
