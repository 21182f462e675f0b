"""Files of replies and of batches under way that are missing or damaged are told by name, with what is not lost."""

import sqlite3
from contextlib import closing

import pytest
from loopback import Answer, Asked, LoopServer, as_json, choices, echo, error
from talking import say, teacher_at

from seewhy.endpoints.batch.ordering import jobs_place
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import BatchPlan, EndpointPlan

QUICK = BatchPlan(poll_s=0.02)


def provider(asked: Asked) -> Answer:
    """Takes a file, and no batch of it."""
    if asked.path.startswith("/v1/files"):
        return as_json({"id": "file-0", "object": "file", "bytes": 1, "created_at": 1, "filename": "f",
                        "purpose": "batch", "status": "processed"})  # fmt: skip
    if asked.method == "GET":
        return as_json({"object": "list", "data": [], "has_more": False})
    return error(400, "no batches for this model")


def by_batch(server: LoopServer, cache: str) -> None:
    endpoint = EndpointPlan(base_url=server.url, model="m", cache=cache)
    with Teacher(endpoint, batch=QUICK) as teacher:
        teacher.chat([say("a")])


def test_batches_without_a_file_of_replies_are_refused_before_one_is_ordered():
    with LoopServer(provider) as server:
        with pytest.raises(ValueError, match="batches come hours later: name a `cache` file"):
            by_batch(server, "")
        assert server.asked == []


def test_a_file_of_batches_that_cannot_be_read_is_named_and_none_is_ordered_meanwhile(tmp_path):
    cache = str(tmp_path / "replies.sqlite")
    with LoopServer(provider) as server:
        place = jobs_place(EndpointPlan(base_url=server.url, model="m", cache=cache))
        for text in ("{", '[{"nope": 1}]', "[1]"):
            place.write_text(text)
            with pytest.raises(ValueError, match=rf"{place.name} should name the batches .* then delete the file"):
                by_batch(server, cache)
            assert place.read_text() == text
        assert server.asked == []


def test_a_provider_that_takes_no_batch_is_told_with_what_goes_on(tmp_path):
    with LoopServer(provider) as server, pytest.raises(OSError, match=r"cannot .*no batches for this model.*Run again"):
        by_batch(server, str(tmp_path / "replies.sqlite"))


@pytest.mark.parametrize("whole", [1, 20])
def test_a_file_of_replies_that_was_damaged_is_named_with_what_brings_the_others_back(whole, tmp_path):
    """Of its 32 pages of 4 kB the first are as they were; it is seen when the file is opened."""
    place = tmp_path / "replies.sqlite"
    requests = [say(f"{number} " + "word " * 200) for number in range(60)]
    with LoopServer(echo) as server:
        with teacher_at(server, cache=str(place)) as teacher:
            teacher.chat(requests)
        with place.open("r+b") as file:
            left = place.stat().st_size - file.seek(4096 * whole)
            file.write(b"\xff" * left)
        said = r"replies\.sqlite cannot be read .*move it away"
        with pytest.raises(ValueError, match=said), teacher_at(server, cache=str(place)) as teacher:
            teacher.chat(requests)
        assert len(server.asked) == len(requests)


def broken(place) -> None:
    """The file as another program leaves it: the table of replies is gone."""
    with closing(sqlite3.connect(place)) as base:
        base.execute("DROP TABLE calls")


def test_a_file_of_replies_that_breaks_while_it_is_open_is_named_and_nothing_more_is_asked(tmp_path):
    place = tmp_path / "replies.sqlite"
    with LoopServer(echo) as server, teacher_at(server, cache=str(place)) as teacher:
        teacher.chat([say("before")])
        broken(place)
        with pytest.raises(OSError, match=r"replies\.sqlite cannot be read \(no such table: .*move it away"):
            teacher.chat([say("after")])
        assert [asked.text for asked in server.asked] == ["before"]


def test_replies_of_one_request_in_several_calls_that_cannot_be_kept_end_it_with_the_file(tmp_path):
    """The server gives one reply a call, so that three of a request are asked for at once."""
    place, are_kept = tmp_path / "replies.sqlite", [True]

    def one_a_call(asked: Asked) -> Answer:
        if not are_kept[0]:
            broken(place)
            are_kept[0] = True
        return choices("one")

    with LoopServer(one_a_call) as server, teacher_at(server, cache=str(place)) as teacher:
        teacher.chat([say("one at a time", count=2)])
        are_kept[0] = False
        with pytest.raises(OSError, match=r"replies cannot be kept in .*replies\.sqlite .*run the same command again"):
            teacher.chat([say("three", count=3)])
    assert [asked.body.get("n", 1) for asked in server.asked] == [2, 1, 1, 1, 1]
