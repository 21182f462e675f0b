"""A small whole run, once let be and once stopped again and again, in processes that are killed or starved of disk.

The processes are forked from one that has the libraries loaded: each alone would load them for seconds.
"""

import json
import os
import re
import resource
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from seewhy.cli.main import QUIET, main
from seewhy.runs.discovery import find_module, kind_names, load_part
from seewhy.runs.lock import LOCK

# As `main` does it before anything is loaded; then loaded here, so that the forks find it.
os.environ.update(QUIET)
LOADED = [find_module("stages", name) for name in kind_names("stages")]
LOADED += [load_part("training", "fit"), load_part("model", "families.hub"), load_part("report", "page")]
OPTIONS = shlex.split("""
--questions.train 36 --questions.validation 3 --questions.test 6 --questions.shifted 0
--rationales.ask 24 --lessons.ask 24
--sft.fit.batch-size 6 --sft.fit.save-every 2 --sft.fit.learning-rate 1e-4
--chains.ask 12 --chains.after 24 --chains.per-question 6 --chains.per-shard 4 --chains.max-tokens 48
--chains.temperature 1.4 --chains.multiple-choice-temperature 1.4
--pairs.rule.lowest 0.01 --pairs.rule.highest 0.99 --mpo.fit.batch-size 2 --mpo.fit.save-every 2
--test.max-tokens 32 --test.per-shard 3
--verifier.ask 3 --verifier.per-question 4 --verifier.max-tokens 32 --credit.resamples 20 --workers 1
""")
Arm = Callable[[], None]


def kill_at(event: str, path: str, time_of_many: int = 1) -> Arm:
    """Kill this process, as `kill -9` does, just before it opens, or renames something to, a path of this pattern."""
    pattern, place = re.compile(path), {"open": 0, "os.rename": 1}[event]
    seen = 0

    def watch(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if name == event and pattern.search(str(arguments[place])):
            seen += 1
            if seen == time_of_many:
                os.kill(os.getpid(), signal.SIGKILL)

    return lambda: sys.addaudithook(watch)


def starve_at(limit: int) -> Arm:
    """The kernel refuses each write beyond `limit` bytes of a file (EFBIG), in its middle, as a full disk does."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


STOPS: dict[str, Arm] = {
    "killed before the first picture": kill_at("os.rename", r"/images/.*\.png$"),
    # Less than any page; recipe.yaml, which has more, is there by now.
    "starved of its pictures": starve_at(2800),
    "killed between two pictures": kill_at("os.rename", r"/images/.*\.png$", 10),
    "killed before it grades the teacher": kill_at("open", r"/rationales/verdicts/\.part-00000.*\.tmp$"),
    "starved of a checkpoint": starve_at(200_000),
    "killed at a step after a checkpoint": kill_at("open", r"/sft/steps\.jsonl$", 5),
    "killed before a checkpoint has its name": kill_at("os.rename", r"/sft/checkpoint-4$"),
    "killed between two shards of chains": kill_at("os.rename", r"/chains/part-00001\.parquet$"),
    "killed between what a block counted and its shard": kill_at("open", r"/chains/\.part-00002.*\.tmp$"),
    "killed before pairs have a manifest": kill_at("os.rename", r"/pairs/_manifest\.json$"),
    "killed in the middle of the reference": kill_at("os.rename", r"/reference/part-00000\.parquet$"),
    "killed before the trained model has its name": kill_at("os.rename", r"/mpo/model$"),
    "killed in the middle of a measurement": kill_at("os.rename", r"/test/sft/reason/chains/part-00001"),
    "killed before candidates are scored": kill_at("open", r"/verifier/scores/\.part-00000.*\.tmp$"),
    "killed between page and summary": kill_at("os.rename", r"/report/summary\.json$"),
}


def attempt(log: Path, words: Sequence[str], arm: Arm | None = None) -> dict[str, object]:
    """One command in a process of its own: how it ended (minus the signal's number where one killed it), and its words.

    The exit status of an error that nobody foresaw is 99.
    """
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        status = 99
        try:
            if arm:
                arm()
            status = main(list(words))
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"status": status, "said": log.read_text(), "seconds": time.perf_counter() - started}


def stamps(run: Path) -> dict[str, int]:
    """When each file was last changed."""
    return {str(path.relative_to(run)): path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}


def first_picture(run: Path, words: Sequence[str], log: Path) -> dict[str, object]:
    """Take a measurement away and damage the pictures: the same command says so, and goes on when they are whole."""
    place, pictures = run / "test" / "base" / "direct", sorted((run / "images").rglob("*.png"))
    kept = {path: path.read_bytes() for path in pictures}
    before = {path: path.read_bytes() for path in place.rglob("*.parquet")}
    for path in before:
        path.unlink()
    for path in pictures:
        path.write_bytes(kept[path][:200])
    damaged = attempt(log, words)
    for path, payload in kept.items():
        path.write_bytes(payload)
    mended = attempt(log, words)
    same = {path: path.read_bytes() for path in place.rglob("*.parquet")} == before
    return {"damaged": damaged, "mended": mended, "same": same}


def long_question(place: Path, log: Path) -> dict[str, object]:
    """A run on questions of one's own, of which one has more words than the model takes."""
    row = {"question": "What is the sum?", "answer": "9", "rationale": "It is 9."}
    rows = [{**row, "id": name, "split": name} for name in ("train", "validation", "test")]
    rows.append({**row, "id": "long", "split": "train", "context": "one two three " * 300})
    source = place / "own.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    own = ["--questions.benchmark", "jsonl", "--questions.source", str(source), "--questions.shifted", "0"]
    words = ["run", "inkgrid", "--run", str(place / "own"), *own, "--rationales.teacher", "gold"]
    return attempt(log, words)


def tell_story(place: Path) -> dict[str, object]:
    """The run let be lies in `place/reference` in the end, the one that was stopped in `place/run`."""
    run = place / "run"
    words = ["run", "inkgrid", "--run", str(run), *OPTIONS]
    story: dict[str, object] = {"whole": attempt(place / "whole.log", words)}
    before = stamps(run)
    story["again"] = attempt(place / "again.log", words)
    after = stamps(run)
    # Which process writes is noted for others to see.
    del before[LOCK], after[LOCK]
    story["changed"] = sorted(path for path in before | after if before.get(path) != after.get(path))
    story["picture"] = first_picture(run, words, place / "picture.log")
    # Rows hold the paths of their pictures: only at the same place are two runs equal to the byte.
    run.rename(place / "reference")
    story["stops"] = {name: attempt(place / f"{name}.log", words, arm) for name, arm in STOPS.items()}
    story["long"] = long_question(place, place / "long.log")
    story["last"] = attempt(place / "last.log", words)
    return story


if __name__ == "__main__":
    torch.set_num_threads(1)
    root = Path(sys.argv[1])
    (root / "story.json").write_text(json.dumps(tell_story(root), indent=1))
