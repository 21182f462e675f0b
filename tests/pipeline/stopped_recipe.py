"""A recipe at toy size, once let be and once killed at the end of every unit of work, in processes that are forked.

Each attempt is killed, as by `kill -9`, before the second unit that it ends has its manifest: it ends the unit at which
the attempt before it was killed, and so every unit of every step is killed once.
"""

import json
import sys
from pathlib import Path

import torch
from small_run import attempt, kill_at

MOST = 200
"""Attempts after which a run is given up."""
MANIFEST = r"/_manifest\.json$"


def tell_story(name: str, place: Path) -> dict[str, object]:
    """The run let be lies in `place/reference` in the end, the one that was killed in `place/run`."""
    run = place / "run"
    words = ["run", name, "--size", "toy", "--run", str(run), "--workers", "1", "--threads", "1"]
    whole = attempt(place / "whole.log", words)
    # Rows hold the paths of their pictures: only at the same place are two runs equal to the byte.
    run.rename(place / "reference")
    ends: list[object] = []
    said: object = ""
    while len(ends) < MOST and (not ends or ends[-1] != 0):
        told = attempt(place / "attempt.log", words, kill_at("os.rename", MANIFEST, 1 if not ends else 2))
        ends.append(told["status"])
        said = told["said"]
        if told["status"] not in (0, -9):
            break
    return {"whole": whole, "ends": ends, "said": said}


if __name__ == "__main__":
    torch.set_num_threads(1)
    root = Path(sys.argv[2])
    (root / "story.json").write_text(json.dumps(tell_story(sys.argv[1], root), indent=1))
