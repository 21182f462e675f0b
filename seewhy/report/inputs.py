"""What a report is made of: plain frozen rows, one class a kind of figure or table.

Shares are from 0 to 1 (the page has percent), times in seconds, intervals at 95 %. A section without rows is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seewhy.records.measured_doubts import Cut, Overlap
from seewhy.records.measures import Comparison, CurvePoint, Interval, Scorecard
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Outcome, Question, StepLog, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """A model of the run: the key the rows use and the words the page shows.

    Example:
        >>> ModelName(key="sft", label="SFT").label
        'SFT'
    """

    key: str
    """As in `Scorecard.model`; `base`, `sft` and `preference` are in the summary, any other is a variant."""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What was run, on what, and for how long."""

    recipe: str
    model: str
    parameters: int
    seed: int
    n: int
    """Questions of the test split."""
    machine: str
    versions: Mapping[str, str]
    seconds: float
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one treatment changed: two models on the same questions, paired question by question."""

    before: str
    after: str
    style: Style
    change: Comparison
    what: str = ""
    """The treatment as a sentence begins with it, such as "Preference training"; built from the labels if empty."""
    levels: tuple[Scorecard, Scorecard] | None = None
    """The scorecards before and after that were compared; without them the first of both models are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows had one thing in common, such as the reason for which they were dropped."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distillation:
    """What became of the teacher's rationales, and which lessons SFT saw."""

    asked: int
    kept: int
    dropped: tuple[Count, ...] = ()
    mix: tuple[Count, ...] = ()
    """Lessons by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLook:
    """What the pairs of a step are like; lengths in characters, shares from 0 to 1."""

    chosen_length: float
    rejected_length: float
    longer: float
    """Pairs whose chosen side is the longer one."""
    equal: float
    """Pairs that are equal in their first `equal_words` words."""
    equal_words: int
    repeated: float
    """Chains of kept questions that repeat the text of another one."""
    usual: float
    """Chains of kept questions with an answer that give their question's most frequent one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The chains the student drew, the filters they passed, and the pairs that came of them."""

    questions: int
    per_question: int
    chains: int
    tokens: int
    seconds: float
    accuracies: tuple[float, ...]
    """Share of right chains, one number a question."""
    band: tuple[float, float] | None
    """Accuracies from which pairs are taken, both ends included; None where they are taken by score."""
    margin: float | None = None
    """Least difference of the scores of a pair, in the judge's own unit; None where they are taken by outcome."""
    agreement: float | None = None
    """Share of the pairs of a judge's votes on a chain that say the same; None where it did not vote."""
    dropped: tuple[Count, ...] = ()
    pairs: int
    look: PairLook | None = None
    """None where no pair was made, or by an earlier version."""
    balance: str = ""
    """What was left out to balance the sides' lengths; empty where nothing was to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPanel:
    """One small plot of a training run: which named terms of `StepLog.terms` it draws."""

    title: str
    unit: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """The steps of one training stage; panels whose terms no step has are left out."""

    name: str
    start: str = ""
    """The model that was trained."""
    objective: str = ""
    """Kind of the loss."""
    data: tuple[Count, ...] = ()
    """Rows that it was trained on, by the step that made them; of SFT examples by style too."""
    keep_tokens: int = 0
    """Tokens of a response that are trained, from its start; 0 trains all."""
    learning_rate: float = 0.0
    is_online: bool = False
    """Whether the model was trained on rewards of what it drew itself, round by round."""
    steps: tuple[StepLog, ...]
    panels: tuple[TermPanel, ...] = (
        TermPanel(title="Loss on held-out rows", unit="", terms=("val_loss",)),
        TermPanel(title="Preference margin", unit="nats", terms=("margin", "val_margin")),
        TermPanel(title="Pairs ordered rightly", unit="share", terms=("accuracy", "val_accuracy")),
        TermPanel(title="Drift from the reference", unit="nats a token", terms=("chosen_drift", "rejected_drift")),
        TermPanel(title="Divergence from the start", unit="nats a token", terms=("kl_from_start",)),
        TermPanel(title="Length of replies", unit="tokens", terms=("probe_length", "start_length")),
        TermPanel(title="Repeated 4-grams of replies", unit="share", terms=("probe_repetition", "start_repetition")),
    )
    alarms: tuple[str, ...] = ()
    """Guard rails that fired, in plain words."""

    def by_stream(self) -> "TrainingRun":
        """With panels of the loss, margin and length of each stream, where the steps have figures by stream."""
        names = dict.fromkeys(name for step in self.steps for name in step.terms if "/" in name)
        panels = [
            TermPanel(title=title, unit=unit, terms=tuple(name for name in names if name.partition("/")[0] in figures))
            for title, unit, figures in STREAM_PANELS
        ]
        return replace(self, panels=(*self.panels, *(panel for panel in panels if panel.terms)))


STREAM_PANELS = (
    ("Loss by stream", "", ("loss",)),
    ("Margin by stream", "nats", ("margin",)),
    ("Length by stream", "tokens", ("chosen_tokens", "rejected_tokens", "lesson_tokens")),
)
"""Title, unit and figures of panels whose terms are `<figure>/<stream>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditChain:
    """A chain to colour: `picture` is a PNG file's bytes, `tokens` are in the order of the text."""

    question: Question
    picture: bytes | None = None
    text: str
    tokens: tuple[TokenCredit, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """How well token credit finds the wrong sentences, and chains that show it."""

    auroc: Interval
    chains: tuple[CreditChain, ...] = ()
    words: str = ""
    """What the credit of a token is; empty where it is what training changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One model's answer to a sample question, with its verdict."""

    model: str
    style: Style
    text: str
    outcome: Outcome
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A question with its picture (a PNG file's bytes) and what each model said."""

    question: Question
    picture: bytes | None = None
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Accuracy over the number of chains, by every way to choose among them."""

    curves: tuple[CurvePoint, ...]
    drawn_by: str = ""
    """The model whose chains these are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Models measured on the same questions."""

    name: str
    models: tuple[str, ...]
    cards: tuple[Scorecard, ...]
    changes: Mapping[tuple[str, str, Style], Comparison]
    """Model before, model after and prompt style to their paired difference, with the pictures."""
    samples: tuple[Sample, ...] = ()
    temperature: float = 0.0
    """At which replies were drawn; 0 takes the likeliest."""
    overlaps: tuple[Overlap, ...] = ()
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A few named figures and counts of a step, for stages that have no figure of their own."""

    title: str
    counts: tuple[Count, ...]
    text: str = ""


Section = Evaluation | TrainingRun | Distillation | Sampling | Choices | Credit | Facts
"""What a step can add to a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the run: the command that repeats it, how long it took, how many rows it wrote."""

    name: str
    command: str
    seconds: float
    rows: int
    unit: str = "rows"
    dollars: float = 0.0
    """Paid to servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Everything needed to get the same numbers again."""

    commands: tuple[str, ...]
    seeds: Mapping[str, int]
    versions: Mapping[str, str]
    fingerprints: Mapping[str, str]
    """What was read or written, such as a split or a checkpoint, to its content hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """All that one report shows."""

    header: Header
    models: tuple[ModelName, ...]
    """In the order of the run: it orders tables and gives each model its colour."""
    cards: tuple[Scorecard, ...]
    """One for each model (by its key), style, split, and for the blind control, told apart by split."""
    measurements: tuple[Evaluation, ...] = ()
    """Every measurement whole, also those whose cards are of a model, style and split that another one measured."""
    steps: tuple[Step, ...] = ()
    distillations: tuple[Distillation, ...] = ()
    samplings: tuple[Sampling, ...] = ()
    training: tuple[TrainingRun, ...] = ()
    choices: tuple[Choices, ...] = ()
    credits: tuple[Credit, ...] = ()
    samples: tuple[Sample, ...] = ()
    facts: tuple[Facts, ...] = ()
    """Of stages without a figure of their own."""
    stages: tuple[Stage, ...] = ()
    reproduction: Reproduction | None = None
