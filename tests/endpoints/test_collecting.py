"""Garbage is collected less often while calls are under way, and as before when the last of them has ended."""

import gc
from collections.abc import Generator, Iterator

import pytest

from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan
from seewhy.records.collecting import OBJECTS, RareCollection


@pytest.fixture(autouse=True)
def own_thresholds() -> Generator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_the_figures_of_before_come_back_though_it_broke():
    gc.set_threshold(701, 11, 12)
    with pytest.raises(ZeroDivisionError), RareCollection():
        raise ZeroDivisionError
    assert gc.get_threshold() == (701, 11, 12)


def test_those_who_leave_in_another_order_than_they_came_leave_the_figures_of_before():
    gc.set_threshold(701, 11, 12)
    one, other = RareCollection(), RareCollection()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_threshold()[0] == OBJECTS
    other.__exit__(None, None, None)
    assert gc.get_threshold() == (701, 11, 12)


@pytest.mark.parametrize("first", [0, 10 * OBJECTS])
def test_a_program_that_collects_never_or_more_rarely_is_left_alone(first):
    gc.set_threshold(first, 11, 12)
    with RareCollection():
        assert gc.get_threshold() == (first, 11, 12)


class Watched(list[Request]):
    """Requests that note the figure while they are read."""

    def __init__(self, requests: list[Request]) -> None:
        super().__init__(requests)
        self.seen: list[int] = []

    def __iter__(self) -> Iterator[Request]:
        self.seen.append(gc.get_threshold()[0])
        return super().__iter__()


def test_garbage_is_collected_rarely_while_a_teacher_talks_and_as_before_afterwards():
    gc.set_threshold(701, 11, 12)
    requests = Watched([Request(messages=(Message(text="hello"),))])
    # A port that nobody listens at: the call fails, and is made for all that.
    with Teacher(EndpointPlan(base_url="http://127.0.0.1:9/v1", model="m"), PacePlan(tries=1)) as teacher:
        assert teacher.chat(requests)[0].failure
    assert requests.seen
    assert set(requests.seen) == {OBJECTS}
    assert gc.get_threshold() == (701, 11, 12)
