"""Where a training that was stopped goes on, the same for all processes that train together."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seewhy.training.checkpoint import Progress, checkpoints, newest_checkpoint
from seewhy.training.parallel.ranks import Ranks


def require_equal(ranks: Ranks, directory: Path, contents: Mapping[str, str]) -> None:
    """ValueError where another process has opened another model, or other rows; a collective operation.

    `contents` are hashes of what the run is made of, by name.
    """
    first, *others = ranks.gather(dict(contents))
    for rank, other in enumerate(others, 1):
        different = [name for name in first if other.get(name) != first[name]]
        if different:
            raise ValueError(
                f"{directory}: process {rank} trains with another {different[0]} than process 0; give all of them "
                "the same model, rows and settings"
            )


def reached(ranks: Ranks, directory: Path, contents: Mapping[str, str]) -> tuple[Path, Progress] | None:
    """The newest whole checkpoint, as the first process finds it, and how far it is; None where there is none.

    Raises:
        ValueError: there are checkpoints, and none is whole or of this run.
    """
    found = ranks.broadcast(lambda: _newest(directory))
    if found is None:
        return None
    progress = Progress(**found[1])
    different = [name for name in {**contents, **progress.run} if progress.run.get(name) != contents.get(name)]
    if different:
        raise ValueError(
            f"{directory}: its checkpoint belongs to a run with another {different[0]}; give the same again, or "
            "remove the directory to start anew"
        )
    return Path(found[0]), progress


def _newest(directory: Path) -> tuple[str, dict[str, Any]] | None:
    found = newest_checkpoint(directory)
    if found is None and (damaged := checkpoints(directory)):
        raise ValueError(
            f"{directory} holds checkpoints, such as {damaged[-1].name}, and none is as it was written: bring one "
            "back, or remove the directory to start anew"
        )
    return found and (str(found[0]), asdict(found[1]))
