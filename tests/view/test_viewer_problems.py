"""Links, forms and folders that name what is not there or cannot be: a page with the reason, and a way back."""

import os
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode, urljoin

import pytest
from looked_at import COOKIE, HARM, TOKEN, serving, write_run
from starlette.testclient import TestClient

from seewhy.cli.main import main
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Chain, Question, Verdict
from seewhy.view.application import application
from seewhy.view.demo import Demo
from seewhy.view.guard import cookie_of
from seewhy.view.serve import TRIES, listening

QUESTION = f"/run/0/question/questions?{urlencode({'id': 'q/1', 'chains': 'chains'})}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(write_run(tmp_path_factory.mktemp("problems") / "run")) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "status", "fact"),
    [
        ("/run/0/rows/none", 404, "unit of rows &#39;none&#39;"),
        ("/run/0/question/questions?id=none", 404, "question &#39;none&#39; in questions"),
        ("/run/0/questions/questions?page=99999999999999999999", 400, "a number from 0 to"),
        ("/run/0/questions/questions?order=upwards", 400, "file, accuracy, hard"),
        ("/run/0/sample/chains?n=many", 400, "a number from 1 to 10000"),
        ("/run/0/sample/chains?seed=-1", 400, "a number from 0 to"),
        ("/run/0/sample/chains?kind=rows", 400, "kind &#39;rows&#39;: there are chains, pairs"),
        (f"{QUESTION}&chain=first", 400, "chain &#39;first&#39; is no number"),
        ("/run/0/training/none", 404, "training &#39;none&#39;"),
        ("/run/99999999999999999999", 404, "There is no such run"),
        ("/run/0/nothing", 404, "Not found"),
        (f"/run/0/rows/{quote(HARM, safe='')}", 404, "&lt;script&gt;alert"),
    ],
)
def test_a_link_that_names_nothing_has_a_page_with_the_reason_and_a_way_back(served, path, status, fact):
    answer = served.get(path)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")
    assert fact in answer.text
    assert "<script>alert" not in answer.text
    back = answer.text.partition("<main>")[2].partition('<a href="')[2].partition('"')[0]
    assert served.get(urljoin(path, back)).status in {200, 303}


@pytest.mark.parametrize(
    ("host", "status"),
    [("[::1]:7777", 200), ("[::1]", 200), ("LOCALHOST:1", 200), ("[", 403), ("[::1", 403), ("[::2]", 403),
     ("127.0.0.1.evil.example", 403), ("127.0.0.1@evil.example", 403), ("0.0.0.0", 403)],
)  # fmt: skip
def test_only_names_of_this_machine_are_answered_whatever_their_form(served, host, status):
    assert served.get("/run/0", Cookie=COOKIE, Host=host).status == status


def test_an_error_of_the_program_has_a_page_that_names_it(tmp_path):
    class Broken(Demo):
        def form(self, asked):
            raise RuntimeError(HARM)

    app, _ = application([], TOKEN, Broken(["tiny"], tmp_path))
    client = TestClient(app, "http://127.0.0.1", False, cookies={cookie_of(TOKEN): TOKEN})
    answer = client.get("/ask")
    assert answer.status_code == 500
    assert "RuntimeError: &lt;script&gt;alert" in answer.text
    assert "<script>alert" not in answer.text


def test_more_options_than_letters_and_thousands_of_facets_are_shown_in_a_bounded_page(tmp_path):
    root = write_run(tmp_path / "run")
    facets = {f"facet {i}": "v" * 900 for i in range(3_000)}
    rows = [replace(row, options=tuple(f"option {i}" for i in range(70)), facets=facets)
            for row in read_rows(root / "questions", Question)]  # fmt: skip
    write_shard(root / "questions", 0, rows, Question)
    with serving(root) as served:
        answer = served.get(QUESTION)
    assert answer.status == 200
    assert '<li class="gold">option 0</li>' in answer.text
    assert answer.text.count("<li>option ") == 59
    assert "and 10 more options" in answer.text
    assert "and 2,976 more facets" in answer.text
    assert len(answer.text) < 50_000


def test_a_sample_of_chains_whose_folder_is_named_with_signs_of_links_goes_on_after_a_mark(tmp_path):
    root, name = write_run(tmp_path / "run"), "a #1?b %25 &c"
    (root / "chains").rename(root / name)
    chain = next(row for row in read_rows(root / name, Chain) if row.question_id == "q/1")
    form = {"form": "drawn", "question": "q/1", "style": "reason", "index": chain.index, "verdict": "right", "n": 2}
    path = f"/run/0/annotate/{quote(name)}"
    with serving(root) as served:
        sent = served.post(path, urlencode(form), Origin=f"http://127.0.0.1:{served.port}")
        page = served.get(urljoin(path, sent.headers["location"]))
    assert (sent.status, page.status) == (303, 200)
    assert "of 2 done" in page.text
    assert len(list(read_rows(root / "annotations-drawn" / name, Verdict))) == 1


def test_a_folder_whose_name_is_no_utf8_is_named_with_the_remedy(tmp_path, capsys):
    root = write_run(tmp_path / "run")
    os.rename(root / "pairs", Path(os.fsdecode(os.fsencode(root) + b"/pairs \xff")))
    assert main(["view", str(root)]) == 2
    told = capsys.readouterr().err
    assert "pairs \\udcff" in told
    assert "remedy: rename the file or folder" in told


def test_a_form_that_is_too_long_is_refused_and_an_asset_that_is_none_is_not_found(served):
    answer = served.post("/run/0/annotate/chains", "x" * 100_001, Origin=f"http://127.0.0.1:{served.port}")
    assert answer.status == 413
    assert "more than 100,000 bytes: choose a smaller picture or shorter texts" in answer.text
    assert served.get("/assets/secrets.txt").status == 404


def test_ports_that_are_all_taken_are_told_before_the_viewer_says_that_it_listens():
    with ExitStack() as stack:
        first = next(port for port in range(20_000, 60_000, TRIES) if _take(stack, port))
        with pytest.raises(
            ValueError, match=f"--port {first}: it and the {TRIES - 1} after it are taken; leave it out"
        ):
            listening(first)


def _take(stack: ExitStack, port: int) -> bool:
    """Whether a port and those after it that would be tried are ours now."""
    with ExitStack() as mine:
        for number in range(port, port + TRIES):
            try:
                mine.enter_context(socket.create_server(("127.0.0.1", number)))
            except OSError:
                return False
        stack.push(mine.pop_all())
    return True
