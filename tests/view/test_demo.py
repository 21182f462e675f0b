"""The page that asks models: forms of a browser, words that stay words, and the shipped model in Chromium."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256

import pytest
import uvicorn
from browsing import chromium, looking, needs_chromium
from looked_at import HARM, TOKEN
from PIL import Image
from starlette.testclient import TestClient

from seewhy.model.weights import weights_place
from seewhy.records.types import Style
from seewhy.view.application import application
from seewhy.view.demo import Demo, fields_of, told
from seewhy.view.guard import cookie_of
from seewhy.view.serve import lines_of, listening
from seewhy.workbench.asking import Replies, Said

KIND = "multipart/form-data; boundary=xx"


def form(**fields: bytes) -> bytes:
    parts = [b'--xx\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
             for name, value in fields.items()]  # fmt: skip
    return b"".join(parts) + b"--xx--\r\n"


def test_every_byte_of_a_picture_survives_the_form():
    picture = bytes(range(256)) * 3 + b"\r\n\n\r" + "é".encode()
    assert fields_of(KIND, form(picture=picture, question="Wie viele Äpfel?".encode())) == {
        "picture": [picture], "question": ["Wie viele Äpfel?".encode()],
    }  # fmt: skip


def test_a_form_that_asks_nothing_of_nobody_is_refused(tmp_path):
    demo = Demo(["tiny"], tmp_path)
    for fields in ({"question": b"How many?"}, {"model": b"tiny"}, {"model": b"other", "question": b"How many?"}):
        with pytest.raises(ValueError, match="choose at least one model"):
            demo.asked(KIND, form(**fields))
    with pytest.raises(ValueError, match="credit compares two models, and 1 are chosen: choose two"):
        demo.asked(KIND, form(model=b"tiny", question=b"How many?", credit=b"1"))
    with pytest.raises(ValueError, match="samples is a number from 1 to 64"):
        demo.asked(KIND, form(model=b"tiny", question=b"?", samples=b"65"))
    with pytest.raises(ValueError, match="no multipart"):
        demo.asked("text/plain", b"question=1")
    asked = demo.asked(KIND, form(model=b"tiny", question=b"How many?", options=b"one\r\ntwo\r\n"))
    assert asked.options == ("one", "two")
    with pytest.raises(ValueError, match="choose a picture"):
        demo.question(asked)


def test_the_next_question_is_about_the_last_picture_unless_another_one_is_chosen(tmp_path):
    (tmp_path / "secret").write_text("no picture of anyone")
    folder = tmp_path / "asked"
    folder.mkdir()
    demo, pictures = Demo(["tiny"], folder), []
    for colour in ("red", "blue"):
        Image.new("RGB", (8, 8), colour).save(tmp_path / "a.png")
        pictures.append((tmp_path / "a.png").read_bytes())
    one, again, other = (
        demo.asked(KIND, form(model=b"tiny", question=b"?", **more))
        for more in (
            {"picture": pictures[0]},
            {"picture": b"", "again": sha256(pictures[0]).hexdigest().encode()},
            {"picture": pictures[1], "again": sha256(pictures[0]).hexdigest().encode()},
        )
    )
    hashes = [demo.question(asked).images[0].sha256 for asked in (one, again, other)]
    assert hashes == [sha256(pictures[number]).hexdigest() for number in (0, 0, 1)]
    assert demo.form(again)["shown"] == hashes[0]
    for name in (b"../secret", b"/etc/passwd", b"0" * 64, b""):
        asked = demo.asked(KIND, form(model=b"tiny", question=b"?", again=name))
        assert demo.form(asked)["shown"] == ""
        with pytest.raises(ValueError, match="choose a picture"):
            demo.question(asked)


def test_a_picture_that_no_model_was_asked_about_is_not_found(tmp_path):
    app, _ = application([], TOKEN, Demo(["tiny"], tmp_path))
    client = TestClient(app, base_url="http://127.0.0.1", cookies={cookie_of(TOKEN): TOKEN})
    for name in ("0" * 64, "secret"):
        (tmp_path / "secret").write_text("no picture of anyone")
        answer = client.get(f"/ask/{name}")
        assert answer.status_code == 404
        assert "No model was asked about such a picture." in answer.text


def test_words_of_a_model_stay_words():
    said = tuple(Said(text=HARM, answer=HARM) for _ in range(2))
    shown = told(Replies(model="m", style=Style.REASON, replies=said, votes=((HARM, 2),), seconds=1.0, failure=HARM),
                 is_streamed=False)  # fmt: skip
    assert "<script" not in shown
    assert "<img" not in shown
    assert "votes of 2" in shown


def test_a_port_that_is_taken_gives_way_to_the_next_and_ssh_is_told_how_to_reach_it():
    with listening(0) as first, listening(first.getsockname()[1]) as second:
        taken, port = first.getsockname()[1], second.getsockname()[1]
        assert port > taken
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
    lines = lines_of(port, taken, "t", {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"})
    assert lines[0] == f"port {taken} is taken: this is the next free one"
    assert lines[1] == f"http://127.0.0.1:{port}/?token=t"
    assert f"ssh -N -L {port}:127.0.0.1:{port} " in lines[2]
    assert "@10.0.0.2" in lines[2]
    assert len(lines_of(port, port, "t", {})) == 2


@contextmanager
def asking(demo: Demo) -> Iterator[int]:
    app, _ = application([], TOKEN, demo)
    with closing(demo), listening(0) as own:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield own.getsockname()[1]
        server.should_exit = True
        thread.join()


@needs_chromium
@pytest.mark.nightly
def test_the_shipped_model_answers_beside_itself_with_votes_and_credit(tmp_path):
    """Two names of one model: no token of either has credit over the other."""
    Image.new("RGB", (64, 64), "white").save(tmp_path / "a.png")
    folder = str(weights_place("tiny"))
    with asking(Demo(["tiny", folder], tmp_path)) as port, chromium() as browser, looking(browser, port) as look:
        page = look.page
        assert page.url.endswith("/ask")
        assert look.faults() == []
        page.fill("input[name=question]", "What digit is in row 1?")
        page.set_input_files("input[name=picture]", tmp_path / "a.png")
        page.fill("input[name=tokens]", "12")
        page.check("input[name=credit]")
        with page.expect_navigation(wait_until="load", timeout=120_000):
            page.click("button")
        assert page.locator("article").count() == 3
        assert page.locator(".chain.heat .token").count() > 0
        page.locator(".chain.heat .token[tabindex='0']").focus()
        told = page.locator(".readout").inner_text()
        assert re.search(r"credit [+-]0\.000 nats: policy (-\d\.\d+), reference \1, difference \+0\.000", told), told
        assert {one.split(":")[0] for one in page.locator("h3").all_inner_texts()} == {"direct", "reason"}
        look.require_clean()
        assert look.faults() == []
        assert page.locator(".asked img").evaluate("one => one.naturalWidth") == 64
        page.fill("input[name=samples]", "3")
        page.uncheck("input[name=credit]")
        with page.expect_navigation(wait_until="load", timeout=120_000):
            page.click("button")
        assert page.locator(".votes").count() == 4
        look.require_clean()
