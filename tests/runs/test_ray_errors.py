"""A cluster that is not there, or Ray that is not, is told at once, with the field and the remedy."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from clone_path import clone_path
from said_errors import sentence
from stopped_step import COMMAND, steps_of

from seewhy.records.lineage import library_versions
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent
from seewhy.runs.ray_actor import require_same_versions
from seewhy.runs.ray_cluster import REACHED_S
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.runner import run_recipe
from seewhy.runs.runner_plan import RunnerPlan

CLONE = Path(__file__).parents[2]
WITHOUT = """
import sys
sys.modules["ray"] = None  # Python then says that there is no such module
from seewhy.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def told(tmp_path: Path, address: str) -> str:
    """What a run says whose cluster is at an address."""
    recipe, _ = build_recipe(steps_of(tmp_path / "run"), "teach.yaml")
    machine = Machine(runner=RunnerPlan(kind="ray", address=address))
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"^runner\.address ") as caught:
        list(run_recipe(tmp_path / "run", recipe, machine, Extent(), COMMAND))
    assert time.monotonic() - began < 2 * REACHED_S
    assert "`ray start --head` starts a cluster" in str(caught.value)
    return str(caught.value)


@contextmanager
def answering(words: bytes) -> Iterator[str]:
    """A server that says the same to everyone; where it says nothing it holds the connection open."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def serve() -> None:
            connection = stack.enter_context(listener.accept()[0])
            connection.recv(100)
            if words:
                connection.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_nothing_listens(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert f"runner.address {address}: it cannot be reached (Connection refused)" in told(tmp_path, address)


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"no"])
def test_something_else_listens(tmp_path, words):
    with answering(words) as address:
        assert "what answers there is not Ray's head, whose port is 6379" in told(tmp_path, address)


def test_what_listens_does_not_answer(tmp_path):
    with answering(b"") as address:
        assert "nothing answers there within 5 s" in told(tmp_path, address)


def test_an_address_without_a_port(tmp_path):
    assert "runner.address head: it is HOST:PORT, such as 10.0.0.1:6379" in told(tmp_path, "head")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"kind": "rya"}, "runner.kind 'rya': there are local, ray"),
        ({"address": "10.0.0.1:6379"}, "runner.address '10.0.0.1:6379' is of runner ray: add --runner ray"),
        ({"kind": "ray", "address": "ray://head:10001"}, "give HOST:PORT of Ray's head"),
        ({"kind": "ray", "least": 4, "most": 2}, "runner.most 2 is below runner.least 4"),
        ({"kind": "ray", "tries": 0}, "tries must be 1 or above"),
        ({"kind": "ray", "gpus": -1.0}, "gpus must be 0 or above"),
    ],
)
def test_a_runner_that_cannot_be_is_refused_by_field(fields, complaint):
    with pytest.raises(ValueError, match=complaint.replace("(", r"\(")):
        RunnerPlan(**fields)


def test_a_node_with_another_version_is_named_with_both_and_a_build_of_the_same_version_is_not():
    here = library_versions()
    require_same_versions("process 7 on 10.0.0.2", {**here, "torch": here["torch"].partition("+")[0] + "+cu130"})
    require_same_versions("process 7 on 10.0.0.2", {"python": "3.11.0", "seewhy": here["seewhy"]})
    with pytest.raises(ValueError, match=r"process 7 on 10\.0\.0\.2 has pyarrow 1\.0 \(here ") as caught:
        require_same_versions("process 7 on 10.0.0.2", {**here, "pyarrow": "1.0"})
    assert "install the same versions on all nodes" in str(caught.value)


def test_without_ray_the_extra_that_brings_it_is_named(tmp_path):
    words = ["run", "quick", "--run", str(tmp_path / "run"), "--runner", "ray", "--address", "127.0.0.1:6379"]
    done = subprocess.run([sys.executable, "-c", WITHOUT, *words], env={**os.environ, "PYTHONPATH": clone_path()},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 2
    assert f"ray is not installed: pip install '{CLONE}[ray]' brings it" in sentence(done.stderr)
