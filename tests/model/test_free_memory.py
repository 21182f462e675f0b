"""Memory is that of the container: limits of both versions of control groups, in file trees as kernels show them."""

from pathlib import Path

import pytest

from seewhy.model.free_memory import available_bytes, memory_bytes
from seewhy.workbench.this_machine import memory_check

GIB = 1 << 30
MACHINE, FREE = 64 * GIB, 40 * GIB
NO_LIMIT = 9223372036854771712
"""What version 1 says where there is none."""


def machine(root: Path, own: str, files: dict[str, str]) -> Path:
    """A machine of 64 GiB, 40 of them free, with control groups: `own` is /proc/self/cgroup."""
    meminfo = f"MemTotal:       {MACHINE >> 10} kB\nMemFree: 1 kB\nMemAvailable:   {FREE >> 10} kB\n"
    for place, words in {"proc/meminfo": meminfo, "proc/self/cgroup": own, **files}.items():
        file = root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(words, encoding="ascii")
    return root


def v2(group: str, limit: int | str, used: int, idle: int = 0) -> dict[str, str]:
    folder = f"sys/fs/cgroup{group}"
    stat = f"anon {used - idle}\ninactive_file {idle}\nactive_file 0\n"
    return {
        f"{folder}/memory.max": f"{limit}\n", f"{folder}/memory.current": f"{used}\n", f"{folder}/memory.stat": stat,
    }  # fmt: skip


def v1(group: str, limit: int, used: int, idle: int = 0) -> dict[str, str]:
    folder = f"sys/fs/cgroup/memory{group}"
    return {
        f"{folder}/memory.limit_in_bytes": f"{limit}\n", f"{folder}/memory.usage_in_bytes": f"{used}\n",
        f"{folder}/memory.stat": f"inactive_file 7\ntotal_inactive_file {idle}\n",
    }  # fmt: skip


HYBRID = "5:cpu,memory:/job/7\n4:cpuset:/\n0::/\n"
CASES = {
    "no control groups": ("", {}, MACHINE, FREE),
    "version 2, no limit": ("0::/user\n", v2("/user", "max", 9 * GIB), MACHINE, FREE),
    "a container sees its own group alone": ("0::/\n", v2("", 8 * GIB, 3 * GIB), 8 * GIB, 5 * GIB),
    "pages of files are taken back": ("0::/\n", v2("", 8 * GIB, 7 * GIB, 6 * GIB), 8 * GIB, 7 * GIB),
    "a limit above what is free": ("0::/\n", v2("", 60 * GIB, GIB), 60 * GIB, FREE),
    "the group around has the lower limit": (
        "0::/pod/box\n", v2("/pod/box", 16 * GIB, GIB) | v2("/pod", 8 * GIB, 6 * GIB), 8 * GIB, 2 * GIB,
    ),
    "the group around has less left": (
        "0::/pod/box\n", v2("/pod/box", 8 * GIB, GIB) | v2("/pod", 16 * GIB, 15 * GIB), 8 * GIB, GIB,
    ),
    "the host's path, of which nothing is mounted": (
        "0::/kubepods/pod1/abc\n", v2("", 4 * GIB, GIB), 4 * GIB, 3 * GIB,
    ),
    "a path out of the namespace": ("0::/../other\n", v2("", 4 * GIB, GIB), 4 * GIB, 3 * GIB),
    "above the limit": ("0::/\n", v2("", GIB, 2 * GIB), GIB, 0),
    "version 1": (HYBRID, v1("/job/7", 8 * GIB, 3 * GIB, GIB), 8 * GIB, 6 * GIB),
    "version 1, no limit": (HYBRID, v1("/job/7", NO_LIMIT, GIB) | v1("", NO_LIMIT, 9 * GIB), MACHINE, FREE),
    "version 1, in docker": ("3:memory:/docker/f00\n", v1("", 2 * GIB, GIB), 2 * GIB, GIB),
    "a group of another controller": ("2:cpu:/a:b\n", v1("/a", GIB, GIB), MACHINE, FREE),
}  # fmt: skip


@pytest.mark.parametrize(("own", "files", "most", "free"), CASES.values(), ids=CASES.keys())
def test_memory_is_the_least_that_machine_and_groups_allow(
    own: str, files: dict[str, str], most: int, free: int, tmp_path: Path
) -> None:
    root = machine(tmp_path, own, files)
    assert memory_bytes(root) == most
    assert available_bytes(root) == free


def test_this_machine_says_what_it_has() -> None:
    assert 0 < available_bytes() <= memory_bytes()


def test_the_doctor_says_what_the_container_may_have(tmp_path: Path) -> None:
    bounded = memory_check(machine(tmp_path / "a", "0::/\n", v2("", 2 * GIB, GIB)))
    assert "2.0 GiB" in bounded.found
    assert "64.0 GiB" in bounded.found
    whole = memory_check(machine(tmp_path / "b", "", {}))
    assert whole.found == "64.0 GiB"
