"""The pages over a run: what they show, what they filter, what they refuse, and that words stay words."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode, urljoin

import pytest
from looked_at import COOKIE, HARM, TOKEN, Served, serving, write_run

from seewhy.records.shards import read_rows
from seewhy.records.types import Outcome, Verdict
from seewhy.view.guard import cookie_of

QUESTION = f"/run/0/question/questions?{urlencode({'id': 'q/1', 'chains': 'chains'})}"
PAGES = (
    "/run/0", "/run/0/questions/questions", QUESTION, "/run/0/pairs/pairs", "/run/0/credit/credit",
    "/run/0/rows/verdicts", "/run/0/training/dpo", "/run/0/transitions",
    "/run/0/transitions?before=verdicts&after=verdicts&was=correct&became=correct",
    f"/run/0/question/questions?{urlencode({'id': HARM, 'chains': 'chains'})}",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(write_run(tmp_path_factory.mktemp("looked at") / "it's a run")) as found:
        yield found


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_and_no_word_of_a_row_becomes_markup(served: Served, path: str) -> None:
    answer = served.get(path)
    assert answer.status == 200
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_question_shows_its_chains_with_answer_and_verdicts(served: Served) -> None:
    text = served.get(QUESTION).text
    assert text.count("<article") == 2
    assert "The answer is <mark>A.</mark>" in text
    assert '<u class="low" title="score 0.10">I see</u>' in text
    assert text.count('class="badge correct"') == text.count('class="badge incorrect"') == 1


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("search=HOW+MANY", 4), ("search=q/2", 1), ("search=nothing", 0), ("facet=kind%3Dodd", 2),
        ("low=0.5&high=0.5", 3), ("low=0.9", 0),
        ("outcome=incorrect", 3), ("outcome=no_answer", 0),
        ("order=accuracy", 4), ("page=7", 4),
        ("search=%27%3B+DROP+TABLE+x%3B--", 0), ("facet=kind%3D%27", 0),
    ],
)  # fmt: skip
def test_filters_show_the_questions_that_they_name(served: Served, query: str, shown: int) -> None:
    answer = served.get(f"/run/0/questions/questions?{query}")
    assert answer.status == 200
    assert f"{shown} of 4 questions" in answer.text


def test_a_pair_shows_the_words_that_differ(served: Served) -> None:
    text = served.get("/run/0/pairs/pairs").text
    assert "It is <ins>12</ins>." in text
    assert "It is <del>13</del>." in text
    assert "part after 6 characters" in text
    own, rejected = (part.split('"')[0] for part in text.split('<img src="')[1:])
    assert own != rejected
    paths = [urljoin("/run/0/pairs/pairs", path) for path in (own, rejected)]
    assert {served.get(path).headers["content-type"] for path in paths} == {"image/png"}


def test_the_cells_of_transitions_open_their_questions(served: Served) -> None:
    text = served.get("/run/0/transitions?before=verdicts&after=verdicts&was=correct&became=correct").text
    assert text.count("<li data-row>") == 3
    assert f"id={quote('q/1', safe='')}&amp;chains=chains" in text


def test_pictures_are_shown_where_a_shown_question_names_them(served: Served) -> None:
    page = served.get(QUESTION).text
    path = page.split('<img src="')[1].split('"')[0]
    assert served.get(urljoin(QUESTION, path)).headers["content-type"] == "image/png"
    assert served.get("/run/0/picture/" + "0" * 64).status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/run/0/rows/..%2F..%2Fetc", 404), ("/run/0/rows/../../../etc/passwd", 404), ("/run/7", 404),
        ("/run/0/rows/none", 404), ("/run/0/pairs/chains", 404), ("/run/0/question/questions?id=none", 404),
        ("/assets/../application.py", 404),
        ("/run/0/questions/questions?low=2", 400), ("/run/0/questions/questions?low=x", 400),
        ("/run/0/questions/questions?page=-1", 400), ("/run/0/questions/questions?outcome=x;", 400),
    ],
)  # fmt: skip
def test_a_link_that_names_nothing_is_refused_without_a_trace(served: Served, path: str, status: int) -> None:
    answer = served.get(path)
    assert answer.status == status
    assert "Traceback" not in answer.text


def test_nothing_is_shown_without_the_token_or_under_another_name(served: Served) -> None:
    assert served.get("/run/0", Cookie=f"{cookie_of(TOKEN)}=other").status == 403
    assert served.get("/assets/view.css", Accept="*/*").status == 403
    assert served.get("/run/0", Cookie=COOKIE, Host="evil.example").status == 403
    linked = served.get(f"/run/0?token={TOKEN}", Accept="*/*")
    assert (linked.status, linked.headers["location"]) == (303, "./0")
    assert "httponly" in linked.headers["set-cookie"].lower()
    assert "samesite=strict" in linked.headers["set-cookie"].lower()


def test_a_persons_verdict_becomes_a_row_and_a_second_one_takes_its_place(tmp_path: Path) -> None:
    root = write_run(tmp_path / "run")
    form = {"question": "q/3", "index": "1", "style": "reason", "questions": "questions"}
    with serving(root) as served:
        origin = f"http://127.0.0.1:{served.port}"
        for word in ("right", "unsure", "wrong"):
            sent = served.post("/run/0/annotate/chains", urlencode({**form, "verdict": word}), Origin=origin)
            assert sent.status == 303
        assert (
            served.post("/run/0/annotate/chains", urlencode({**form, "verdict": "maybe"}), Origin=origin).status == 400
        )
        assert served.post("/run/0/annotate/none", urlencode({**form, "verdict": "right"}), Origin=origin).status == 404
        other = served.post(
            "/run/0/annotate/chains", urlencode({**form, "verdict": "right"}), Origin="http://evil.example"
        )
        assert other.status == 403
        shown = served.get(f"/run/0/question/questions?{urlencode({'id': 'q/3', 'chains': 'chains'})}").text
    (verdict,) = read_rows(root / "annotations" / "chains", Verdict)
    assert (verdict.question_id, verdict.index, verdict.judge, verdict.outcome) == (
        "q/3",
        1,
        "human:me",
        Outcome.INCORRECT,
    )
    assert "human:me" in shown


def test_rows_that_come_later_are_seen(tmp_path: Path) -> None:
    root = write_run(tmp_path / "run")
    hidden = root / "verdicts"
    kept = hidden.rename(tmp_path / "verdicts")
    with serving(root) as served:
        assert "verdicts" not in served.get("/run/0/questions/questions").text
        kept.rename(hidden)
        assert "outcomes of verdicts" in served.get("/run/0/questions/questions").text


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no run with rows"), serving(tmp_path):
        pass
