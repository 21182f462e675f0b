"""Judging by outcome and pairing of questions by the million: chains a second, peak memory, and how time grows.

Each size is made as Parquet in a temporary folder (8 chains of 100 tokens a question, with log-probabilities), then
judged and paired by a process of its own. Pairing reads verdicts that were made with the chains, so that it is
measured alone. With `--workers N` both are steps of a run with so many worker processes: seconds and memory are then of
all its processes, from the first input hashed to the manifest, and shared memory counts once.
"""

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from seewhy.judging.api import judge_groups
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.prompts import ANSWER_MARK
from seewhy.pairs.by_outcome import ByOutcome
from seewhy.pairs.rule import Pairing
from seewhy.records.asked import asked_by_question
from seewhy.records.parquet import schema_of
from seewhy.records.rows import RowReader
from seewhy.records.shards import shard_path
from seewhy.records.types import Chain, Question, Verdict
from seewhy.runs.machine import Machine
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.run import OpenRun
from seewhy.runs.runner import Runner

CHAINS, TOKENS = 8, 100
QUESTIONS_A_SHARD = 2000
BODIES = 4096
"""Different texts before the answer: those of a question differ."""
Arrays = dict[str, pa.Array]


def generate(place: Path, questions: int, seed: int = 0) -> None:
    """`questions`, `chains` and `verdicts` under `place`."""
    for name in ("questions", "chains", "verdicts"):
        (place / name).mkdir(parents=True)
    rng = np.random.default_rng(seed)
    bodies = pa.array(make_bodies(rng))
    for number, start in enumerate(range(0, questions, QUESTIONS_A_SHARD)):
        count = min(QUESTIONS_A_SHARD, questions - start)
        ids = pa.array([f"bench/train/{start + n}" for n in range(count)])
        gold = pc.cast(pa.array(rng.integers(0, 1000, count)), pa.string())
        write(place / "questions", number, Question, make_questions(ids, gold))
        chains, verdicts = make_chains(ids, gold, bodies, rng)
        write(place / "chains", number, Chain, chains)
        write(place / "verdicts", number, Verdict, verdicts)


def make_bodies(rng: np.random.Generator) -> list[str]:
    """Reasoning of some 400 letters."""
    words = [f"{word}{n}" for word in ("row", "bar", "sum", "the", "blue", "line") for n in range(30)]
    return [" ".join(rng.choice(words, 80)) + ".\n" for _ in range(BODIES)]


def make_questions(ids: pa.Array, gold: pa.Array) -> Arrays:
    """Short answers, compared as numbers."""
    count = len(ids)
    ones = pa.array(np.arange(count + 1), pa.int32())
    rule = pa.array(["relaxed_number"] * count)
    golds = pa.StructArray.from_arrays([pa.ListArray.from_arrays(ones, gold), rule], ["answers", "rule"])
    return {
        "id": ids, "benchmark": constant("bench", count), "split": constant("train", count),
        "text": constant("What is the sum of the first row?", count), "gold": golds, "context": constant("", count),
        "rationale": pa.nulls(count, pa.string()),
    }  # fmt: skip


def make_chains(ids: pa.Array, gold: pa.Array, bodies: pa.Array, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """A question's chains are right by a chance of its own, from 0 to 1."""
    count = len(ids) * CHAINS
    of = pa.array(np.repeat(np.arange(len(ids)), CHAINS))
    is_right = rng.random(count) < np.repeat(rng.random(len(ids)), CHAINS)
    wrong = pc.cast(pa.array(rng.integers(1000, 1040, count)), pa.string())
    answer = pc.if_else(pa.array(is_right), gold.take(of), wrong)
    body = bodies.take(pa.array(rng.integers(0, BODIES, count)))
    shared = {
        "question_id": ids.take(of), "index": pa.array(np.tile(np.arange(CHAINS), len(ids))),
        "style": constant("reason", count),
    }  # fmt: skip
    bounds = pa.array(np.arange(count + 1) * TOKENS, pa.int32())
    tokens = pa.array(rng.integers(0, 32000, count * TOKENS))
    logprobs = pa.array(np.round(rng.standard_exponential(count * TOKENS) * -16) / 16)
    chains = {
        **shared, "text": pc.binary_join_element_wise(body, constant(f"{ANSWER_MARK} ", count), answer, ""),
        "token_ids": pa.ListArray.from_arrays(bounds, tokens),
        "logprobs": pa.ListArray.from_arrays(bounds, logprobs), "stop": constant("end", count),
        "sampler": constant("bench", count), "seed": pa.array(np.zeros(count, np.int64)),
        "is_respelt": pa.array(np.zeros(count, bool)),
    }  # fmt: skip
    outcome = pc.if_else(pa.array(is_right), "correct", "incorrect")
    verdicts = {**shared, "outcome": outcome, "score": pa.array(is_right.astype(float)), "answer": answer}
    return chains, {**verdicts, **make_rest(count)}


def make_rest(count: int) -> Arrays:
    """What pairing does not read of a verdict, as the judge by outcome leaves it."""
    zeros = pa.array(np.zeros(count, np.int64))
    spans = schema_of(Verdict).field("spans").type
    usage = ["prompt_tokens", "completion_tokens", "calls", "dollars"]
    return {
        "judge": constant("outcome", count), "rule": constant("answer line", count), "why": constant("", count),
        "spans": pa.ListArray.from_arrays(pa.array(np.zeros(count + 1), pa.int32()), pa.nulls(0, spans.value_type)),
        "usage": pa.StructArray.from_arrays([zeros, zeros, zeros, zeros.cast(pa.float64())], usage),
        "agreement": pa.nulls(count, pa.float64()),
    }  # fmt: skip


def constant(word: str, count: int) -> pa.Array:
    """A column that says the same in each row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([word])).cast(pa.string())


def absent(of: pa.DataType, count: int) -> pa.Array:
    """A column that holds nothing: empty lists, or nulls."""
    if not hasattr(of, "value_type"):
        return pa.nulls(count, of)
    none = pa.array(np.zeros(count + 1), pa.int32())
    return pa.ListArray.from_arrays(none, pa.nulls(0, of.value_type)).cast(of)


def write(place: Path, number: int, record_type: type, columns: Arrays) -> None:
    """A shard as `write_shard` writes it."""
    schema, count = schema_of(record_type), len(next(iter(columns.values())))
    whole = {name: columns.get(name, absent(schema.field(name).type, count)) for name in schema.names}
    table = pa.table([column.cast(schema.field(name).type) for name, column in whole.items()], schema=schema)
    pq.write_table(table, shard_path(place, number), compression="zstd", write_page_checksum=True)


def pair(place: Path) -> int:
    """Pairs by outcome, as the stage writes them: Arrow tables."""
    pairing = Pairing(ByOutcome(), RowReader(place / "chains", Chain), RowReader(place / "verdicts", Verdict))
    return sum(map(len, pairing.tables()))


def judge(place: Path) -> int:
    """Judges by the gold answer."""
    questions = RowReader(place / "questions", Question)
    jobs: Iterator = asked_by_question(questions, RowReader(place / "chains", Chain))
    return sum(1 for _ in judge_groups(OutcomeJudge().judge, "outcome", jobs))


WORK = {"pair": pair, "judge": judge}
STEPS = {
    "pair": {"stage": "pair", "chains": "chains", "verdicts": "verdicts"},
    "judge": {"stage": "judge", "chains": "chains", "questions": "questions", "judge": "outcome"},
}


def step(work: str, place: Path, workers: int) -> int:
    """The same as a step of a run, with worker processes."""
    inputs = {name: str(place / name) for name in ("questions", "chains", "verdicts")}
    recipe, _ = build_recipe({"name": "bench", "seed": 0, "inputs": inputs, "steps": {"made": STEPS[work]}}, "bench")
    with tempfile.TemporaryDirectory() as folder:
        run = OpenRun(root=Path(folder), recipe=recipe, machine=Machine(workers=workers))
        for _ in Runner(run=run, command="bench").go(list(run.nodes.values())):
            pass
        return run.manifest("made").counts["rows"]


class Watched:
    """Processor time and memory of this process and all that it began, looked at once a second."""

    def __init__(self) -> None:
        self.peak_mb, self._spent, self._ended = 0.0, dict[int, float](), threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def processor(self) -> float:
        """Seconds."""
        return sum(self._spent.values())

    @property
    def longest(self) -> float:
        """Processor seconds of this process and of the busiest that it began: what it takes on free cores, at most."""
        own = self._spent.get(os.getpid(), 0.0)
        return own + max((spent for one, spent in self._spent.items() if one != os.getpid()), default=0.0)

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
            held = 0
            for process in family():
                with contextlib.suppress(OSError):
                    rollup = (process / "smaps_rollup").read_text()
                    held += int(rollup.partition("\nPss:")[2].split()[0])
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                    self._spent[int(process.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            self.peak_mb = max(self.peak_mb, held / 1024)


def family() -> list[Path]:
    """Folders in /proc of this process and those that follow from it."""
    found = [os.getpid()]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*"):
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return [Path("/proc") / str(one) for one in found]


def measure(work: str, place: Path, workers: int) -> dict[str, float]:
    """Runs in a process of its own, once pyarrow has imported what it does at its first array."""
    pa.array([0]).to_numpy()
    began, spent = time.perf_counter(), time.process_time()
    if workers:
        with Watched() as watched:
            made = step(work, place, workers)
        return {"rows": made, "seconds": time.perf_counter() - began, "processor": watched.processor,
                "longest": watched.longest,
                "peak_mb": watched.peak_mb}  # fmt: skip
    made, seconds = WORK[work](place), time.process_time() - spent
    return {
        "rows": made, "seconds": time.perf_counter() - began, "processor": seconds, "longest": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--questions", type=int, nargs="+", default=(10_000, 100_000, 1_000_000))
    made.add_argument("--work", nargs="+", default=tuple(WORK), choices=tuple(WORK))
    made.add_argument("--folder", type=Path, help="where the rows lie or are made; a temporary one by default")
    made.add_argument("--workers", type=int, default=0, help="worker processes of a run; 0 measures the work alone")
    made.add_argument("--measure", help=argparse.SUPPRESS)
    asked = made.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure, asked.folder, asked.workers)))
        return
    print("questions  work   rows out  seconds  processor s  chains/s  chains/processor s  longest s  peak MB")
    with tempfile.TemporaryDirectory() as temporary:
        for questions in asked.questions:
            place = (asked.folder or Path(temporary)) / str(questions)
            if not place.is_dir():
                generate(place, questions)
            for work in asked.work:
                words = [sys.executable, __file__, "--measure", work, "--folder", str(place)]
                words += ["--workers", str(asked.workers)]
                said = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
                chains = questions * CHAINS
                rates = f"{chains / said['seconds']:9,.0f} {chains / said['processor']:19,.0f}"
                print(
                    f"{questions:9,}  {work:5} {said['rows']:10,} {said['seconds']:8.1f} {said['processor']:12.1f} "
                    f"{rates} {said['longest']:10.1f} {said['peak_mb']:8.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
