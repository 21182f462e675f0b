"""Serve pages on this machine until Ctrl-C, and print the link once the port answers."""

import os
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from getpass import getuser
from pathlib import Path

import uvicorn

from seewhy.view.application import application
from seewhy.view.demo import Demo

TRIES = 20
"""Ports that are tried from the one asked for."""


def serve(
    roots: Sequence[Path], port: int, models: Sequence[str], key_variable: str, say: Callable[[str], None]
) -> None:
    """Look at runs, and ask models where there are any; `say` gets each line that a person is told.

    Raises:
        ValueError: a directory is no run, or no port is free.
    """
    with (
        tempfile.TemporaryDirectory(prefix="seewhy-asked-") as folder,
        listening(port) as own,
        closing(Demo(models, Path(folder), key_variable)) as demo,
    ):
        app, token = application(roots, demo=demo if models else None)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        for line in lines_of(own.getsockname()[1], port, token, os.environ):
            say(line)
        uvicorn.Server(config).run(sockets=[own])


def listening(port: int) -> socket.socket:
    """A socket that listens on loopback: at the port, or at the next one that is free; any where it is 0."""
    for number in range(port, min(port + TRIES, 2**16)) if port else (0,):
        own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            own.bind(("127.0.0.1", number))
            own.listen()
        except OSError:
            own.close()
            continue
        return own
    raise ValueError(f"--port {port}: it and the {TRIES - 1} after it are taken; leave it out for a free one")


def lines_of(port: int, wanted: int, token: str, environment: Mapping[str, str]) -> list[str]:
    """What is printed: the link, and how it is reached from the machine where a person sits at the end of ssh."""
    lines = [f"port {wanted} is taken: this is the next free one"] if wanted not in {0, port} else []
    lines.append(f"http://127.0.0.1:{port}/?token={token}")
    reached = environment.get("SSH_CONNECTION", "").split()
    if len(reached) == 4:
        lines.append(f"from the machine where you sit: ssh -N -L {port}:127.0.0.1:{port} {getuser()}@{reached[2]}"
                     ", then open the link there")  # fmt: skip
    return [*lines, "Ctrl-C ends it."]
