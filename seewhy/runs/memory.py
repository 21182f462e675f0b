"""How much memory this machine has, and how much of it weights may take."""

import os

SHARE = 0.4
"""Of the machine's memory that the weights of open models may take together; the one in use is always open."""


def memory_bytes() -> int:
    """Memory of this machine, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
