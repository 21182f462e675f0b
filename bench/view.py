"""Times of the viewer's pages over a run of 6,000,000 chains, and its memory: first page, each filter, one question.

The run is made by this script: 750,000 questions of 8 chains of some 60 words with the verdicts of two judges. Goals:
the first page within 1 s, any filter within 2 s on 2 cores, memory under 1 GB.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.datastructures import QueryParams

from seewhy.records.shards import schema_of
from seewhy.records.types import Chain, Question, Verdict
from seewhy.view import measured, overview
from seewhy.view.contexts import Looks
from seewhy.view.shelf import Shelf
from seewhy.view.tables import Tables

CHAINS = 8
BLOCK = 50_000
"""Questions of a file."""
WORDS = " ".join(f"word{i}" for i in range(60))
PAGES = {
    "run, first": ("run", "", ""), "run": ("run", "", ""), "questions, first": ("questions", "questions", ""),
    "questions": ("questions", "questions", ""), "search": ("questions", "questions", "search=number+749999"),
    "facet": ("questions", "questions", "facet=kind%3D3"), "accuracy": ("questions", "questions", "low=0.25&high=0.85"),
    "outcome": ("questions", "questions", "outcome=no_answer"), "hardest": ("questions", "questions", "order=hard"),
    "last page": ("questions", "questions", "page=14000"),
    "question": ("question", "questions", "id=q/0700000&chains=chains"), "rows": ("rows", "chains", "page=100000"),
    "judges, first": ("agreement", "", "judge=verdicts&truth=rubric"),
    "judges": ("agreement", "", "judge=verdicts&truth=rubric"),
    "judges, a cell": ("agreement", "", "judge=verdicts&truth=rubric&said=correct&known=incorrect"),
    "judged otherwise": ("questions", "questions", "verdicts=verdicts&apart=rubric"),
    "transitions, first": ("transitions", "", "before=verdicts&after=rubric"),
    "transitions": ("transitions", "", "before=verdicts&after=rubric"),
}  # fmt: skip
MAKE = {"run": overview.run, "questions": Looks.questions, "question": Looks.question, "rows": Looks.rows,
        "agreement": measured.agreement, "transitions": measured.transitions}  # fmt: skip


def make(root: Path, questions: int) -> None:
    """Write the run."""
    rng = np.random.default_rng(0)
    for folder, kind in (("questions", Question), ("chains", Chain), ("verdicts", Verdict), ("rubric", Verdict)):
        (root / folder).mkdir(parents=True)
        for number, start in enumerate(range(0, questions, BLOCK)):
            ids = np.arange(start, min(start + BLOCK, questions))
            table = pa.Table.from_pylist(rows_of(kind, ids, rng), schema=schema_of(kind))
            pq.write_table(table, root / folder / f"part-{number:05d}.parquet", compression="zstd")


def rows_of(kind: type, ids: np.ndarray, rng: np.random.Generator) -> list[dict[str, object]]:
    """Rows of a file, as plain values."""
    if kind is Question:
        return [
            {"id": f"q/{i:07d}", "benchmark": "bench", "split": "train", "text": f"What is number {i}?", "context": "",
             "gold": {"answers": [str(i)], "rule": "exact"}, "options": [], "images": [], "rationale": None,
             "facets": [("kind", str(i % 9))], "turns": [], "places": None}
            for i in ids
        ]  # fmt: skip
    keys = [(f"q/{i:07d}", index) for i in ids for index in range(CHAINS)]
    if kind is Chain:
        return [{"question_id": name, "index": index, "style": "reason", "text": f"{WORDS} ### Answer: {index}",
                 "token_ids": None, "logprobs": None, "stop": "end", "sampler": "s", "seed": index, "is_respelt": False}
                for name, index in keys]  # fmt: skip
    outcomes = np.array(["correct", "incorrect", "no_answer"])[rng.choice(3, len(keys), p=[0.5, 0.45, 0.05])]
    return [
        {"question_id": name, "index": index, "style": "reason", "judge": "outcome", "outcome": outcome, "score": None,
         "answer": "1", "rule": "answer mark", "spans": [], "why": "", "agreement": None,
         "usage": {"prompt_tokens": 0, "completion_tokens": 0, "calls": 0, "dollars": 0.0}}
        for (name, index), outcome in zip(keys, outcomes.tolist(), strict=True)
    ]  # fmt: skip


def main() -> None:
    """Print the seconds of each page, and the peak of resident memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=750_000)
    parser.add_argument("--run", type=Path, help="a run that this script has made before")
    given = parser.parse_args()
    root = given.run or Path(tempfile.mkdtemp(prefix="seewhy-view-"))
    if not (root / "chains").is_dir():
        make(root, given.questions)
        print(f"the run is in {root}; --run {root} looks at it again, with the memory of the viewer alone")
        return
    looks = Looks(Shelf(root), Tables())
    for name, (page, ref, query) in PAGES.items():
        start = time.perf_counter()
        MAKE[page](looks, ref, QueryParams(query))
        print(f"{name:20} {time.perf_counter() - start:6.2f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
