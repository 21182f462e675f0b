"""Two runs beside each other: their steps, rows and accuracies."""

from looked_at import TOKEN, write_run
from looked_at_more import write_more
from starlette.testclient import TestClient
from test_more_pages import words_of

from seewhy.view.application import application
from seewhy.view.guard import cookie_of


def test_two_runs_are_beside_each_other_by_rows_and_by_accuracy(tmp_path):
    roots = [write_run(tmp_path / "one"), write_more(write_run(tmp_path / "two"))]
    app, _ = application(roots, TOKEN)
    client = TestClient(app, base_url="http://127.0.0.1", cookies={cookie_of(TOKEN): TOKEN})
    shown = words_of(client.get("/run/0/scores?beside=1").text)
    assert "one beside two" in shown
    assert "rubric not there 33.3 % (" in shown
    assert shown.count("of 3 questions") == 3
    units = words_of(client.get("/run/0?beside=1").text)
    assert "one beside two" in units
    assert "rubric not there 6" in units
    assert client.get("/run/0/scores?beside=7").status_code == 404
    assert client.get("/run/0?beside=x").status_code == 404


def test_a_run_beside_is_shown_as_it_is_now(tmp_path):
    roots = [write_run(tmp_path / "one"), write_run(tmp_path / "two")]
    app, _ = application(roots, TOKEN)
    client = TestClient(app, base_url="http://127.0.0.1", cookies={cookie_of(TOKEN): TOKEN})
    assert "rubric" not in words_of(client.get("/run/0?beside=1").text)
    write_more(roots[1])
    assert "rubric not there 6" in words_of(client.get("/run/0?beside=1").text)
