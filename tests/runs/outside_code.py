"""A stage, a judge and an objective as a user writes them in a folder of their own."""

from pathlib import Path

STAGE = '''
"""Keeps the chains that are short enough."""

from dataclasses import dataclass
from typing import ClassVar

from seewhy.records.types import Chain
from seewhy.report.inputs import Count, Facts
from seewhy.runs.api import Need, RowStage
from seewhy.runs.choice import Rows

MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Shorten(RowStage):
    """Chains of at most so many characters."""

    chains: Rows
    """Rows of chains."""
    most: int = MOST

    rows: ClassVar[type[Chain]] = Chain
    unit: ClassVar[str] = "chains"

    def block_size(self):
        return 8

    def needs(self):
        return (Need(field="chains", ref=self.chains, wants=Chain),)

    def inputs(self, run):
        return run.read(self.chains, Chain)

    def worker(self, run, models):
        return lambda block: [row for row in block if len(row.text) <= min(self.most, MOST)]

    def tally(self, block, rows):
        return {"too long": len(block) - len(rows)}

    def section(self, run, name):
        counts = run.manifest(name).counts
        return Facts(title="Short chains", counts=(Count(name="chains left out", count=counts["too long"]),))
'''
JUDGE = '''
"""Calls a chain right that is shorter than the others of its question."""

from dataclasses import dataclass

from seewhy.judging.asking.messages import give_verdict
from seewhy.records.types import Outcome

SLACK = 0


@dataclass(frozen=True, kw_only=True)
class Shortest:
    name: str = "shortest"
    slack: int = SLACK

    def judge(self, question, chains):
        least = min(len(chain.text) for chain in chains)
        return tuple(
            give_verdict(question, chain, self.name,
                         Outcome.CORRECT if len(chain.text) <= least + self.slack else Outcome.INCORRECT)
            for chain in chains
        )
'''
OBJECTIVE = '''
"""DPO without a reference: the difference of the two responses' log-probabilities alone."""

from dataclasses import dataclass

import torch

from seewhy.objectives.api import Loss, Scorer, Side, View

SCALE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    needs_reference: bool = False
    scale: float = SCALE

    @property
    def name(self):
        return "bare"

    @property
    def views(self):
        return tuple(View(scorer=Scorer.POLICY, side=side) for side in (Side.CHOSEN, Side.REJECTED))

    def initial(self):
        return {}

    def loss(self, view, state):
        gap = view.policy_chosen.sum(1) - view.policy_rejected.sum(1)
        each = -torch.nn.functional.logsigmoid(self.scale * gap)
        return Loss(each=each, terms={"bare": each.detach()})

    def at_reference(self, view):
        return None

    def advance(self, state, rewards):
        return state
'''


def write_code(place: Path) -> dict[str, Path]:
    """The files, by what they hold."""
    files = {"stage": (place / "shorten.py", STAGE), "judge": (place / "shortest.py", JUDGE),
             "objective": (place / "bare.py", OBJECTIVE)}  # fmt: skip
    for path, text in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {name: path for name, (path, _) in files.items()}


RECIPE = """
name: outside
models:
  base: {{path: tiny}}
inputs: {{drawn: {chains}}}
steps:
  questions: {{stage: questions, train: 20, validation: 0, test: 0}}
  short: {{stage: '{stage}', chains: drawn}}
  verdicts: {{stage: judge, chains: short, questions: questions.train, judge: {{kind: '{judge}'}}}}
  right: {{stage: judge, chains: drawn, questions: questions.train}}
  pairs: {{stage: pair, chains: short, verdicts: verdicts, rule: {{kind: by_outcome, lowest: 0.01, highest: 0.99}}}}
  bare:
    stage: train
    start: base
    data: {{pairs: 1.0}}
    objective: {{kind: '{objective}', scale: 0.02}}
    fit: {{learning_rate: 1.0e-5, batch_size: 16}}
  report: {{stage: report}}
"""
"""Pairs of an erring oracle's chains by a judge, a stage and an objective from outside."""
