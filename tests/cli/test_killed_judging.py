"""`seewhy judge` over a wire, killed with -9 and run again: what was answered is not asked again."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

from served_oracle import bill_of, serve
from wired_runs import CANARY, QUICK, judging, oracle_chains, pages, write_recipe

from seewhy.cli.main import main
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Outcome, Verdict
from seewhy.testing.served.plan import ServedPlan

CONCURRENCY = 4


def judge(words) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "seewhy.cli.main", *words])


def made(server) -> int:
    """Answers that were made, whether they arrived or not."""
    bill = bill_of(server)
    return bill["billed"]["calls"] + bill["unseen"]["calls"]


def test_a_judging_killed_and_run_again_asks_at_most_those_in_flight_twice(tmp_path):
    plan = ServedPlan(latency_s=0.3)
    with serve(pages(tmp_path), tmp_path / "files", plan) as server:
        place, run = oracle_chains(tmp_path), tmp_path / "run"
        machine = replace(QUICK, pace=replace(QUICK.pace, concurrency=CONCURRENCY))
        recipe = write_recipe(tmp_path, judging(server.base_url, place, "rubric"), machine)
        words = ["run", recipe, "--run", str(run)]
        process = judge(words)
        deadline = time.monotonic() + 120
        while made(server) < CANARY + 7:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not list((run / "verdicts").glob("*.parquet"))
        assert main(words) == 0
        time.sleep(2 * plan.latency_s)  # the last of the killed process's calls end on the server too
        answered = bill_of(server)["answered"]
    twice = sum(count - 1 for count in answered.values())
    verdicts = list(read_rows(run / "verdicts", Verdict))
    chains = list(read_rows(place, Chain))
    # Equal chains of a question are one request, and the two canaries show other pictures.
    assert len(answered) == 2 * CANARY + len({(chain.question_id, chain.text) for chain in chains})
    assert twice <= CONCURRENCY
    assert [(row.question_id, row.index) for row in verdicts] == [(row.question_id, row.index) for row in chains]
    assert not any(row.outcome is Outcome.UNJUDGED for row in verdicts)
