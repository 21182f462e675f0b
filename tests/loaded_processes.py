"""Processes that start with the libraries loaded: a server that has them forks one at each call, in no time.

They can be killed as any other; what they run is a function of a module of the tests, and raises nothing back.
"""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

LOADED = get_context("forkserver")
LOADED.set_forkserver_preload(["torch", "transformers", "peft", "seewhy.model.families.hub", "seewhy.training.fit"])


def begun(work: Callable[..., None], *given: object) -> BaseProcess:
    """A process that does this work."""
    process = LOADED.Process(target=work, args=given)
    process.start()
    return process


def done(work: Callable[..., None], *given: object) -> None:
    """Do the work in a process of its own and wait until it has ended well."""
    process = begun(work, *given)
    process.join()
    assert process.exitcode == 0, f"{work.__name__} ended with {process.exitcode}"
