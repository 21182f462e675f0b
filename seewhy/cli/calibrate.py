"""`seewhy calibrate`: what a judge is worth, on chains whose truth is known."""

import json
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from seewhy.cli.naming import naming_options
from seewhy.cli.parsing import parsed
from seewhy.cli.server import ServerWords
from seewhy.endpoints.chat import ChatModel, sum_usage
from seewhy.evaluation.agreement import mean_agreement
from seewhy.evaluation.calibration import calibrate
from seewhy.grading.calibrated import calibration_lines
from seewhy.grading.labelled import confidences_of, draw_labelled, read_labelled
from seewhy.grading.served import talking
from seewhy.grading.stand_in import find_oracle
from seewhy.judging.api import judge_chains
from seewhy.records.types import Question, Split
from seewhy.runs.choice import Choice
from seewhy.stages.judge import asks_model, make_judge


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
    """Your labelled chains: lines of {"id": ..., "reply": ..., "is_right": true}, or a folder of the viewer's marks."""
    questions: Path | None = None
    """Questions of the labelled chains: a file (docs/your-questions.md); a folder of rows for the viewer's marks."""
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


def run(rest: Sequence[str]) -> None:
    """Judge what the words name and print the measurement."""
    with naming_options():
        _run(rest)


def _run(rest: Sequence[str]) -> None:
    words = parsed(CalibrateWords, rest, "seewhy calibrate")
    if (words.labels is None) is not (words.questions is None):
        raise ValueError("--labels and --questions belong together: the chains, and the questions they answer")
    with tempfile.TemporaryDirectory(prefix="seewhy-") as folder:
        if words.labels and words.questions:
            labelled = read_labelled(words.labels, words.questions, words.split)
        else:
            labelled = draw_labelled(Path(folder), words.split, words.count, words.seed)
        with _talks(words, labelled.questions) as chat_model:
            judge = make_judge(words.choice, chat_model, "" if words.prompt is None else str(words.prompt), "calibrate")
            verdicts = list(judge_chains(judge, labelled.questions, labelled.chains, words.at_once))
    result = calibrate(verdicts, labelled.truth, confidences_of(judge, verdicts))
    usage = sum_usage(verdict.usage for verdict in verdicts)
    if words.json:
        print(json.dumps(asdict(result) | {"agreement": mean_agreement(verdicts), "usage": asdict(usage)}, indent=2))
    else:
        print("\n".join(calibration_lines(result, usage, verdicts)))


@contextmanager
def _talks(words: CalibrateWords, questions: Sequence[Question]) -> Generator[ChatModel | None]:
    """Whom the judge talks to; nobody where it talks to none."""
    if not asks_model(words.judge):
        yield None
        return
    endpoint = words.server.endpoint("server")
    if endpoint is None:
        yield find_oracle(words.teacher, questions, words.error_rate, words.seed)
        return
    with talking(endpoint, words.server.dollars, words.at_once) as model:
        yield model
