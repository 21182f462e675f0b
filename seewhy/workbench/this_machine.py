"""The machine: processor, memory, disk, the driver of its GPU, the names of keys that are set."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from seewhy.model.free_memory import ROOT, machine_bytes, memory_bytes
from seewhy.workbench.checks import Check, failed, passed, warned

GIB = 1 << 30
LEAST_PYTHON = (3, 11)
FEW_GIB = 10
"""GiB of disk below which a run of a real model will not fit: one checkpoint of 3 billion weights in bfloat16 is 6."""
LITTLE_MEMORY_GIB = 4
"""GiB of memory below which no model of a billion weights opens in float32."""
PROBE = b"seewhy" * 4096
KEYS = (
    "ANTHROPIC_API_KEY", "AZURE_OPENAI_API_KEY", "GEMINI_API_KEY", "HF_TOKEN", "MISTRAL_API_KEY", "OPENAI_API_KEY",
    "OPENROUTER_API_KEY", "TOGETHER_API_KEY",
)  # fmt: skip
"""Environment variables in which providers of models keep keys."""
DRIVER = Path("/proc/driver/nvidia/version")


def machine_checks(folder: Path, environment: Mapping[str, str]) -> Iterator[Check]:
    """Everything that needs no library: system, memory, disk, keys."""
    yield _python()
    yield passed("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    yield memory_check()
    yield from _disk(folder)
    yield _hub_cache(environment)
    yield _keys(environment)


def has_driver() -> bool:
    """Whether an NVIDIA driver is installed, whatever torch says."""
    return DRIVER.is_file() or shutil.which("nvidia-smi") is not None


def _python() -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < LEAST_PYTHON:
        return failed("python", found, "install Python 3.11 or newer, and seewhy into it")
    return passed("python", found)


def memory_check(root: Path = ROOT) -> Check:
    """What this process may have, and what the machine has where a control group allows less."""
    total, machine = memory_bytes(root) / GIB, machine_bytes(root) / GIB
    found = f"{total:.1f} GiB"
    if total < machine:
        found += (
            f" for this process by its control group (container, job or service); the machine has {machine:.1f} GiB"
        )
    if total < LITTLE_MEMORY_GIB:
        return warned("memory", found, "the shipped model works; for others ask a server, or use more memory")
    return passed("memory", found)


def _disk(folder: Path) -> Iterator[Check]:
    """Free bytes, and whether a file that is written can be read back and removed."""
    where = folder.resolve()
    try:
        with TemporaryDirectory(prefix="seewhy-", dir=where) as scratch:
            file = Path(scratch) / "probe"
            file.write_bytes(PROBE)
            if file.read_bytes() != PROBE:
                yield failed("disk", f"a file in {where} reads back other bytes", "choose a --run on another disk")
                return
    except OSError as error:
        yield failed("disk", f"{where} cannot be written ({error.strerror})", "change to a folder of your own")
        return
    free = shutil.disk_usage(where).free / GIB
    if free < FEW_GIB:
        yield warned(
            "disk", f"{free:.1f} GiB free in {where}", "`seewhy plan RECIPE` says what a run writes; free space"
        )
    else:
        yield passed("disk", f"{free:,.0f} GiB free in {where}")


def _hub_cache(environment: Mapping[str, str]) -> Check:
    home = environment.get("HF_HOME") or str(Path(environment.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface")
    place = Path(environment.get("HF_HUB_CACHE") or str(Path(home) / "hub")).expanduser()
    there = next((parent for parent in (place, *place.parents) if parent.is_dir()), Path("/"))
    free = shutil.disk_usage(there).free / GIB
    offline = ", offline: only what is there is read" if environment.get("HF_HUB_OFFLINE", "") in ("1", "true") else ""
    if not os.access(there, os.W_OK):
        return warned("hub cache", f"{there} cannot be written{offline}", "set HF_HOME to a folder of your own")
    if free < FEW_GIB:
        return warned(
            "hub cache", f"{free:.1f} GiB free for {place}{offline}", "set HF_HOME to a folder on a larger disk"
        )
    return passed("hub cache", f"{free:,.0f} GiB free for {place}{offline}")


def _keys(environment: Mapping[str, str]) -> Check:
    known = [name for name in KEYS if environment.get(name, "").strip()]
    return passed("keys", f"set: {', '.join(known)}" if known else "none of a provider is set; local models need none")
