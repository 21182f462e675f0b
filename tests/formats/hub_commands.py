"""Commands in one process of their own that may reach a stand-in for the Hub: in tests the library is kept offline."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

CHILD = """
import contextlib, io, json, sys, traceback
from seewhy.cli.main import main
for line in sys.stdin:
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            code = main(json.loads(line))
        except BaseException:
            code = 1
            traceback.print_exc()
    print(json.dumps({"code": code, "out": out.getvalue(), "error": error.getvalue()}), flush=True)
"""
Said = SimpleNamespace
"""`code`, `out` and `error` of a command."""


@contextmanager
def commands() -> Iterator[Callable[..., Said]]:
    """What runs a command line there: the libraries are loaded once."""
    told = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_TOKEN": "hf_secret", "HF_HUB_DISABLE_XET": "1"}
    with subprocess.Popen([sys.executable, "-c", CHILD], env=told, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as child:  # fmt: skip

        def run(*words: object) -> Said:
            child.stdin.write(json.dumps([str(word) for word in words]) + "\n")
            child.stdin.flush()
            return Said(**json.loads(child.stdout.readline()))

        yield run
        child.stdin.close()
