"""Rows of which nothing can be made, or that do not belong together, end a stage with the rows' place and a remedy."""

import hashlib
import json
import shlex

import pytest
from PIL import Image
from three_lines import cases, refused

from seewhy.cli.main import main
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, Gold, ImageRef, MatchRule, Question, Split, Style

TABLE = """
judge --chains strange --questions plain
    strange/part-00000.parquet, row 1: question '3' is not among the 2 of plain
    name those that the chains were drawn of as `questions`
judge --chains good.png --questions plain
    good.png is neither a folder of shards nor a .parquet or .jsonl file
    name one of these
judge --chains wrong --questions twice
    twice: question '1' is there twice, in rows 0 and 1
    remove one
judge --chains apart --questions plain
    apart/part-00000.parquet, row 2: question '1' begins again; it began at apart/part-00000.parquet, row 0
    sort them by question
imitate --chains wrong --verdicts verdicts
    wrong: no chain can be imitated (3 incorrect, 1 no_answer)
    look at their verdicts in verdicts
lessons --rationales wrong --verdicts verdicts --direct plain --direct-share 0 --format-aligned 0
    wrong: no lesson is left of 4 rationales (3 incorrect, 1 no_answer)
    look at their verdicts in verdicts
lessons --rationales wrong --verdicts verdicts --direct plain
    4 of 4 rationales were dropped: 3 incorrect, 1 no_answer; 0.0% are left, and floor wants 5.0%
    Look at the verdicts in verdicts, or set a lower floor
rank --chains wrong --verdicts verdicts
    verdicts: no group of 2 has a pair (1 have fewer than two scored chains, 1 no two different scores)
    choose a judge that scores
rank --chains wrong --verdicts verdicts --picking.margin 0.5
    1 no two scores 0.5 apart
    or a smaller picking.margin
vary_pictures --questions plain
    none of 2 questions has a picture to vary
    name others as `questions`
vary_pictures --questions one --kind other
    question 1: the questions have one picture among them
    take cropped
vary_pictures --questions damaged
    bad.png cannot be read (its content is none of PNG
    replace the file
fitting --questions splits --models tiny --split shifted
    splits has no question of the split shifted
    there are test, train
fitting --questions plain --models tiny --max-tokens 1000000 --unfit drop
    2 of 2 questions do not fit: 2 too long; none is left
    mend them, or name other models
questions --benchmark jsonl --source mine.jsonl --only.IMG yes --train 2 --test 0 --validation 0 --shifted 0
    mine.jsonl has no question of the split train with IMG yes
    correct `only`, or set it to 0
continue_blind --model tiny --chains cut --questions plain
    cut: no chain was continued, 2 because the token limit cut them off
    sample with more max_tokens
"""


def question(name, *images, split=Split.TRAIN):
    return Question(id=name, benchmark="b", split=split, text="?", gold=Gold(answers=("7",), rule=MatchRule.EXACT),
                    facets={}, images=images)  # fmt: skip


def chain(name, digit, index=0):
    return Chain(question_id=name, index=index, style=Style.REASON, text=digit and f"### Answer: {digit}", sampler="m",
                 stop=FinishReason.END if digit else FinishReason.LENGTH, seed=0)  # fmt: skip


def picture(path):
    return ImageRef(path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Folders of questions and chains, each by what is wrong with it."""
    place = tmp_path_factory.mktemp("rows")
    Image.new("RGB", (8, 8)).save(place / "good.png")
    (place / "bad.png").write_text("hello")
    good, bad = picture(place / "good.png"), picture(place / "bad.png")
    questions = {
        "plain": [question("1"), question("2")], "twice": [question("1"), question("1")],
        "one": [question("1", good)], "damaged": [question("1", bad), question("2", good)],
        "splits": [question("1"), question("2", split=Split.TEST)],
    }  # fmt: skip
    chains = {
        "wrong": [chain("1", "8"), chain("1", "9", 1), chain("2", "8"), chain("2", "", 1)],
        "cut": [chain("1", ""), chain("2", "")], "right": [chain("1", "7"), chain("2", "7")],
        "strange": [chain("1", "8"), chain("3", "8")], "apart": [chain("1", "8"), chain("2", "8"), chain("1", "8", 1)],
    }  # fmt: skip
    for record, folders in ((Question, questions), (Chain, chains)):
        for name, found in folders.items():
            write_shard(place / name, 0, found, record)
    (place / "mine.jsonl").write_text("".join(
        json.dumps({"id": name, "question": "?", "answer": "7", "split": "train"}) + "\n" for name in "ab"
    ))  # fmt: skip
    words = ["--chains", str(place / "wrong"), "--questions", str(place / "plain"), "--out", str(place / "verdicts")]
    assert main(["judge", *words]) == 0
    return place


@pytest.mark.parametrize(("line", "fact", "remedy"), cases(TABLE))
def test_a_stage_that_can_make_nothing_says_of_which_rows_and_why(
    line, fact, remedy, rows, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(rows)
    refused([*shlex.split(line), "--out", str(tmp_path / "out")], fact, remedy, capsys)
    assert not (tmp_path / "out" / "_manifest.json").exists()


def test_the_same_folder_takes_the_corrected_command(rows, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(rows)
    out = str(tmp_path / "out")
    assert main(["judge", "--chains", "strange", "--questions", "plain", "--out", out]) == 2
    assert main(["judge", "--chains", "right", "--questions", "plain", "--out", out]) == 0
    assert "2 chains: 2 correct" in capsys.readouterr().out
