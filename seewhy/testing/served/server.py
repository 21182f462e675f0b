"""The served oracle as a running server: in the foreground for a user, in a thread for a test."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from seewhy.records.types import Question
from seewhy.testing.oracle import Oracle
from seewhy.testing.served.answering import Answering
from seewhy.testing.served.app import app_of
from seewhy.testing.served.batches import Batches
from seewhy.testing.served.chat_handler import ChatHandler
from seewhy.testing.served.plan import FaultPlan, ServedPlan

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0
"""Seconds within which a server must be up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers.

    Its bill may be read from another thread once no call is under way.
    """

    handler: ChatHandler
    host: str
    port: int

    @property
    def base_url(self) -> str:
        """What a client is pointed at."""
        return f"http://{self.host}:{self.port}/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is to be served, and from where."""

    questions: tuple[Question, ...]
    """Those that the oracle knows."""
    folder: Path
    """Of the batch API's files."""
    plan: ServedPlan = field(default_factory=ServedPlan)
    faults: FaultPlan = field(default_factory=FaultPlan)
    host: str = LOOPBACK
    port: int = 0
    """0 takes a free one."""

    def handler(self) -> ChatHandler:
        """The handler of this server, its bill empty."""
        plan = self.plan
        oracle = Oracle(error_rate=plan.error_rate, terse_rate=plan.terse_rate, blind=plan.blind, seed=plan.seed)
        return ChatHandler(answering=Answering(self.questions, oracle), plan=plan, faults=self.faults)


def server_of(serving: Serving, handler: ChatHandler) -> uvicorn.Server:
    """A server that is ready to run."""
    app = app_of(handler, Batches(handler=handler, folder=serving.folder))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", http="h11", ws="none",
                            timeout_graceful_shutdown=1)  # fmt: skip
    server = uvicorn.Server(config)
    handler.lines.server = server
    return server


def bind(serving: Serving) -> socket.socket:
    """The socket that is listened on; OSError that names host and port where it is taken."""
    try:
        return socket.create_server((serving.host, serving.port), backlog=1024)
    except OSError as error:
        message = f"cannot serve at {serving.host}:{serving.port}: {error.strerror}; --port 0 takes a free port"
        raise OSError(error.errno, message) from error


@contextmanager
def running(serving: Serving) -> Generator[Running]:
    """The server in a thread of this process, for as long as the context lasts."""
    handler = serving.handler()
    server = server_of(serving, handler)
    with bind(serving) as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        await_start(server)
        try:
            yield Running(handler=handler, host=serving.host, port=door.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def await_start(server: uvicorn.Server, patience: float = PATIENCE) -> None:
    """Wait until a server answers; TimeoutError where it does not within so many seconds."""
    deadline = time.monotonic() + patience
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server was not up after {patience:g} s")
        time.sleep(0.005)
