"""Questions of an own file, which lie outside of what is looked at: shown as they are now."""

from pathlib import Path

from looked_at_more import put

from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, FinishReason, Question, Style
from seewhy.runs.outside import hash_input
from seewhy.runs.plan_file import source_of, write_plan
from seewhy.view.outside import Outside
from seewhy.view.shelf import Shelf


def write_own(path: Path, *texts: str) -> Path:
    rows = "".join(f"q{number},{text},3,test\n" for number, text in enumerate(texts))
    path.write_text(f"id,question,answer,split\n{rows}")
    return path


def texts_at(folder: Path | None) -> list[str]:
    assert folder is not None
    return [row.text for row in read_rows(folder, Question)]


def test_an_own_file_that_has_changed_is_read_anew_and_one_that_could_not_be_read_is_once_it_can_be(tmp_path):
    own, outside = tmp_path / "mine.csv", Outside()
    own.write_text("id,question,answer,split\nq0,How many?,3,no split\n")
    assert outside.rows_at(own) is None
    assert texts_at(outside.rows_at(write_own(own, "How many?"))) == ["How many?"]
    write_own(own, "How much?", "How far?")
    assert texts_at(outside.rows_at(own)) == ["How much?", "How far?"]


def test_a_page_shows_an_own_file_as_it_is_now_and_no_longer_as_what_chains_follow_from(tmp_path):
    own, chains = write_own(tmp_path / "mine.csv", "How many?"), tmp_path / "try" / "chains"
    put(chains, [Chain(question_id="q0", index=0, style=Style.REASON, text="3", stop=FinishReason.END, sampler="s",
                       seed=0)], Chain)  # fmt: skip
    write_plan(chains, {}, [source_of("questions", "Question", own, chains, hash_input(own))])
    shelf = Shelf(tmp_path / "try")
    (unit,) = shelf.of_kind("questions")
    assert (unit.ref, unit.rows, shelf.origin("chains", "questions")) == ("from-outside/mine.csv", 1, unit)
    write_own(own, "How many?", "How far?")
    assert Outside().behind(chains, "Question") is None
    shelf.look_again()
    (now,) = shelf.of_kind("questions")
    assert (now.ref, now.rows, texts_at(now.folder)) == (unit.ref, 2, ["How many?", "How far?"])
