"""What a format has no field for is refused with the remedy, in every format; nothing is flattened or left out."""

import pytest
from formats.made_sets import IMAGE, PAIRS, SWIFT, examples_in, plain, write_lines
from formats.refusals import refusal

from seewhy.cli.main import main


def user(text):
    return {"role": "user", "content": text}


def said(text):
    return {"role": "assistant", "content": text}


def parts(role, *held):
    return {"role": role, "content": [{"type": "text", "text": part} if part else {"type": "image"} for part in held]}


def with_system(text, asked="<image>What is it?"):
    return {**SWIFT, "messages": [{"role": "system", "content": text}, user(asked), said("A cat.")]}


def marked(text):
    row = {"prompt": [parts("user", "", text)], "images": [IMAGE], "chosen": [parts("assistant", "A cat.")]}
    return {**row, "rejected": [parts("assistant", "A dog.")]}


QUESTION = {"messages": [user("<image>What is it?")], "images": [IMAGE]}
TWO = {**QUESTION, "solution": ["cat", "tom"]}
OWN = {**SWIFT, "rejected_images": ["images/1.png"]}
MESSAGES = {**SWIFT, "messages": [user("<image>What is it?"), said("A cat."), said("Yes.")]}
SEEN = {"messages": [user("What is it?"), said("See <image>")], "images": [IMAGE]}
SEEN_PAIR = {**SEEN, "rejected_response": "A dog."}
OTHER = {**SWIFT, "rejected_response": None, "rejected_images": [IMAGE]}
OTHER_WORDS = {**OTHER, "rejected_messages": [user("<image>And this?"), said("A dog.")]}
WITHIN = {**SWIFT, "messages": [user("What is <image>?"), said("A cat.")]}
ANOTHER = "choose another format, or take the row out"

TABLE = [
    *((TWO, to, f"it has 2 right answers, and {field} is one; {ANOTHER}") for to, field in (
        ("easyr1", "EasyR1's answer"), ("openrlhf", "OpenRLHF's label"), ("verl", "verl's ground_truth"),
        ("swift", "ms-swift's solution"))),
    ({**PAIRS["mmpr"][1][0], "answer_gt": ["cat", "tom"]}, "mmpr", f"MMPR's answer_gt is one; {ANOTHER}"),
    *((QUESTION, to, f"it has no right answer, and {field} must be one; give it one, or choose another") for
      to, field in (("easyr1", "EasyR1's answer"), ("openrlhf", "OpenRLHF's label"), ("verl", "verl's ground_truth"))),
    *((OWN, to, f"its rejected reply has a prompt or pictures of its own, and {title} has one for both; {ANOTHER}")
      for to, title in (("llamafactory", "LLaMA-Factory sharegpt ranking"), ("trl", "TRL preference"),
                        ("llamafactory_alpaca", "LLaMA-Factory alpaca ranking"), ("mmpr", "MMPR"))),
    (OWN, "llamafactory_pair", f"its sides show unequal pictures, and LLaMA-Factory's pairs share theirs; {ANOTHER}"),
    *((MESSAGES, to, f"a reply has 2 messages, and is to be one text; {ANOTHER}")
      for to in ("llamafactory", "llamafactory_alpaca", "mmpr", "oumi", "seewhy")),
    *((SEEN_PAIR, to, f"a reply shows a picture, and is to be one text; {ANOTHER}")
      for to in ("llamafactory", "llamafactory_alpaca", "mmpr", "seewhy")),
    (SEEN_PAIR, "trl", "a reply shows a picture, and TRL preference shows pictures in the prompt alone"),
    (SEEN, "trl_completion", "a reply shows a picture, and TRL prompt-completion shows pictures in the prompt alone"),
    *((with_system(shown, asked), to, f"its system text shows a picture, and LLaMA-Factory's is text alone; {ANOTHER}")
      for to in ("llamafactory", "llamafactory_alpaca") for shown, asked in (("See <image>", "?"), ("<image>", "?"))),
    *((with_system(blank), to, "its system text is blank, which LLaMA-Factory takes for none; take that turn out")
      for to in ("llamafactory", "llamafactory_alpaca") for blank in ("", " ")),
    ({**with_system("Be brief."), "rejected_response": None}, "llava",
     f"it has a system text, for which LLaVA's conversations have no turn; {ANOTHER}"),
    ({**SWIFT, "messages": [user("<image>What? "), said("A cat.")]}, "mdpo", "begins or ends with a blank, which"),
    ({**SWIFT, "messages": [user("<image>USER: What?"), said("A cat.")]}, "mdpo", "holds 'USER:', which is of mDPO's"),
    *(({**SWIFT, "images": [], "messages": [user("What?"), said("A cat.")]}, to,
       f"it shows no picture, and every row of {title} shows one; {ANOTHER}")
      for to, title in (("mdpo", "mDPO"), ("mmcot", "mm-cot-rlaif"), ("rlaifv", "RLAIF-V"))),
    (marked("What is <image>?"), "swift", "its text holds '<image>', which ms-swift takes for a mark; reword it, or"),
    (marked("What is <image>?"), "mmcot", "its text holds '<image>', which mm-cot-rlaif takes for a mark; reword it"),
    ({**WITHIN, "images": [IMAGE] * 2, "messages": [user("<image><image>?"), said("A cat.")]}, "mdpo",
     "it shows 2 pictures, and mDPO holds one; choose a format with marks"),
    (SWIFT, "openrlhf", f"it shows pictures, and OpenRLHF's pairs are texts; {ANOTHER}"),
    (WITHIN, "oumi", "oumi shows pictures in front; choose a format with marks, or take the row out"),
    (WITHIN, "mdpo", "mDPO shows it in front; choose a format with marks, or take the row out"),
    (OTHER_WORDS, "seewhy", f"its rejected reply answers other words than the chosen one, and a pair of seewhy has one "
     f"prompt; {ANOTHER}"),
    (with_system(""), "seewhy", "turn 0 (system): it has neither text nor picture; leave the turn out"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "to", "fact"), TABLE, ids=[f"{to}-{fact[:40]}" for _, to, fact in TABLE])
def test_what_a_format_has_no_field_for_is_refused_with_the_remedy(tmp_path, capsys, row, to, fact):
    told = refusal(capsys, write_lines(tmp_path / "set.jsonl", [row]), to)
    assert fact in told


def test_a_picture_in_the_rejected_reply_goes_out_as_ms_swifts_messages(tmp_path):
    talk = [user("<image>What is it?"), said("See <image>")]
    row = {**OTHER, "rejected_messages": talk, "rejected_images": [IMAGE, "images/1.png"]}
    place = write_lines(tmp_path / "set.jsonl", [row])
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "swift"]) == 0
    assert [plain(one) for one in examples_in(tmp_path / "out")] == [plain(one) for one in examples_in(place)]


def test_a_folder_of_our_own_rows_holds_one_kind(tmp_path, capsys):
    place = write_lines(tmp_path / "set.jsonl", [SWIFT, QUESTION])
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "seewhy"]) == 2
    told = capsys.readouterr().err
    assert f"{place}:2: it is a question among pairs" in told
    assert "put it into a file of its own" in told
    assert not (tmp_path / "out").exists()
