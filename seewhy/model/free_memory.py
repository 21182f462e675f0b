"""How much memory this machine has, and how much of it is free now."""

import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")


def memory_bytes() -> int:
    """Memory of this machine, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def available_bytes() -> int:
    """Memory that this machine could give now: Linux says what is available, others what is built in."""
    if MEMINFO.is_file():
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    return memory_bytes()
