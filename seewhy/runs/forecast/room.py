"""How much memory this machine can give, and how much this process holds."""

import os
from pathlib import Path

from seewhy.model.free_memory import available_bytes

MIB = 2**20


def machine_mb() -> float:
    """Memory that this machine could give now, in MiB."""
    return available_bytes() / MIB


def resident_bytes() -> int:
    """What this process holds now, with all libraries loaded; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.is_file() else 0
