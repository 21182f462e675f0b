"""Several processes on one cache: the bound holds over all of them, and none pays for what another is asking."""

import asyncio
import itertools
import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from loopback import Answer, Asked, LoopServer, choices
from talking import FAST, say

from seewhy.endpoints.accounting.ledger import Sum
from seewhy.endpoints.chat import BudgetSpentError
from seewhy.endpoints.claims import LEASE_S, Claims, is_alive, place_of_processes
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.database import Database
from seewhy.endpoints.group_commit import GroupCommit
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan

RUN = """
import os, sys, time
from pathlib import Path
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.chat import BudgetSpentError, Message, Request
from seewhy.endpoints.client import Teacher
folder, url, word, bound, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
(folder / f"ready-{os.getpid()}").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
endpoint = EndpointPlan(base_url=url, model="m", cache=str(folder / "replies.sqlite"))
with Teacher(endpoint, PacePlan(concurrency=8, tries=2), SpendPlan(tokens=bound, is_free=True)) as teacher:
    try:
        answers = teacher.chat([Request(messages=(Message(text=f"{word} {n}"),), max_tokens=100) for n in range(count)])
        print(sum(bool(answer.replies) for answer in answers))
    except BudgetSpentError:
        print("spent")
"""


def slowly(asked: Asked) -> Answer:
    """An answer after 50 ms that costs 110 tokens."""
    return Answer(body=choices(asked.text, prompt=10, completion=100).body, wait_s=0.05)


def run_all(folder: Path, server: LoopServer, words: str, bound: int, count: int) -> list[str]:
    """What each process printed; all begin at once."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder), server.url, word, str(bound), str(count)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for word in words
    ]
    while len(list(folder.glob("ready-*"))) < len(children):
        assert all(child.poll() is None for child in children)
        time.sleep(0.02)
    (folder / "go").touch()
    return [child.communicate(timeout=120)[0].strip() for child in children]


def test_a_bound_holds_over_processes_that_spend_at_once_and_is_reached(tmp_path):
    with LoopServer(slowly) as server:
        said = run_all(tmp_path, server, "abc", bound=5_000, count=40)
        assert said == ["spent"] * 3
        # A call reserves 100 tokens and at most 40 bytes of text, and costs 110.
        assert 5_000 - 140 <= 110 * len(server.asked) <= 5_000


def test_processes_that_ask_the_same_pay_once_for_each_request(tmp_path):
    with LoopServer(slowly) as server:
        assert run_all(tmp_path, server, "sss", bound=0, count=60) == ["60"] * 3
        assert set(Counter(asked.text for asked in server.asked).values()) == {1}


def test_a_killed_process_holds_nobody_up_and_its_calls_count(tmp_path):
    with LoopServer(lambda _: Answer(wait_s=60)) as silent:
        (tmp_path / "go").touch()
        command = [sys.executable, "-c", RUN, str(tmp_path), silent.url, "w", "5000", "8"]
        child = subprocess.Popen(command)
        while len(silent.asked) < 8:
            assert child.poll() is None
            time.sleep(0.01)
        child.kill()
        child.wait()
    with LoopServer(slowly) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(tmp_path / "replies.sqlite"))
        began = time.monotonic()
        with Teacher(endpoint, FAST, SpendPlan(tokens=5_000, is_free=True)) as teacher:
            answers = teacher.chat([say(f"w {number}", max_tokens=100) for number in range(8)])
            assert all(answer.replies for answer in answers)
            assert time.monotonic() - began < LEASE_S / 2
            # Of the bound 8 calls of 134 or more are lost and 8 of 110 are paid.
            with pytest.raises(BudgetSpentError):
                teacher.chat([say(f"more {number}", max_tokens=100) for number in range(40)])
        assert 110 * len(server.asked) + 8 * 134 <= 5_000


def test_a_claim_of_a_client_that_no_longer_says_that_it_lives_is_free(tmp_path):
    place = str(tmp_path / "replies.sqlite")
    first, second = Database(place), Database(place)
    holder, other = Claims(first), Claims(second)
    with first.writing():
        assert holder.take("key")
        assert holder.take("key"), "of one client's own"
    with second.writing():
        assert not other.take("key")
    with second.writing() as base:
        base.execute("UPDATE owners SET until = ? WHERE owner = ?", (time.time() - 1, holder.owner))
    other.retire_dead()
    with second.writing():
        assert other.take("key")
        other.release("key")
    with first.writing():
        assert holder.take("key"), "and free again when it is let go"
    first.close()
    second.close()


def test_a_client_lives_while_it_says_so_and_its_process_is_there():
    here, soon = place_of_processes(), time.time() + 9
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert is_alive(1, here, soon)
    assert not is_alive(1, here, time.time() - 1)
    assert is_alive(child.pid, "another machine", soon), "a pid means nothing there"
    assert not here or not is_alive(child.pid, here, soon)


def test_what_is_under_way_and_what_was_lost_are_told_apart(tmp_path):
    database = Database(str(tmp_path / "replies.sqlite"))
    claims, gone = Claims(database), Claims(database)
    with database.writing():
        note = claims.reserve(Sum(tokens=5, dollars=0.5))
        gone.reserve(Sum(tokens=7, dollars=0.25))
        assert claims.sums() == (Sum(), Sum(tokens=12, dollars=0.75))
        gone.leave()
        assert claims.sums() == (Sum(tokens=7, dollars=0.25), Sum(tokens=5, dollars=0.5))
        claims.settle(note, is_cost_known=False)
        assert claims.sums() == (Sum(tokens=12, dollars=0.75), Sum())
        claims.settle(note, is_cost_known=True)
        assert claims.sums() == (Sum(tokens=7, dollars=0.25), Sum())
    database.close()


def test_a_client_that_is_closed_leaves_no_claims(tmp_path):
    place = tmp_path / "replies.sqlite"
    with LoopServer(slowly) as server:
        with Teacher(EndpointPlan(base_url=server.url, model="m", cache=str(place)), FAST) as teacher:
            teacher.chat([say(str(number)) for number in range(5)])
        base = sqlite3.connect(place)
        for table in ("claims", "owners", "open_calls"):
            assert base.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)
        base.close()


def test_what_cannot_be_written_is_an_error_of_all_that_wait_and_not_a_hang(tmp_path):
    async def write() -> list[object]:
        database = Database(str(tmp_path / "replies.sqlite"))
        commit = GroupCommit(database=database)
        works = [
            commit.run(lambda value=value: database.base.execute("INSERT INTO claims VALUES (?, 'me')", (value,)))
            for value in ("a", 10**30, "\ud83d")
        ]
        ends = await asyncio.wait_for(asyncio.gather(*works, return_exceptions=True), 5)
        kept = database.base.execute("SELECT COUNT(*) FROM claims").fetchone()
        after = await commit.run(lambda: 7)
        database.close()
        return [*map(type, ends), kept, after]

    assert asyncio.run(write()) == [OSError, OSError, OSError, (0,), 7]


def test_an_error_that_nobody_foresaw_reaches_all_that_wait(tmp_path):
    async def write() -> list[object]:
        database, told = Database(str(tmp_path / "replies.sqlite")), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(type(context["exception"])))
        commit = GroupCommit(database=database)
        works = [commit.run(lambda: 7), commit.run(lambda: {}["no such key"])]
        ends = await asyncio.wait_for(asyncio.gather(*works, return_exceptions=True), 5)
        database.close()
        return [*map(type, ends), *told]

    assert asyncio.run(write()) == [KeyError, KeyError, KeyError], "and the loop is told"


OLD = """
CREATE TABLE calls (number INTEGER PRIMARY KEY, key TEXT NOT NULL, model TEXT NOT NULL, replies TEXT NOT NULL,
    declined TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, dollars REAL NOT NULL,
    origin TEXT, came_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE open_calls (number INTEGER PRIMARY KEY, most_tokens INTEGER NOT NULL, most_dollars REAL NOT NULL,
    began_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
"""


def test_a_file_of_the_first_version_is_read_and_its_sums_count(tmp_path):
    place, fresh = tmp_path / "replies.sqlite", tmp_path / "fresh.sqlite"
    with LoopServer(slowly) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(fresh))
        with Teacher(endpoint, FAST) as teacher:
            teacher.chat([say("a"), say("b")])
        old, new = sqlite3.connect(place), sqlite3.connect(fresh)
        old.executescript(OLD)
        columns = "key, model, replies, declined, prompt_tokens, completion_tokens, dollars"
        rows = new.execute(f"SELECT {columns} FROM calls").fetchall()
        old.executemany(f"INSERT INTO calls ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        old.execute("INSERT INTO open_calls (most_tokens, most_dollars) VALUES (30, 0.5)")
        old.commit()
        old.close()
        new.close()
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(place))
        with Teacher(endpoint, FAST, SpendPlan(tokens=260, is_free=True)) as teacher:
            assert [answer.replies[0].text for answer in teacher.chat([say("a"), say("b")])] == ["a", "b"]
            with pytest.raises(BudgetSpentError, match="250 of 260 tokens"):
                teacher.chat([say("c", max_tokens=5)])
        assert len(server.asked) == 2


def test_a_changed_byte_is_named_or_changes_nothing(tmp_path):
    place = tmp_path / "replies.sqlite"
    texts = [f"The answer to question {number} is {number * 7}." for number in range(20)]
    with LoopServer(lambda asked: choices(texts[int(asked.text)])) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(place))
        with Teacher(endpoint, FAST) as teacher:
            teacher.chat([say(str(number)) for number in range(20)])
        base = sqlite3.connect(place)
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.close()
        whole, named = place.read_bytes(), 0
        places = [place for text in texts[:6] for place in itertools.islice(found(whole, text.encode()), 3)]
        places += found(whole, b'"end"')[:4]
        for at, bit in zip(places, itertools.cycle((1, 4, 32)), strict=False):
            damaged = bytearray(whole)
            damaged[at + at % 5] ^= bit
            place.write_bytes(damaged)
            with Teacher(endpoint, FAST) as teacher:
                answers = teacher.chat([say(str(number)) for number in range(20)])
            for number, answer in enumerate(answers):
                if answer.failure:
                    named += 1
                    assert "row" in answer.failure
                    assert str(place) in answer.failure
                    assert "DELETE" in answer.failure
                else:
                    assert answer.replies[0].text == texts[number]
        assert named == len(places) > 8
        assert len(server.asked) == 20, "nothing was asked again"


def found(whole: bytes, part: bytes) -> list[int]:
    """Where a text stands."""
    places, at = list[int](), whole.find(part)
    while at >= 0:
        places.append(at)
        at = whole.find(part, at + 1)
    return places


def test_a_damaged_row_costs_the_others_nothing_and_its_remedy_helps(tmp_path):
    place = tmp_path / "replies.sqlite"
    with LoopServer(lambda asked: choices(f"to {asked.text}")) as server:
        endpoint = EndpointPlan(base_url=server.url, model="m", cache=str(place))
        pace = PacePlan(concurrency=2)
        with Teacher(endpoint, pace) as teacher:
            teacher.chat([say("a"), say("b")])
        base = sqlite3.connect(place)
        changed = json.dumps([["to B", "end", {}]])
        number = base.execute("SELECT number FROM calls WHERE replies LIKE '%to b%'").fetchone()[0]
        base.execute("UPDATE calls SET replies = ? WHERE number = ?", (changed, number))
        base.commit()
        with Teacher(endpoint, pace) as teacher:
            first, second = teacher.chat([say("a"), say("b")])
        assert first.replies[0].text == "to a"
        assert f"row {number}" in second.failure
        base.execute(f"DELETE FROM calls WHERE number = {number}")
        base.commit()
        base.close()
        with Teacher(endpoint, pace) as teacher:
            assert teacher.chat([say("b")])[0].replies[0].text == "to b"
        assert len(server.asked) == 3
