"""The stages of a run in their order: what each does, which file does it, and where its rows lie."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One command of the chain from questions to report."""

    module: str
    """Its file in `seewhy/cli`, imported when the stage runs and not before."""
    does: str
    """For `seewhy --help`."""
    more: str = ""
    """For the stage's own help, beside it."""
    folders: tuple[str, ...]
    """Of the run, that it alone writes."""
    unit: str
    """Of its rows."""


STAGES: Mapping[str, Stage] = {
    "questions": Stage(
        module="questions", folders=("questions",), unit="questions",
        does="draw or read the questions of every split",
    ),
    "distil": Stage(
        module="distil", folders=("distil",), unit="rows",
        does="a teacher's rationales, graded by their answer; the right ones become lessons",
    ),
    "sft": Stage(
        module="sft", folders=("sft",), unit="lessons",
        does="fine-tune the base model on the lessons",
    ),
    "sample": Stage(
        module="sample", folders=("sample",), unit="chains",
        does="chains of thought of the fine-tuned model, many a question",
    ),
    "judge": Stage(
        module="judge", folders=("judge",), unit="verdicts",
        does="grade each chain by its final answer, or have a model judge it",
        more="Who judges stands in the run's recipe, under `judge` (`--judge.name` of `seewhy run`; docs/judges.md). "
        "What a judge is worth on labelled chains of yours is told by `seewhy calibrate`, before anything is trained.",
    ),
    "pair": Stage(
        module="pair", folders=("pair",), unit="pairs",
        does="pairs of a right and a wrong chain, of questions neither too easy nor too hard",
        more="With `--pairing.by score` (of `seewhy run`) of the chain that the judge scored best with the worst.",
    ),
    "train": Stage(
        module="train", folders=("reference", "train"), unit="rows",
        does="reference log-probabilities, then training on the pairs by each objective",
    ),
    "eval": Stage(
        module="evaluate", folders=("eval",), unit="rows",
        does="every model with both prompts, with the pictures and without",
    ),
    "rerank": Stage(
        module="rerank", folders=("rerank",), unit="rows",
        does="the trained model as verifier: votes and best of N",
    ),
    "credit": Stage(
        module="credit", folders=("credit",), unit="tokens",
        does="which token of a chain the training credits, and whether wrong sentences get less",
    ),
    "report": Stage(
        module="report", folders=("report",), unit="pages",
        does="one HTML page, and summary.json for machines",
    ),
}  # fmt: skip
