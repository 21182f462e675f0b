"""PYTHONPATH of a process that a test starts: the clone, then what this process was given (`make raises` needs it)."""

import os
from pathlib import Path


def clone_path() -> str:
    return os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
