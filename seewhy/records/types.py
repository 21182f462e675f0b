"""The nouns of seewhy: immutable rows that cross stages, files and processes, hold tuples and do no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from seewhy.records.marks import FINITE, LATER, RARE
from seewhy.records.turns import ImageRef, Turn


class Split(StrEnum):
    """Which part of a benchmark a question belongs to."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    SHIFTED = "shifted"


class MatchRule(StrEnum):
    """How an answer is compared with the gold ones; `judging/answers/matching.py` has one function for each."""

    LETTER = "letter"
    EXACT = "exact"
    RELAXED_NUMBER = "relaxed_number"
    ANLS = "anls"
    VQA_SOFT = "vqa_soft"
    DIRECT_ANSWER = "direct_answer"
    CONTAINMENT = "containment"
    UNIT_NUMBER = "unit_number"
    MATH = "math"
    YES_NO = "yes_no"
    OPEN = "open"


class Outcome(StrEnum):
    """What a judge found. A doubt has a name: it is never a zero and never a middle score."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    NO_ANSWER = "no_answer"
    UNJUDGED = "unjudged"


class Style(StrEnum):
    """Prompts of LLaVA-Reasoner (arXiv 2410.16198, section 3.2); `PLAIN` is the question's own words alone."""

    DIRECT = "direct"
    REASON = "reason"
    PLAIN = "plain"


class FinishReason(StrEnum):
    """Why a chain ends: the model said so, or the token limit was reached."""

    END = "end"
    LENGTH = "length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """The right answers of a question and the rule that compares with them.

    Example:
        >>> Gold(answers=("12",), rule=MatchRule.RELAXED_NUMBER).answers
        ('12',)
    """

    answers: tuple[str, ...]
    rule: MatchRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about pictures, with its gold answer.

    Example:
        >>> Question(id="inkgrid/test/0", benchmark="inkgrid", split=Split.TEST, text="What is the sum?",
        ...          gold=Gold(answers=("12",), rule=MatchRule.EXACT), facets={"kind": "row_sum"}).options
        ()
    """

    id: str
    benchmark: str
    split: Split
    text: str
    gold: Gold
    context: str = ""
    options: tuple[str, ...] = ()
    """Choices of a multiple-choice question, in the order of the letters A, B, C...; empty for a short answer."""
    images: tuple[ImageRef, ...] = ()
    """Pictures of all turns, in the order of their places; one that is shown twice is there twice."""
    rationale: str | None = None
    """Gold rationale, without the answer line."""
    facets: Mapping[str, str]
    """Names of breakdowns, such as kind or grid, to this question's value."""
    turns: tuple[Turn, ...] = field(default=(), metadata=RARE)
    """Earlier turns, a system text first; empty for a single question."""
    places: tuple[int, ...] | None = field(default=None, metadata=RARE)
    """Offsets in `text` of the pictures of the last turn; None puts them before all of its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One reply of a model to a question: `index` counts the replies of one (question, style).

    Example:
        >>> Chain(question_id="q", index=0, style=Style.DIRECT, text="", stop=FinishReason.END, sampler="", seed=0).seed
        0
    """

    question_id: str
    index: int
    style: Style
    text: str
    token_ids: tuple[int, ...] | None = None
    """Ids as sampled, the end-of-turn token included where it was sampled; None when a server hides them."""
    logprobs: tuple[float, ...] | None = None
    """Natural log-probability of each of `token_ids` at temperature 1, before any top-k or top-p; NaN of a token for
    which a server gave none."""
    stop: FinishReason
    sampler: str
    seed: int
    is_respelt: bool = field(default=False, metadata=RARE)
    """Whether `token_ids` are the text encoded again, which need not be the tokens that were sampled: a server hid
    those. Such a chain has no log-probabilities."""
    weights_step: int | None = field(default=None, metadata=RARE)
    """Of rollouts that servers drew: the rounds that their weights had been trained for. None of all other chains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A sentence or fact of a chain, as character offsets into its text, with its score.

    Example:
        >>> Span(start=0, end=12, score=0.3).score
        0.3
    """

    start: int
    end: int
    score: float = field(metadata=FINITE)
    """From 0.0 (wrong) to 1.0 (right)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a judgement cost: tokens in and out, calls, and money in US dollars.

    Example:
        >>> Usage(prompt_tokens=10, completion_tokens=2, calls=1, dollars=0.0).calls
        1
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0
    dollars: float = field(default=0.0, metadata=FINITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one judge says of one chain.

    Example:
        >>> Verdict(question_id="q", index=0, style=Style.REASON, judge="j", outcome=Outcome.NO_ANSWER).answer is None
        True
    """

    question_id: str
    index: int
    style: Style
    judge: str
    outcome: Outcome
    score: float | None = field(default=None, metadata=FINITE)
    answer: str | None = None
    """The extracted answer, as written in the chain; None when none was found."""
    rule: str | None = None
    """The extraction rule that fired."""
    spans: tuple[Span, ...] = ()
    why: str = ""
    usage: Usage = Usage()
    agreement: float | None = field(default=None, metadata={**LATER, **FINITE})
    """Share of the pairs of a judge's votes that say the same, from 0.0 to 1.0; None where it had no two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A reply to train on: its text, and its token ids where it was sampled (never re-tokenised).

    Example:
        >>> Response(text="The sum is 12. ### Answer: 12").token_ids is None
        True
    """

    text: str
    token_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A reply to imitate.

    Example:
        >>> Lesson(question_id="q", style=Style.DIRECT, response=Response(text="12"), source="gold").source
        'gold'
    """

    question_id: str
    style: Style
    response: Response
    source: str
    stream: str = field(default="", metadata=RARE)
    """Part of a mixture that has a weight and figures of its own; empty takes the name of the rows that hold it."""
    weight: float = field(default=1.0, metadata={**RARE, **FINITE})
    """Factor of its loss, above 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two replies to one prompt, one preferred.

    Example:
        >>> Pair(question_id="q", style=Style.REASON, chosen=Response(text="12"), rejected=Response(text="11"),
        ...      source="outcome", margin=1.0).margin
        1.0
    """

    question_id: str
    style: Style
    chosen: Response
    rejected: Response
    source: str
    margin: float = field(metadata=FINITE)
    """Score of the chosen minus score of the rejected, in the judge's own unit."""
    rejected_images: tuple[ImageRef, ...] | None = field(default=None, metadata=RARE)
    """Pictures under which the rejected reply was given, at the places of the question's; None means those."""
    stream: str = field(default="", metadata=RARE)
    """As of a `Lesson`."""
    weight: float = field(default=1.0, metadata={**RARE, **FINITE})
    """Factor of its loss, above 0."""
    chosen_logprobs: tuple[float, ...] | None = field(default=None, metadata=RARE)
    """Of each token of the chosen reply, its end included, under a reference model, as another tool stored them."""
    rejected_logprobs: tuple[float, ...] | None = field(default=None, metadata=RARE)
    """The same of the rejected one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredChain:
    """A chain with its log-probabilities under the policy and under the reference.

    Example:
        >>> ScoredChain(question_id="q", index=0, style=Style.REASON, policy=(-0.1, -0.2), reference=(-0.3, -0.2)).index
        0
    """

    question_id: str
    index: int
    style: Style
    policy: tuple[float, ...]
    reference: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """Reference log-probabilities of one response, one for each of its tokens.

    Example:
        >>> ReferenceRow(key="3f", logprobs=(-0.5, -0.1)).logprobs
        (-0.5, -0.1)
    """

    key: str
    """Hash of the frozen model, the prompt, the pictures and the response's token ids."""
    logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLog:
    """What happened in one optimiser step.

    Example:
        >>> StepLog(step=0, loss=0.693147, learning_rate=1e-5, terms={"dpo": 0.693147}, seconds=0.5).step
        0
    """

    step: int
    loss: float
    learning_rate: float
    terms: Mapping[str, float]
    """Named parts of the loss and guard-rail figures of the step."""
    seconds: float
