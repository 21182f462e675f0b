"""What a judge's errors cost: preference training on the verdicts of judges of known quality, and the gain of each.

It takes a finished run of inkgrid: its fine-tuned model, the chains sampled from it, and its steps. Each judge labels
the same chains, pairs are built of its labels by the run's own rule, the run's objective trains on them, and the
trained model answers the test questions greedily with chains of thought. The judges are the oracle that ships with
seewhy: with a share of its outcomes turned round; blind, so that it sees whether a text agrees with itself and not
whether it agrees with the page; and scoring sentence by sentence. Where sentence scores are compared with outcomes,
both choose one pair a question. Nothing is chosen by the test questions: they are only reported on.

Each finished judge is a line of `--out` and is not trained again. The gain is over the fine-tuned model, on the same
questions, with its 95 % interval; "right order" is the share of pairs whose chosen side is right by the gold answer
and whose rejected one is not.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from matplotlib.figure import Figure

from seewhy.evaluation.compare import paired_difference
from seewhy.judging.api import Judge, judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.pairs.by_outcome import ByOutcome, pair_chains
from seewhy.pairs.by_score import ByScore
from seewhy.records.types import Chain, Outcome, Pair, Question, Style, Verdict
from seewhy.runs.open import open_run
from seewhy.sampling.sample import answer_once
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.pair import PairChains
from seewhy.stages.train import Train
from seewhy.testing.oracle import Oracle
from seewhy.training.fit import fit_pairs
from seewhy.training.reference import ReferenceStore, reference_rows

ERRORS = (0.0, 0.1, 0.2, 0.3, 0.4)
MARGIN = 0.2
"""Least difference of two chains' mean sentence scores, of 1."""
PLACE = Path("docs/images/judge-worth.svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A judge, and how pairs are made of what it says."""

    name: str
    judge: Judge
    error: float
    by_sentence: bool = False
    most: int | None = None
    """Pairs a question; None takes the run's own number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a judge."""

    name: str
    error: float
    seed: int
    pairs: int
    right_order: float
    accuracy: float
    gain: float
    low: float
    high: float
    p: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all conditions share."""

    rule: ByOutcome
    training: Train
    start: Path
    max_tokens: int
    train: list[Question]
    test: list[Question]
    chains: list[Chain]
    right: dict[tuple[str, int], bool]
    """Whether each sampled chain ends in the gold answer."""
    before: list[Verdict]
    """On the fine-tuned model's test replies."""


def conditions(errors: Sequence[float]) -> list[Condition]:
    """All judges that are compared."""
    made = [Condition(name="sighted outcome", judge=Oracle(error_rate=error), error=error) for error in errors]
    made.append(Condition(name="blind outcome", judge=Oracle(blind=True), error=0.0))
    for error in (errors[0], errors[-1]):
        made.append(Condition(name="outcome, 1 pair", judge=Oracle(error_rate=error), error=error, most=1))
        made.append(Condition(name="sentences, 1 pair", judge=Oracle(error_rate=error), error=error, by_sentence=True))
    made.append(Condition(name="blind sentences, 1 pair", judge=Oracle(blind=True), error=0.0, by_sentence=True))
    return made


def open_ground(run: Path) -> Ground:
    """The rows of a finished run."""
    opened = open_run(run)
    pairs, mpo, test = (opened.recipe.steps[name] for name in ("pairs", "mpo", "test"))
    assert isinstance(pairs, PairChains)
    assert isinstance(mpo, Train)
    assert isinstance(test, Evaluate)
    sft = next(one for one in test.settings() if (one.model, one.style, one.blind) == ("sft", Style.REASON, False))
    return Ground(
        rule=pairs.made(), training=mpo, start=opened.place("sft") / "model", max_tokens=test.max_tokens,
        train=list(opened.questions("questions.train")), test=list(opened.questions("questions.test")),
        chains=list(opened.read("chains", Chain)),
        right={(row.question_id, row.index): row.outcome is Outcome.CORRECT
               for row in opened.read("verdicts", Verdict)},
        before=list(opened.read(f"test.{sft.part}/verdicts", Verdict)),
    )  # fmt: skip


def pairs_of(ground: Ground, condition: Condition) -> list[Pair]:
    """The pairs that a judge's verdicts make."""
    verdicts = list(judge_chains(condition.judge, ground.train, ground.chains))
    if condition.by_sentence:
        return list(pair_chains(ByScore(margin=MARGIN), ground.chains, verdicts))
    # A score that is not the outcome's own would stand in a pair's margin; outcomes alone are what is compared here.
    verdicts = [replace(verdict, score=None, spans=()) for verdict in verdicts]
    wanted = replace(ground.rule, most=condition.most or ground.rule.most)
    return list(pair_chains(wanted, ground.chains, verdicts))


def share_in_order(ground: Ground, pairs: Sequence[Pair]) -> float:
    """How often a right chain is preferred to one that is not."""
    texts = {(chain.question_id, chain.text): ground.right[chain.question_id, chain.index] for chain in ground.chains}
    is_in_order = [texts[pair.question_id, pair.chosen.text] and not texts[pair.question_id, pair.rejected.text]
                   for pair in pairs]  # fmt: skip
    return sum(is_in_order) / max(1, len(pairs))


def settle(model: HubModel, ground: Ground, pairs: Sequence[Pair]) -> None:
    """Choose packed or separate rows, as a run does."""
    asked = {question.id: question for question in ground.train}
    model.settle_path(
        [
            ScoreRequest(question=asked[row.question_id], style=row.style, responses=(row.chosen, row.rejected))
            for row in pairs
        ]
    )


def take(ground: Ground, condition: Condition, seed: int) -> Found:
    """Judge, pair, train and test."""
    began = time.perf_counter()
    pairs = pairs_of(ground, condition)
    plan = replace(ground.training.fit, seed=seed)
    model = HubModel.load(ground.start, label=condition.name)
    settle(model, ground, pairs[:2])
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, ground.train, plan))
    objective = ground.training.made()
    with tempfile.TemporaryDirectory() as folder:
        for log in fit_pairs(model, objective, pairs, ground.train, store, plan, Path(folder) / "train"):
            if log.step % 20 == 0:
                print(f"  {condition.name} {condition.error:g}: step {log.step}, loss {log.loss:.4f}", flush=True)
    chains = list(answer_once(model, ground.test, Style.REASON, ground.max_tokens))
    after = list(judge_chains(OutcomeJudge(), ground.test, chains))
    change = paired_difference(ground.before, after)
    return Found(
        name=condition.name, error=condition.error, seed=seed, pairs=len(pairs),
        right_order=share_in_order(ground, pairs),
        accuracy=sum(verdict.outcome is Outcome.CORRECT for verdict in after) / len(after), gain=change.difference,
        low=change.low, high=change.high, p=change.p_value, seconds=time.perf_counter() - began,
    )  # fmt: skip


def show(found: Iterable[Found]) -> None:
    """A line a judge."""
    print("judge                      error  seed  pairs  right order  accuracy    gain  95 % interval")
    for row in found:
        share, accuracy, gain, low, high = (
            100 * value for value in (row.right_order, row.accuracy, row.gain, row.low, row.high)
        )
        print(f"{row.name:26}{row.error:6.2f}{row.seed:6}{row.pairs:7}{share:12.1f}%{accuracy:9.1f}%{gain:+8.1f}  "
              f"{low:+.1f} to {high:+.1f}")  # fmt: skip


def draw(found: Sequence[Found], place: Path) -> None:
    """Gain against error rate, mean over seeds; judges of one error rate alone are points."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color="#888888", lw=0.8)
    for name in dict.fromkeys(row.name for row in found):
        rows = [row for row in found if row.name == name]
        errors = sorted({row.error for row in rows})

        def mean(value: Callable[[Found], float], error: float, of: Sequence[Found] = rows) -> float:
            values = [value(row) for row in of if row.error == error]
            return 100 * sum(values) / len(values)

        gains = [mean(lambda row: row.gain, error) for error in errors]
        down = [gain - mean(lambda row: row.low, error) for gain, error in zip(gains, errors, strict=True)]
        up = [mean(lambda row: row.high, error) - gain for gain, error in zip(gains, errors, strict=True)]
        axes.errorbar([100 * error for error in errors], gains, yerr=[down, up], marker="o", capsize=3, label=name)
    axes.set_xlabel("verdicts turned round, %")
    axes.set_ylabel("gain over the fine-tuned model, points")
    axes.legend(frameon=False, fontsize=8)
    place.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(place, metadata={"Date": None})


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--run", type=Path, default=Path("runs/inkgrid"), help="a finished run of inkgrid")
    made.add_argument("--errors", type=float, nargs="+", default=ERRORS, help="shares of verdicts turned round")
    made.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the order in which pairs are trained on")
    made.add_argument("--out", type=Path, default=Path("runs/judge-worth.jsonl"), help="finished judges, a line each")
    made.add_argument("--plot", type=Path, default=PLACE)
    asked = made.parse_args()
    ground = open_ground(asked.run)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    lines = asked.out.read_text(encoding="utf-8").splitlines() if asked.out.is_file() else []
    found = [Found(**json.loads(line)) for line in lines]
    done = {(row.name, row.error, row.seed) for row in found}
    for seed in asked.seeds:
        for condition in conditions(asked.errors):
            if (condition.name, condition.error, seed) not in done:
                found.append(take(ground, condition, seed))
                with asked.out.open("a", encoding="utf-8") as lines_of:
                    lines_of.write(json.dumps(asdict(found[-1])) + "\n")
                show(found[-1:])
    show(found)
    draw(found, asked.plot)
    gains = {row.error: row.gain for row in found if row.name == "sighted outcome" and row.seed == asked.seeds[0]}
    worst, best = gains[max(gains)], gains[min(gains)]
    print(f"gain at the largest error rate to that without errors, the plot: {asked.plot}")
    print(f"ratio: {worst / best:.2f}" if best > 0 else "ratio: none, the judge without errors brought no gain")


if __name__ == "__main__":
    main()
