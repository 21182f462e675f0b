"""A client's memory does not grow with the number of calls, where their answers are let go."""

import subprocess
import sys

from loopback import LoopServer, echo

RUN = """
import gc, sys, tracemalloc
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
url, cache = sys.argv[1:]
BLOCK = 200

def ask(teacher, block):
    texts = [f"question {number} " * 20 for number in range(block * BLOCK, (block + 1) * BLOCK)]
    answers = teacher.chat([Request(messages=(Message(text=text),)) for text in texts])
    assert [answer.replies[0].text for answer in answers] == texts

def held():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]

with Teacher(EndpointPlan(base_url=url, model="m", cache=cache), PacePlan(concurrency=50)) as teacher:
    tracemalloc.start()
    for block in range(3):
        ask(teacher, block)
    before = held()
    for block in range(3, 10):
        ask(teacher, block)
    print(held() - before)
"""


def test_a_call_whose_answer_was_used_leaves_nothing_in_memory(tmp_path):
    """1,400 calls that left the smallest object of Python's each, 28 bytes, would leave 39,200.

    sqlite3 holds weak references to its last 200 cursors: up to 17,600 bytes come and go.
    """
    with LoopServer(echo) as server:
        command = [sys.executable, "-c", RUN, server.url, str(tmp_path / "replies.sqlite")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 32_000
