"""Batches under way, in a small file: what a killed process must know to collect what it has ordered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from seewhy.records.files import write_text_atomically


class BatchStage(StrEnum):
    """How far a provider is with a batch."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLook:
    """A batch as the provider shows it.

    Example:
        >>> BatchLook(batch_id="batch_1", stage=BatchStage.RUNNING).output_file
        ''
    """

    batch_id: str
    stage: BatchStage
    output_file: str = ""
    error_file: str = ""
    words: str = ""
    """What went wrong with it as a whole."""


@runtime_checkable
class Batches(Protocol):
    """A provider's batch API; every method raises OSError where the provider cannot be reached or refuses."""

    async def upload(self, content: bytes) -> str:
        """The id of a file of requests, one a line."""
        ...

    async def create(self, file_id: str, tag: str) -> BatchLook:
        """Order the answers to an uploaded file; `tag` finds the batch again."""
        ...

    async def find(self, tag: str) -> BatchLook | None:
        """The batch with a tag, if there is one."""
        ...

    async def look(self, batch_id: str) -> BatchLook:
        """How far it is."""
        ...

    async def download(self, file_id: str) -> bytes:
        """A file of answers, one a line."""
        ...

    async def close(self) -> None:
        """Let all connections go."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One batch that was, or was about to be, ordered."""

    tag: str
    keys: Mapping[str, str]
    """From the id of each line to the cache's key."""
    counts: Mapping[str, int]
    """From the id of each line to the replies it asks for."""
    batch_id: str = ""
    """Empty until the provider has said it."""
    note: int = 0
    """Of the most that it can cost, in the database; 0 where nothing is bounded."""


def read_jobs(place: Path) -> list[Job]:
    """The jobs that were not collected yet; none where there is no file.

    Raises:
        ValueError: the file is not one of ours.
    """
    if not place.exists():
        return []
    try:
        return [Job(**row) for row in json.loads(place.read_text("utf-8"))]
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{place} should name the batches under way and cannot be read ({error}); look at the provider's page for "
            "batches that you paid for, then delete the file"
        ) from error


def write_jobs(place: Path, jobs: Sequence[Job]) -> None:
    """Put them in place of those before; no file where there are none."""
    if jobs:
        write_text_atomically(place, json.dumps([asdict(job) for job in jobs], indent=1))
    else:
        place.unlink(missing_ok=True)
