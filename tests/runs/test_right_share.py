"""Chains of which few are right are said at once, with the reasons, and stop a run below a floor."""

import json
from pathlib import Path

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style
from seewhy.runs.hooks import NothingLeftError
from seewhy.runs.right_share import Looking, RightShare, first_chains


def question(name: str, rule: MatchRule = MatchRule.EXACT) -> Question:
    return Question(
        id=name, benchmark="b", split=Split.TRAIN, text="?", gold=Gold(answers=("7",), rule=rule), facets={}
    )


def chain(name: str, text: str, index: int = 0, stop: FinishReason = FinishReason.END) -> Chain:
    return Chain(question_id=name, index=index, style=Style.REASON, text=text, stop=stop, sampler="m", seed=0)


def share(floor: float = 0.0, little: float = 0.5, *, counts_unjudged: bool = True) -> RightShare:
    return RightShare(what="chains", little=little, floor=floor, remedy="Look at them", counts_unjudged=counts_unjudged)


QUESTIONS = [question(str(number)) for number in range(10)]


def said_of(right: int, cut: int, wrong: int, floor: float = 0.0, little: float = 0.5) -> str:
    texts = ["### Answer: 7"] * right + [""] * cut + ["### Answer: 8"] * wrong
    stops = [FinishReason.LENGTH if not text else FinishReason.END for text in texts]
    chains = [chain(str(place), text, stop=stop) for place, (text, stop) in enumerate(zip(texts, stops, strict=True))]
    return share(floor, little).look(QUESTIONS, chains)


def test_a_low_share_is_said_with_the_commonest_reasons_and_what_was_cut() -> None:
    said = said_of(right=1, cut=5, wrong=4)
    assert said.startswith("1 of 10 chains end in the right answer (5 no_answer, 4 incorrect; 5 cut")
    assert said_of(right=5, cut=5, wrong=0) == ""


@pytest.mark.parametrize(("right", "floor", "stops"), [(1, 0.2, True), (2, 0.2, False), (0, 0.0, False)])
def test_a_share_below_the_floor_stops_and_names_it(right: int, floor: float, stops: bool) -> None:
    if not stops:
        assert said_of(right, 0, 10 - right, floor)
        return
    with pytest.raises(NothingLeftError, match=r"floor wants 20\.0%\. Look at them"):
        said_of(right, 0, 10 - right, floor)


def test_seven_chains_are_too_few_to_stop_for() -> None:
    assert said_of(0, 0, 7, floor=0.5)


def test_chains_that_no_rule_can_judge_are_left_out_where_that_is_asked() -> None:
    open_one = [question("open", MatchRule.OPEN)]
    assert share(counts_unjudged=False).look(open_one, [chain("open", "blue")]) == ""
    assert "1 unjudged" in share().look(open_one, [chain("open", "blue")])


def test_blocks_are_looked_at_by_first_chains_said_once_and_after_that_for_the_floor_alone() -> None:
    rows = [chain("b", "first"), chain("b", "second", 1), chain("a", "third")]
    assert [row.text for row in first_chains(rows)] == ["first", "third"]
    notes: list[str] = []
    wrong = [chain(str(number), "### Answer: 8", index) for number in range(9) for index in range(2)]
    looking = Looking(share=share(), note=notes.append)
    for _ in range(2):
        looking.look(QUESTIONS, wrong)
    assert len(notes) == 1
    assert notes[0].startswith("0 of 9")
    floored = Looking(share=share(0.1), note=notes.append, is_done=True)
    with pytest.raises(NothingLeftError):
        floored.look(QUESTIONS, wrong)


def test_sampling_stops_at_its_first_block_below_a_floor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": str(n), "split": "train", "question": f"What is {n} plus 1?", "answer": "no such"} for n in range(9)]
    place = tmp_path / "own.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["sample", "--model", "tiny", "--questions", str(place), "--per-question", "2", "--max-tokens", "3"]
    more = ["--workers", "1", "--out", str(tmp_path / "out"), "--per-shard", "8", "--floor", "0.01"]
    assert main([*words, *more]) == 2
    told = sentence(capsys.readouterr().err)
    assert "0 of 8 questions' first chains end in the right answer (8 incorrect; 8 cut" in told
    assert "floor" in told
    assert not (tmp_path / "out" / "_manifest.json").exists()


def test_two_workers_say_a_low_share_once_a_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"id": str(n), "split": "train", "question": f"What is {n} plus 1?", "answer": "no such"} for n in range(32)
    ]
    place = tmp_path / "own.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["sample", "--model", "tiny", "--questions", str(place), "--per-question", "1", "--max-tokens", "3"]
    assert main([*words, "--workers", "2", "--out", str(tmp_path / "out"), "--per-shard", "8"]) == 0
    told = capsys.readouterr()
    assert (told.out + told.err).count("first chains end in the right answer") == 1
