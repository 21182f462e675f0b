"""Chat templates come with models, and are programs: they are rendered in bounded time."""

import ctypes
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from jinja2 import TemplateError
from transformers import ProcessorMixin

TEMPLATE_S = 5.0
"""Seconds that a conversation may take to render; the templates of all families under test take about a millisecond."""


class LateError(Exception):
    """Raised in a thread whose time is over."""


def render_turns(
    processor: ProcessorMixin,
    turns: Sequence[Mapping[str, Any]],
    *,
    add_generation_prompt: bool,
    limit_s: float = TEMPLATE_S,
) -> str:
    """The text of a conversation by the processor's chat template.

    Raises:
        ValueError: the template refuses the conversation, or does not end in time.
    """
    try:
        with bounded(limit_s):
            return processor.apply_chat_template(list(turns), add_generation_prompt=add_generation_prompt)  # pyright: ignore[reportReturnType, reportArgumentType]
    except (TemplateError, TypeError) as error:
        raise ValueError(
            f"the chat template of {type(processor).__name__} refuses the conversation: {error}"
        ) from error
    except LateError:
        raise ValueError(
            f"the chat template of {type(processor).__name__} did not end within {limit_s:g} s: look at the model's "
            "chat_template.jinja (or chat_template in its tokenizer_config.json) for a loop"
        ) from None


@contextmanager
def bounded(limit_s: float) -> Generator[None]:
    """Raises `LateError` in a block of Python that runs for longer: between two of its instructions, in any thread."""
    thread, lock = threading.get_ident(), threading.Lock()
    is_over = is_late = False

    def stop() -> None:
        nonlocal is_late
        with lock:
            if not is_over:
                is_late = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(LateError))

    timer = threading.Timer(limit_s, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            is_over = True
        timer.cancel()
    while is_late:  # the block has ended at the same moment: the exception must not come later, elsewhere
        time.sleep(0.001)
