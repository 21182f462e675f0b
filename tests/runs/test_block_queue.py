"""Every block is made once: whatever workers are lost, in whatever order they answer, with few blocks in flight."""

import time
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.runs.block_queue import BlockQueue, WorkersLostError, surplus_workers, wanted_workers

WORKERS = ["a", "b", "c"]


def queue_of(blocks: int, ahead: int = 1, tries: int = 3) -> BlockQueue:
    return BlockQueue(waiting=deque(range(blocks)), ahead=ahead, tries=tries)


@given(
    blocks=st.integers(0, 12), ahead=st.integers(0, 3), deeds=st.lists(
        st.tuples(st.sampled_from(["work", "work", "work", "lose", "lose written"]), st.sampled_from(WORKERS)),
        max_size=60)
)  # fmt: skip
def test_each_block_is_made_once_whatever_is_lost(blocks, ahead, deeds):
    queue, made, lost = queue_of(blocks, ahead, tries=1000), Counter[int](), 0
    for deed, worker in [*deeds, *(("work", name) for name in WORKERS for _ in range(3 * blocks + 3))]:
        while queue.take(worker, len(WORKERS)) is not None:
            pass
        held = queue.in_flight[worker]
        assert len(held) <= 1 + ahead
        if deed == "work" and held:
            made[held[0]] += 1
            queue.finish(worker, held[0])
        elif deed != "work":
            is_written = deed == "lose written"
            first, lost = held[:1], lost + bool(held and not is_written)
            told = queue.lose(worker, lambda number, first=first, there=is_written: there and number in first)
            made.update(told)
            assert worker not in queue.in_flight
    assert queue.left == 0
    assert made == Counter(range(blocks))
    assert sum(queue.losses.values()) >= lost


def test_what_a_lost_worker_had_not_begun_goes_first_and_what_it_worked_on_last():
    queue = queue_of(6, ahead=2)
    assert [queue.take("a", 1) for _ in range(4)] == [0, 1, 2, None]
    assert queue.lose("a", lambda _: False) == []
    assert list(queue.waiting) == [1, 2, 3, 4, 5, 0]
    assert queue.losses == {0: 1}


def test_a_block_that_ends_every_worker_ends_the_run_and_is_named():
    queue = queue_of(3, ahead=0, tries=2)
    queue.take("a", 2)
    queue.lose("a", lambda _: False, "process 7 on 10.0.0.2")
    for number in (1, 2):  # all else is made before it has its second try
        assert queue.take("b", 2) == number
        queue.finish("b", number)
    assert queue.take("b", 2) == 0
    with pytest.raises(WorkersLostError, match=r"block 0 has ended 2 workers .*process 8 on 10\.0\.0\.2"):
        queue.lose("b", lambda _: False, "process 8 on 10.0.0.2")


def test_a_second_block_goes_ahead_only_while_more_wait_than_there_are_workers():
    queue = queue_of(4)
    assert [queue.take(name, 2) for name in ("a", "b", "a", "b", "a")] == [0, 1, 2, None, None]
    queue.finish("b", 1)
    assert queue.take("b", 2) == 3


def test_a_worker_that_is_lost_twice_over_or_held_nothing_changes_nothing():
    queue = queue_of(2)
    queue.take("a", 1)
    queue.lose("a", lambda _: True)
    assert queue.lose("a", lambda _: False) == []
    assert queue.lose("never seen", lambda _: False) == []
    assert list(queue.waiting) == [1]


@pytest.mark.parametrize(
    ("least", "most", "room", "left", "wanted"),
    [
        (1, 0, 0, 9, 1), (1, 0, 4, 9, 4), (1, 0, 4, 2, 2), (0, 0, 4, 0, 0), (3, 0, 1, 1, 3), (2, 5, 4, 9, 5),
        (0, 3, 9, 9, 3),
    ],
)  # fmt: skip
def test_the_pool_grows_with_blocks_and_room_within_its_bounds(least, most, room, left, wanted):
    assert wanted_workers(least, most, room, left) == wanted


def test_the_longest_idle_end_first_and_the_least_stay():
    now = time.monotonic()
    idle = [("new", now - 1), ("old", now - 90), ("older", now - 91)]
    assert surplus_workers(idle, 4, 1, now, 60) == ["older", "old"]
    assert surplus_workers(idle, 3, 2, now, 60) == ["older"]
    assert surplus_workers(idle, 2, 2, now, 60) == []
