"""How much memory this machine can give, and how much this process holds."""

import os
from pathlib import Path

from seewhy.runs.memory import memory_bytes

MEMINFO = Path("/proc/meminfo")
MIB = 2**20


def machine_mb() -> float:
    """Memory that this machine could give now, in MiB: Linux tells what is available, others what is built in."""
    if MEMINFO.is_file():
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        return next(float(line.split()[1]) / 2**10 for line in lines if line.startswith("MemAvailable:"))
    return memory_bytes() / MIB


def resident_bytes() -> int:
    """What this process holds now, with all libraries loaded; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.is_file() else 0
