"""`seewhy ask`: the shipped model answers out of the box, streams what it ends up saying; servers are asked alike."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from served_oracle import draw, serve

from seewhy.cli.main import main
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Style
from seewhy.workbench.asking import AskPlan, Said, Stream, ask, opened_model, votes_of
from seewhy.workbench.crediting import credit_between
from seewhy.workbench.questions import typed_question

PAGE = "docs/examples/pages/sum.png"
ASKED = "What is the sum of row 1?"


@pytest.fixture(scope="module")
def tiny():
    with opened_model("tiny", "", []) as model:
        yield model


@given(st.text(st.sampled_from("aé字😀 \n"), max_size=8))
def test_the_pieces_of_a_stream_are_whole_characters_and_join_to_the_final_text(text: str):
    raw = text.encode()
    stream = Stream(lambda ids: bytes(ids).decode(errors="replace"))
    pieces = [stream.add(byte) for byte in raw]
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)
    assert "".join([*pieces, stream.rest(text.strip())]) == text.strip()


def test_votes_are_of_answers_that_are_equal_but_for_case_and_decoration():
    said = [Said(text="", answer=answer) for answer in ("**7**", "7", "8", None)]
    assert votes_of(said) == (("**7**", 2), ("8", 1))


def test_what_the_shipped_model_streams_is_what_it_says_without_being_watched(tiny):
    question = typed_question(ASKED, (Path(PAGE),))
    heard: list[tuple[Style, str]] = []
    watched = list(ask(tiny, question, AskPlan(), piece=lambda style, piece: heard.append((style, piece))))
    quiet = list(ask(tiny, question, AskPlan()))
    assert [one.replies for one in watched] == [one.replies for one in quiet]
    for one in watched:
        pieces = [piece for style, piece in heard if style is one.style and piece]
        assert "".join(pieces) == one.replies[0].text
    assert len([piece for style, piece in heard if style is Style.REASON and piece]) > 3
    assert tiny.watch is None


def test_a_model_that_fails_is_watched_no_longer(tiny, tmp_path):
    (tmp_path / "page.png").write_bytes(Path(PAGE).read_bytes())
    question = typed_question(ASKED, (tmp_path / "page.png",))
    (tmp_path / "page.png").unlink()
    with pytest.raises(ValueError, match=r"page\.png"):
        list(ask(tiny, question, AskPlan(), piece=lambda style, piece: None))
    assert tiny.watch is None


def test_several_replies_have_votes_and_credit_between_a_model_and_itself_is_nothing(tiny):
    question = typed_question(ASKED, (Path(PAGE),))
    found = next(ask(tiny, question, AskPlan(styles=(Style.REASON,), samples=3)))
    assert len(found.replies) == 3
    assert sum(count for _, count in found.votes) == sum(said.answer is not None for said in found.replies)
    chain = tiny.generate([GenerateRequest(question=question, style=Style.REASON)], SamplingParams(temperature=0.0))[0][
        0
    ]
    credit = credit_between(tiny, tiny, question, chain).credit
    assert len(credit) == len(chain.token_ids)
    assert all(one.credit == pytest.approx(0.0, abs=1e-5) for one in credit)
    assert "".join(one.token for one in credit).strip() == chain.text


def test_a_server_and_the_shipped_model_are_asked_side_by_side_as_one_json_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    page = draw(tmp_path, 1)[0]
    with serve([page], tmp_path) as server:
        words = [
            "ask",
            "tiny",
            f"oracle@{server.base_url}",
            page.images[0].path,
            page.text,
            "--json",
            "--max-tokens",
            "96",
        ]
        assert main([*words, *(["--options", *page.options] if page.options else [])]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(one["model"], one["style"]) for one in shown["replies"]] == [
        ("tiny", "direct"), ("tiny", "reason"), ("oracle", "direct"), ("oracle", "reason"),
    ]  # fmt: skip
    assert shown["replies"][3]["replies"][0]["answer"] in page.gold.answers
    assert shown["credit"] == []


def test_what_a_server_streams_is_what_it_says_without_being_heard(tmp_path: Path):
    (page,) = draw(tmp_path / "pages", 1)
    heard: list[tuple[Style, str]] = []
    with serve([page], tmp_path / "server") as server, opened_model(f"oracle@{server.base_url}", "", []) as model:
        told = list(ask(model, page, AskPlan(), piece=lambda style, piece: heard.append((style, piece))))
    with serve([page], tmp_path / "quiet") as server, opened_model(f"oracle@{server.base_url}", "", []) as model:
        quiet = list(ask(model, page, AskPlan()))
    assert [one.replies for one in told] == [one.replies for one in quiet]
    for one in told:
        assert "".join(piece for style, piece in heard if style is one.style) == one.replies[0].text
    assert len([piece for style, piece in heard if style is Style.REASON and piece]) > 3


def test_on_a_terminal_each_style_has_its_name_above_the_words_that_come(tmp_path: Path):
    (page,) = draw(tmp_path / "pages", 1)
    with serve([page], tmp_path / "server") as server:
        words = ["ask", f"oracle@{server.base_url}", page.images[0].path, page.text]
        ours, theirs = os.openpty()
        child = subprocess.Popen([sys.executable, "-m", "seewhy", *words], stdout=theirs, stdin=subprocess.DEVNULL,
                                 env={**os.environ, "TERM": "dumb", "COLUMNS": "200"})  # fmt: skip
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # the end of a terminal whose program has ended
            while piece := os.read(ours, 4096):
                said += piece
        os.close(ours)
        assert child.wait(60) == 0
    told = said.decode().replace("\r\n", "\n").split("\n\n")[:2]
    assert [part.partition(":\n")[0] for part in told] == ["direct", "reason"]
    assert all(part.partition(":\n")[2] for part in told)
    assert "Answer:" in told[1]


def test_a_server_that_gives_no_reply_is_told_and_ends_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["ask", "m@http://127.0.0.1:9/v1", PAGE, ASKED, "--style", "direct"]
    assert main(words) == 1
    assert "no reply: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["tiny", PAGE], ["a model, a picture and a question"]),
        (["tiny", "nothing.png", ASKED], ["nothing.png", "there is no such picture"]),
        (["tiny", "README.md", ASKED], ["README.md", "no picture"]),
        (["nothing/here", PAGE, ASKED], ["'nothing/here' cannot be opened", "give tiny"]),
        (["tiny", PAGE, ASKED, "--credit"], ["--credit compares two models"]),
        (["tiny", PAGE, ASKED, "--samples", "3", "--temperature", "0"], ["--samples 3", "--temperature"]),
        (["tiny", PAGE, ASKED, "--samples", "0"], ["samples"]),
    ],
)
def test_what_does_not_fit_is_refused_with_the_remedy(
    words: list[str], facts: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(["ask", *words]) == 2
    said = capsys.readouterr().err
    assert [fact for fact in facts if fact not in said] == []


def test_an_empty_question_is_refused(capsys):
    assert main(["ask", "tiny", PAGE, " "]) == 2
    assert "the question is empty" in capsys.readouterr().err
