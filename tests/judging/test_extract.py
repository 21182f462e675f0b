"""Reading answers: hand-labelled replies by trap, and properties that hold for any reply."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Abstention, Extraction
from seewhy.records.types import MatchRule, Style

CASES = [
    pytest.param(json.loads(line), id=f"{path.stem}-{number}")
    for path in sorted((Path(__file__).parent.parent / "data" / "extraction").glob("*.jsonl"))
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
]
WORDS = st.text(alphabet="abcdefghij klmnopqrstuvwxyz\n.", max_size=200)


def read(text: str, *options: str, rule: MatchRule = MatchRule.EXACT, style: Style = Style.REASON):
    return extract_answer(text, options, rule=rule, style=style)


@pytest.mark.parametrize("case", CASES)
def test_a_hand_labelled_reply_is_read_as_labelled(case):
    found = read(case["text"], *case["options"], rule=MatchRule(case["match"]), style=Style(case["style"]))
    if case["answer"] is None:
        assert isinstance(found, Abstention)
        assert case["why"] in found.why
    else:
        assert (found.answer, found.rule) == (case["answer"], case["rule"])


def test_there_are_many_hand_labelled_replies_and_no_two_are_the_same():
    seen = Counter(json.dumps(case.values[0], sort_keys=True) for case in CASES)
    assert len(seen) == len(CASES) >= 300


@pytest.mark.parametrize("case", [case for case in CASES if case.values[0]["answer"] is not None])
def test_the_offsets_hold_the_statement_the_answer_was_read_from(case):
    case_options = case["options"]
    found = read(case["text"], *case_options, rule=MatchRule(case["match"]), style=Style(case["style"]))
    held = case["text"][found.start : found.end]
    words = held.casefold()
    option = case_options[ord(found.answer) - ord("A")] if case_options else found.answer
    assert found.answer.casefold() in (words + words.replace("\\", "")) or option.casefold() in words


@given(WORDS, st.integers(min_value=0, max_value=999))
def test_a_mark_wins_whatever_stands_before_it(words, number):
    assert read(f"{words}\n### Answer: {number}").answer == str(number)


@given(WORDS, st.sampled_from("ABCD"))
def test_what_stands_inside_thinking_never_wins(words, letter):
    other = "B" if letter == "A" else "A"
    text = f"<think>{words} \\boxed{{{other}}} ### Answer: {other}</think>The answer is ({letter})."
    assert read(text, "cat", "dog", "horse", "sheep").answer == letter


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=8), max_size=5, unique=True))
def test_any_text_gives_a_place_inside_it_or_a_reason(text, options):
    found = read(text, *options)
    if isinstance(found, Extraction):
        assert found.answer
        assert 0 <= found.start < found.end <= len(text)
    else:
        assert found.why
    assert found == read(text, *options)


@given(st.text(max_size=200), st.integers(min_value=2, max_value=6))
def test_with_options_an_answer_is_always_one_of_their_letters(text, count):
    found = read(text, *(f"option text {i}" for i in range(count)))
    if isinstance(found, Extraction):
        assert found.answer in "ABCDEF"[:count]


HOSTILE = {
    "open brackets": "(" * 100_000,
    "open braces in a box": "\\boxed{" + "{" * 100_000,
    "open boxes": "\\boxed{" * 14_000,
    "nested boxes": "\\boxed{" * 7_000 + "}" * 7_000,
    "answers": "answer" * 16_000,
    "answers that are": "the answer is " * 7_000,
    "answers that are not": "if the answer is not " * 5_000,
    "marks without words": "### Answer: " * 8_000,
    "hashes": "#" * 100_000,
    "tags": "<answer>" * 12_000,
    "open thoughts": "<think>" * 14_000,
    "spaces": "Answer:" + " " * 100_000,
    "newlines": "\n" * 100_000 + "x",
    "letters in lines": "B.\n" * 33_000,
    "letters in one line": "so (A) " * 14_000,
    "stars": "*" * 100_000,
    "dollars": "### Answer: " + "$" * 100_000,
    "backslashes": "### Answer: " + "\\" * 100_000,
    "chinese": "答案" * 50_000,
    "options": "the option is " * 7_000,
    "letters that grow": "İ" * 100_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("options", [(), ("cat", "dog", "horse")])
def test_a_hostile_reply_of_100_kilobytes_is_read_in_under_50_ms(kind, options):
    """Of several tries the fastest counts: another process may hold the core, ours may not be slow each time."""
    seconds: list[float] = []
    while len(seconds) < 5 and min(seconds, default=1.0) >= 0.05:
        start = time.process_time()
        read(HOSTILE[kind], *options)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.05
