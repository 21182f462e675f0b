"""`seewhy view RUN ...`: look at runs in a browser, on this machine alone."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from seewhy.cli.options import PORTS, shows_help, take_one, take_option, take_whole
from seewhy.view.serve import serve

USAGE = """usage: seewhy view [RUN ...] [--model NAME ...] [--port N] [--key-variable NAME]

Pages over the folders of runs: questions with all chains and verdicts, pairs with the words that differ, credit of
tokens, curves of trainings, transitions between evaluations. Served on 127.0.0.1 alone, under a link with a token; no
request leaves this machine. A person's verdicts are kept in RUN/annotations; nothing else is written.

  --model NAME         a model that the page `ask` asks: tiny, a folder, a name on the Hub, NAME@URL; may be repeated
  --port N             the port, or the next free one; 0, the default, takes any
  --key-variable NAME  environment variable with the key of the models' servers"""


def run(words: Sequence[str]) -> int:
    """Serve until Ctrl-C."""
    if shows_help(words, USAGE):
        return 0
    port, rest = take_whole(words, "--port")
    key_variable, rest = take_one(rest, "--key-variable")
    models, rest = take_option(rest, "--model")
    if not rest and not models:
        raise ValueError("seewhy view needs a run; name a folder that `seewhy run` has written")
    if (port or 0) >= PORTS:
        raise ValueError(f"--port {port}: a port is below {PORTS}; choose another, or leave it away")
    for word in rest:
        if word.startswith("-"):
            raise ValueError(f"{word}: there is no such option; see seewhy view --help")
    serve([Path(word) for word in rest], port or 0, models, key_variable, say=partial(print, flush=True))
    return 0
