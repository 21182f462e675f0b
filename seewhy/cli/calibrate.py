"""`seewhy calibrate`: what a judge is worth, on chains whose truth is known."""

import json
import tempfile
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, cast

import tyro

from seewhy.benchmarks import inkgrid
from seewhy.benchmarks.lines.fields import fields_of, word_of
from seewhy.cli.grade.inputs import Loads
from seewhy.cli.server import ServerWords, talking
from seewhy.cli.stand_in import find_oracle
from seewhy.endpoints.chat import ChatModel, sum_usage
from seewhy.evaluation.agreement import mean_agreement
from seewhy.evaluation.calibration import Key, calibrate, key_of
from seewhy.judging.api import GivesConfidence, Judge, judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.cells import mend_halves
from seewhy.records.measures import Calibration, Interval
from seewhy.records.types import Chain, FinishReason, Outcome, Question, Split, Style, Usage, Verdict
from seewhy.runs.choice import Choice
from seewhy.runs.discovery import find_module
from seewhy.stages.judge import asks_model, make_judge
from seewhy.testing.oracle import Oracle

HALF_WRONG = Oracle(error_rate=0.5, seed=1)
"""Who writes the chains about inkgrid: one in two goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateWords:
    """Accuracy, kappa, Brier score and share UNJUDGED of a judge, on your labelled chains or on inkgrid's."""

    judge: Annotated[str, tyro.conf.Positional]
    """Kind of the judge, as a `judge` step takes it: outcome, rubric, sentences, facts, rating or review, or one of
    your own by dotted path or `file.py:Name`."""
    teacher: str = "oracle"
    """Whom the judge talks to where no server is named: oracle or blind-oracle, which know inkgrid."""
    server: ServerWords = field(default_factory=ServerWords)
    error_rate: float = 0.0
    """How often, from 0 to 1, the oracle errs."""
    prompt: Path | None = None
    """Text file with a prompt of your own in place of the judge's."""
    votes: int | None = None
    """Replies that the rubric's judge is asked for each chain; more than one need a temperature."""
    temperature: float | None = None
    """At which votes are drawn."""
    show_gold: bool | None = None
    """Tell the judge the right answer; left out, the judge does as it usually does."""
    blind: bool | None = None
    """Withhold the pictures: what is left is what the judge reads off the text alone."""
    labels: Path | None = None
    """Your labelled chains: lines of {"id": ..., "reply": ..., "is_right": true}."""
    questions: Path | None = None
    """Questions file of the labelled chains (docs/your-questions.md)."""
    split: Split = Split.TEST
    """Split of the questions."""
    count: int = 200
    """Chains about inkgrid, where there are no labels."""
    at_once: int = 1
    """Questions that are judged at the same time."""
    seed: int = 0
    """Of the oracle's errors."""
    json: bool = False
    """Print one JSON object."""

    @property
    def choice(self) -> Choice:
        """The judge as a recipe names it: what is calibrated here is what judges there."""
        named = {"votes": self.votes, "temperature": self.temperature, "show_gold": self.show_gold, "blind": self.blind}
        return Choice(kind=self.judge, settings={name: value for name, value in named.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Chains with their questions and their truth."""

    questions: tuple[Question, ...]
    chains: tuple[Chain, ...]
    truth: Mapping[Key, bool]


def run(rest: Sequence[str]) -> None:
    """Judge what the words name and print what the judge is worth."""
    words = tyro.cli(CalibrateWords, args=rest, prog="seewhy calibrate", config=(tyro.conf.EnumChoicesFromValues,))
    if (words.labels is None) is not (words.questions is None):
        raise ValueError("--labels and --questions belong together: the chains, and the questions they answer")
    with tempfile.TemporaryDirectory(prefix="seewhy-") as folder:
        labelled = _read(words) if words.labels and words.questions else _draw(words, Path(folder))
        with _talks(words, labelled.questions) as talks:
            judge = make_judge(words.choice, talks, "" if words.prompt is None else str(words.prompt), "calibrate")
            verdicts = list(judge_chains(judge, labelled.questions, labelled.chains, words.at_once))
    told = calibrate(verdicts, labelled.truth, beliefs_of(judge, verdicts))
    usage = sum_usage(verdict.usage for verdict in verdicts)
    if words.json:
        print(json.dumps(asdict(told) | {"agreement": mean_agreement(verdicts), "usage": asdict(usage)}, indent=2))
    else:
        print("\n".join(lines_of(told, usage, verdicts)))


@contextmanager
def _talks(words: CalibrateWords, questions: Sequence[Question]) -> Generator[ChatModel | None]:
    """Whom the judge talks to; nobody where it talks to none."""
    if not asks_model(words.judge):
        yield None
    elif words.server.url or words.server.model:
        words.server.require_whole("server")
        with talking(words.server, words.at_once) as teacher:
            yield teacher
    else:
        yield find_oracle(words.teacher, questions, words.error_rate, words.seed)


def beliefs_of(judge: Judge, verdicts: Sequence[Verdict]) -> dict[Key, float]:
    """How sure the judge says it is of each chain; nothing of a judge that does not say."""
    if not isinstance(judge, GivesConfidence):
        return {}
    beliefs = ((key_of(verdict), judge.confidence(verdict)) for verdict in verdicts)
    return {key: confidence for key, confidence in beliefs if confidence is not None}


def lines_of(told: Calibration, usage: Usage, verdicts: Sequence[Verdict]) -> list[str]:
    """What is printed."""
    right = told.true_right + told.false_wrong
    judged = right + told.false_right + told.true_wrong
    lines = [
        f"judge     {told.judge}",
        f"chains    {told.n}, of which unjudged {_share(told.unjudged)}",
        f"accuracy  {_share(told.accuracy)}",
    ]
    if told.accuracy is not None:
        most = max(right, judged - right) / judged
        lines += [
            f"          {most:.1%} is what calling all chains alike would give",
            f"kappa     {'not defined: all is alike' if told.kappa is None else f'{told.kappa:.3f}'}",
            f"Brier     {told.brier:.3f}",
            f"right     {right} chains: {told.true_right} called right, {told.false_wrong} called wrong",
            f"wrong     {judged - right} chains: {told.false_right} called right, {told.true_wrong} called wrong",
        ]
    agreement = mean_agreement(verdicts)
    if agreement is not None:
        lines.append(f"votes     {agreement:.1%} of the pairs of votes on a chain give the same grade")
    reasons = Counter(verdict.why for verdict in verdicts if verdict.outcome is Outcome.UNJUDGED)
    lines += [f"unjudged  {count} times: {why}" for why, count in reasons.most_common(3)]
    if usage.calls:
        tokens = f"{usage.prompt_tokens:,} tokens in and {usage.completion_tokens:,} out"
        lines.append(f"cost      {usage.calls:,} calls, {tokens}, {usage.dollars:.4f} dollars")
    return lines


def _share(share: Interval | None) -> str:
    return "none" if share is None else f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


def _draw(words: CalibrateWords, folder: Path) -> Labelled:
    """Chains about inkgrid of which about half are wrong; the truth is their answer's."""
    if words.count < 1:
        raise ValueError(f"--count {words.count}: a calibration needs chains")
    questions = tuple(inkgrid.load(folder, words.split, count=words.count))
    asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
    chains = tuple(chain for (chain,) in HALF_WRONG.generate(asks, SamplingParams(seed=words.seed)))
    graded = judge_chains(OutcomeJudge(), questions, chains)
    truth = {key_of(verdict): verdict.outcome is Outcome.CORRECT for verdict in graded}
    return Labelled(questions=questions, chains=chains, truth=truth)


def _read(words: CalibrateWords) -> Labelled:
    """The user's chains; ValueError names file, line and remedy."""
    assert words.labels is not None
    assert words.questions is not None
    if not words.labels.is_file():
        raise ValueError(f"--labels {words.labels}: no such file")
    module = cast(Loads, find_module("benchmarks", "jsonl"))
    by_id = {question.id: question for question in module.load(words.questions, words.split, count=2**31)}
    chains: list[Chain] = []
    truth: dict[Key, bool] = {}
    seen: Counter[str] = Counter()
    for number, line in enumerate(words.labels.read_bytes().split(b"\n"), start=1):
        if not line.strip(b"\xef\xbb\xbf \t\r"):
            continue
        place = f"{words.labels}:{number}"
        name, reply, is_right = label_of(line, place)
        if name not in by_id:
            raise ValueError(f"{place}: field 'id': {name!r} is no question of {words.questions}, split {words.split}")
        chain = Chain(question_id=name, index=seen[name], style=Style.REASON, text=reply, stop=FinishReason.END,
                      sampler="labelled", seed=0)  # fmt: skip
        seen[name] += 1
        chains.append(chain)
        truth[name, chain.style, chain.index] = is_right
    if not chains:
        raise ValueError(f"{words.labels} holds no labelled chain")
    questions = tuple(by_id[name] for name in seen)
    return Labelled(questions=questions, chains=tuple(chains), truth=truth)


def label_of(line: bytes, place: str) -> tuple[str, str, bool]:
    """Id, reply and truth of one line; half a character in a reply is replaced.

    Example:
        >>> label_of(b'{"id": 7.0, "reply": "12", "is_right": true}', "mine.jsonl:1")
        ('7', '12', True)

    Raises:
        ValueError: a field is missing or of another type; the message names place and field.
    """
    try:
        fields = fields_of(line)
        name = word_of("id", fields.get("id"))
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    reply, is_right = mend_halves(fields.get("reply")), fields.get("is_right")
    if not isinstance(reply, str):
        raise ValueError(f"{place}: field 'reply' must be text, and is {json.dumps(reply)[:40]}")
    if not isinstance(is_right, bool):
        raise ValueError(f"{place}: field 'is_right' must be true or false, and is {json.dumps(is_right)[:40]}")
    return name, reply, is_right
