"""How much memory this process may have, and how much of it is free now: of the machine, or of its container.

A container, a batch job or a service is a control group (cgroup) with a limit of its own, of which /proc/meminfo says
nothing; a process that goes above it is killed. Both versions of Linux's control groups are read.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
MEMINFO, OWN_GROUPS = "proc/meminfo", "proc/self/cgroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """Where a version of control groups keeps what is asked here (kernel.org, cgroup-v1/memory and cgroup-v2)."""

    mount: str
    """The folder of the outermost group."""
    limit: str
    """File of the limit in bytes; version 2 says `max` where there is none, version 1 a number above any memory."""
    used: str
    """File of the bytes that are used, pages of files included."""
    idle: str
    """Line of `memory.stat`: bytes of pages of files that were not used of late, which the kernel takes back first."""


V1 = _Version(
    mount="sys/fs/cgroup/memory", limit="memory.limit_in_bytes", used="memory.usage_in_bytes",
    idle="total_inactive_file",
)  # fmt: skip
V2 = _Version(mount="sys/fs/cgroup", limit="memory.max", used="memory.current", idle="inactive_file")
STAT = "memory.stat"


def memory_bytes(root: Path = ROOT) -> int:
    """Memory that this process may have at most: the machine's, or less where a control group says so; in bytes.

    `root` is the folder in which `proc` and `sys` are looked for.
    """
    limits = [_number(folder / version.limit) for version, folder in _groups(root)]
    return min([machine_bytes(root), *(limit for limit in limits if limit is not None)])


def available_bytes(root: Path = ROOT) -> int:
    """Memory that this process could have now: Linux says what is available, others what is built in.

    In a control group with a limit it is at most what the limit leaves above the group's use; pages of files that were
    not used of late do not count as used, as in `docker stats` and in Kubernetes' working set.
    """
    left = [left for version, folder in _groups(root) if (left := _left(version, folder)) is not None]
    return max(0, min([_kib(root, "MemAvailable") or machine_bytes(root), *left]))


def machine_bytes(root: Path = ROOT) -> int:
    """Memory of the machine itself, in bytes."""
    return _kib(root, "MemTotal") or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _kib(root: Path, name: str) -> int:
    """A line of /proc/meminfo in bytes; 0 where there is none."""
    file = root / MEMINFO
    lines = file.read_text(encoding="ascii").splitlines() if file.is_file() else []
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), 0)


def _groups(root: Path) -> Iterator[tuple[_Version, Path]]:
    """The folders of this process's control groups of memory, and of those around them: the least limit holds.

    In a container the path in /proc/self/cgroup may be the host's, of which nothing is mounted but the container's own
    group: folders that are not there are left out, and the mounted one is always looked at.
    """
    file = root / OWN_GROUPS
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        _, controllers, path = line.split(":", maxsplit=2)
        version = V2 if not controllers else V1 if "memory" in controllers.split(",") else None
        parts = [part for part in path.split("/") if part]
        if version is not None:
            mount = root / version.mount
            inner = 0 if ".." in parts else len(parts)
            for depth in range(inner, -1, -1):
                folder = mount.joinpath(*parts[:depth])
                if (folder / version.limit).is_file():
                    yield version, folder


def _left(version: _Version, folder: Path) -> int | None:
    """Bytes that a group's limit leaves; None where it has none."""
    limit, used = _number(folder / version.limit), _number(folder / version.used)
    if limit is None or used is None:
        return limit
    stat = folder / STAT
    lines = stat.read_text(encoding="ascii").splitlines() if stat.is_file() else []
    idle = next((int(line.split()[1]) for line in lines if line.split()[:1] == [version.idle]), 0)
    return limit - max(0, used - idle)


def _number(file: Path) -> int | None:
    """The number in a file; None where it says `max`, or is not there."""
    words = file.read_text(encoding="ascii").strip() if file.is_file() else ""
    return int(words) if words.isdigit() else None
