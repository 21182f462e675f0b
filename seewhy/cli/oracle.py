"""`seewhy oracle serve`: an OpenAI-compatible server that knows a run's pages, and fails as often as it is told to."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seewhy.cli.options import PORTS
from seewhy.cli.parsing import parsed
from seewhy.testing.served.pages import questions_of_run
from seewhy.testing.served.plan import FaultPlan, ServedPlan
from seewhy.testing.served.server import LOOPBACK, Serving, bind, server_of

USAGE = "usage: seewhy oracle serve --questions RUN [--port N] ...; `seewhy oracle serve --help` lists every option"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeWords:
    """Serve an oracle that knows inkgrid at an OpenAI-compatible address, to try a run over a wire without a cost."""

    questions: Path
    """Directory of a run: its questions are those that the oracle knows."""
    host: str = LOOPBACK
    """Address to listen on."""
    port: int = 8000
    """Port to listen on; 0 takes a free one."""
    folder: Path | None = None
    """Where the batch API keeps its files; a temporary folder unless one is named."""
    served: ServedPlan = field(default_factory=ServedPlan)
    faults: FaultPlan = field(default_factory=FaultPlan)


def run(words: Sequence[str]) -> None:
    """Serve until stopped.

    Raises:
        ValueError: there is no such command, or the run holds no questions.
        OSError: the port is taken.
    """
    match list(words):
        case ["serve", *rest]:
            _serve(parsed(ServeWords, rest, "seewhy oracle serve"))
        case ["-h" | "--help"]:
            print(USAGE)
        case _:
            raise ValueError(
                "about the oracle there is `seewhy oracle serve --questions RUN`; --help lists its options"
            )


def _serve(said: ServeWords) -> None:
    if not 0 <= said.port < PORTS:
        raise ValueError(f"--port {said.port}: a port is from 0 to {PORTS - 1}; choose another")
    with tempfile.TemporaryDirectory(prefix="seewhy-oracle-") as spare:
        serving = Serving(
            questions=questions_of_run(said.questions), folder=said.folder or Path(spare), plan=said.served,
            faults=said.faults, host=said.host, port=said.port,
        )  # fmt: skip
        handler = serving.handler()
        server = server_of(serving, handler)
        with bind(serving) as door:
            place = f"http://{said.host}:{door.getsockname()[1]}"
            print(f"{handler.name} answers at {place}/v1; its bill is at {place}/bill; Ctrl+C stops it", flush=True)
            server.run(sockets=[door])
