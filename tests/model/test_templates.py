"""Chat templates that come with models are programs: one that loops is an error in time, and no other is touched."""

import multiprocessing
import threading
import time

import pytest

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.deadlines import LateError, bounded
from seewhy.model.loading.templates import render_turns
from seewhy.model.weights import SHIPPED

TURNS = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]
LOOPS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% macro again(n) %}{% for a in range(9) %}{{ again(n - 1) if n }}{% endfor %}{% endmacro %}{{ again(30) }}",
]


@pytest.mark.parametrize("template", LOOPS)
def test_a_template_that_loops_is_an_error_in_time_that_names_it(template):
    processor = HubModel.load(SHIPPED).processor
    whole = render_turns(processor, TURNS, add_generation_prompt=True)
    shipped, processor.chat_template = processor.chat_template, template
    began = time.monotonic()
    try:
        with pytest.raises(ValueError, match="chat template"):
            render_turns(processor, TURNS, add_generation_prompt=True, limit_s=0.3)
    finally:
        processor.chat_template = shipped
    assert time.monotonic() - began < 5
    assert render_turns(processor, TURNS, add_generation_prompt=True) == whole


def test_a_block_that_ends_in_time_is_left_alone_in_every_thread():
    late: list[bool] = []

    def work(seconds: float) -> None:
        try:
            with bounded(0.2):
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    pass
            late.append(False)
        except LateError:
            late.append(True)

    for seconds in (0.0, 1.5):
        thread = threading.Thread(target=work, args=(seconds,))
        thread.start()
        thread.join()
    for _ in range(100):
        with bounded(0.2):
            pass
    time.sleep(0.3)
    assert late == [False, True]


def spin(limit_s: float, seconds: float = 60.0) -> float:
    """Seconds until a block that runs on is left."""
    began = time.monotonic()
    try:
        with bounded(limit_s):
            while time.monotonic() < began + seconds:
                pass
    except LateError:
        return time.monotonic() - began
    raise AssertionError("the block ran to its end")


def test_an_earlier_end_is_kept_beside_a_later_one_and_one_thread_watches_all():
    with bounded(60.0):
        assert spin(0.2) < 5
        assert spin(0.2) < 5, "after the first"
    watching = [thread for thread in threading.enumerate() if thread.name == "seewhy deadlines"]
    assert [thread.daemon for thread in watching] == [True]


def leave_in_time() -> None:
    spin(0.2)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_was_forked_watches_its_own_blocks():
    with bounded(0.2):
        pass
    child = multiprocessing.get_context("fork").Process(target=leave_in_time)
    child.start()
    child.join(timeout=20)
    alive = child.is_alive()
    child.kill()
    assert (alive, child.exitcode) == (False, 0)
