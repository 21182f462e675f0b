"""`seewhy view RUN ...`: look at runs in a browser, on this machine alone."""

from collections.abc import Sequence
from pathlib import Path

import uvicorn

from seewhy.cli.options import take_whole
from seewhy.view.application import application

USAGE = """usage: seewhy view RUN [RUN ...] [--port N]

Pages over the folders of runs: questions with all chains and verdicts, pairs with the words that differ, credit of
tokens, curves of trainings, transitions between evaluations. Served on 127.0.0.1 alone, under a link with a token; no
request leaves this machine. A person's verdicts are kept in RUN/annotations; nothing else is written.

  --port N   the port; 0, the default, takes a free one"""


def run(words: Sequence[str]) -> int:
    """Serve until Ctrl-C."""
    if not words or {"--help", "-h"} & set(words):
        print(USAGE)
        return 0 if words else 2
    port, rest = take_whole(words, "--port")
    for word in rest:
        if word.startswith("-"):
            raise ValueError(f"{word}: there is no such option; see seewhy view --help")
    app, token = application([Path(word) for word in rest])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port or 0, log_level="warning", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    print(f"http://127.0.0.1:{socket.getsockname()[1]}/?token={token}", flush=True)
    print("Ctrl-C ends it.", flush=True)
    server.run(sockets=[socket])
    return 0
