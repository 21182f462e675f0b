"""A judge of one's own that fails while it runs: its trace where it is a fault of it, three lines where it is not."""

import shlex

import pytest
from three_lines import refused

from seewhy.cli.main import main
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style

JUDGE = """
import multiprocessing
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from seewhy.records.types import Outcome, Verdict


@dataclass(frozen=True, kw_only=True)
class Mine:
    name: str = "mine"

    def judge(self, question, chains):
        {fails}
        return tuple(Verdict(question_id=question.id, index=one.index, style=one.style, judge=self.name,
                             outcome=Outcome.CORRECT) for one in chains)
"""
FAILS = {
    "raises.py": "raise RuntimeError('my own fault')",
    "rewrites.py": "Path('out/_plan.json').write_text('{}')",
    "killed.py": "multiprocessing.parent_process() and os.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Chains of so many questions that worker processes are begun for them, and the judges."""
    place = tmp_path_factory.mktemp("own")
    for name, fails in FAILS.items():
        (place / name).write_text(JUDGE.replace("{fails}", fails))
    gold, names = Gold(answers=("7",), rule=MatchRule.EXACT), [f"q{number}" for number in range(8001)]
    asked = [Question(id=one, benchmark="b", split=Split.TRAIN, text="?", gold=gold, facets={}) for one in names]
    write_shard(place / "questions", 0, asked, Question)
    write_shard(place / "few", 0, asked[:2], Question)
    chains = [Chain(question_id=one, index=0, style=Style.REASON, text="### Answer: 7", sampler="m", seed=0,
                    stop=FinishReason.END) for one in names]  # fmt: skip
    write_shard(place / "chains", 0, chains, Chain)
    write_shard(place / "two", 0, chains[:2], Chain)
    return place


def judged(judge, chains="two", questions="few"):
    return shlex.split(f"judge --chains {chains} --questions {questions} --judge {judge}:Mine --out out")


def test_a_fault_of_ones_own_code_has_its_trace(place, monkeypatch):
    monkeypatch.chdir(place)
    with pytest.raises(RuntimeError, match="my own fault") as error:
        main(judged("raises.py"))
    assert "raises.py" in str(error.traceback[-1].path)


def test_rows_are_not_written_into_a_folder_that_was_begun_anew(place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    refused(judged("rewrites.py"), "begun anew meanwhile: the rows of block 0 are not written",
            "Run the same command again", capsys)  # fmt: skip
    assert not list((place / "out").glob("*.parquet"))


def test_a_worker_process_that_is_killed_is_told_with_what_to_do(place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    refused([*judged("killed.py", "chains", "questions"), "--machine.workers", "2"],
            "was ended, perhaps for lack of memory; finished blocks are kept",
            "run the same command again, with a smaller machine.workers", capsys)  # fmt: skip
