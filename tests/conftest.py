"""What holds for every test: no network, no luck, and the place of real data."""

import gc
import ipaddress
import os
import random
import sys
from pathlib import Path

# Set before any test imports them: the libraries read these when they are loaded.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["MPLBACKEND"] = "agg"
# The order of sums depends on the number of threads: one everywhere, so that a test says the same in any number of
# workers, and so that workers do not wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pytest
import torchvision_names
from hypothesis import HealthCheck, settings

torchvision_names.let_import()
# Imports make millions of objects that stay: looking through them again and again took half of the collection's time.
gc.disable()

collect_ignore = ["raises/sitecustomize.py"]
"""A name that Python itself imports, of another file where the machine has one; it is no module of tests."""

settings.register_profile(
    "house", derandomize=True, deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", deadline=None, max_examples=3000, suppress_health_check=list(HealthCheck))
settings.load_profile("house")


def is_loopback(host: object) -> bool:
    """Whether an address stays on this machine."""
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def refuse_network(event: str, args: tuple[object, ...]) -> None:
    """An audit hook: sockets reach loopback only. Nothing is replaced, and no library can go around it."""
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if not is_loopback(host):
        raise PermissionError(f"a test asked for {host}: tests reach loopback only")


sys.addaudithook(refuse_network)


SLOW_FIRST = ("tests/pipeline", "tests/training", "tests/cli", "tests/model", "tests/parity", "tests/endpoints")
"""Folders whose files run longest: begun last, one of them would keep a single worker busy when all others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers take files in this order, each a whole file: what its tests share is made once."""
    items.sort(key=slowness)


def pytest_collection_finish() -> None:
    """From here on garbage is looked for among what tests make, not among what was imported."""
    gc.collect()
    gc.freeze()
    gc.enable()


def slowness(item: pytest.Item) -> int:
    """The place of a test's folder among the slow ones; all others come after these, in their order."""
    folder = "/".join(item.location[0].split("/")[:2])
    return SLOW_FIRST.index(folder) if folder in SLOW_FIRST else len(SLOW_FIRST)


@pytest.fixture(autouse=True)
def same_luck_every_time() -> None:
    """Seed the global generators; torch's only where a test has loaded it, for importing it takes seconds."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data, from SEEWHY_DATA; a test that needs it is skipped, and says so, where it is absent."""
    place = os.environ.get("SEEWHY_DATA", "")
    if not place or not Path(place).is_dir():
        pytest.skip("SEEWHY_DATA names no folder: the tests on real data are not run")
    return Path(place)
