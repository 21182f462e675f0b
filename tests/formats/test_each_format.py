"""What is particular to each format: registrations, lists of sets, templates, log-probabilities, implicit prompts."""

import json
import math
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from datasets import Dataset
from formats.made_sets import (
    FORMATS,
    KNOWN,
    PAIRS,
    QUESTIONS,
    RLAIFV,
    VICUNA,
    examples_in,
    faults_in,
    pictures_in,
    plain,
    write_lines,
    write_list,
    write_set,
    write_table,
)

from seewhy.formats.converting.convert import Target, convert
from seewhy.formats.converting.reading import ReadPlan
from seewhy.formats.converting.sources import sources_of
from seewhy.formats.converting.writing import TableWriter, TextWriter
from seewhy.formats.openai_batch import OpenAIBatch
from seewhy.formats.rows.faults import RowError

SWIFT = PAIRS["swift"][1][0]
FACTORY = PAIRS["llamafactory"][1][0]


def convert_to(name, place, folder, plan=None, **settings):
    form = settings.pop("form", FORMATS[name])
    return convert(
        sources_of(place, KNOWN), plan or ReadPlan(), Target(format=form, folder=folder, name="set", **settings)
    )


def test_llama_factory_is_read_back_by_its_registration_alone(tmp_path):
    place = write_list(tmp_path / "pairs.json", [FACTORY] * 3)
    convert_to("llamafactory", place, tmp_path / "out")
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert info["set"]["ranking"] is True
    assert info["set"]["formatting"] == "sharegpt"
    (source,) = sources_of(tmp_path / "out", KNOWN)
    assert source.path.name == "set.json"
    assert [plain(one) for one in examples_in(tmp_path / "out")] == [plain(examples_in(place)[0])] * 3


def test_a_registration_with_names_of_its_own_is_followed(tmp_path):
    row = {
        "talk": [{"who": "U", "said": "<image>What is it?"}], "good": {"who": "A", "said": "A cat."},
        "bad": {"who": "A", "said": "A dog."}, "pics": ["images/0.png"], "sys": "Be brief.",
    }  # fmt: skip
    write_list(tmp_path / "rows.json", [row])
    entry = {
        "file_name": "rows.json", "formatting": "sharegpt", "ranking": True,
        "columns": {"messages": "talk", "chosen": "good", "rejected": "bad", "images": "pics", "system": "sys"},
        "tags": {"role_tag": "who", "content_tag": "said", "user_tag": "U", "assistant_tag": "A"},
    }  # fmt: skip
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": entry}))
    (example,) = examples_in(tmp_path)
    assert [turn.role for turn in example.prompt] == ["system", "user"]
    assert [reply.text for reply in example.replies] == ["A cat.", "A dog."]
    entry["tags"]["user_tag"] = "human"
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": entry}))
    (fault,) = faults_in(tmp_path)
    assert "'U'" in fault
    assert "'human'" in fault
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": {"hf_hub_url": "a/b", "ranking": True}}))
    with pytest.raises(ValueError, match="nothing is fetched"):
        sources_of(tmp_path, KNOWN)


def test_a_registration_that_is_there_keeps_its_other_sets(tmp_path):
    place = write_list(tmp_path / "in" / "pairs.json", [FACTORY]) if pictures_in(tmp_path / "in") is None else None
    (tmp_path / "lf").mkdir()
    (tmp_path / "lf" / "dataset_info.json").write_text('{"theirs": {"file_name": "t.json"}}')
    convert_to("llamafactory", place, tmp_path / "lf", is_file=True)
    assert set(json.loads((tmp_path / "lf" / "dataset_info.json").read_text())) == {"theirs", "set"}


@pytest.mark.parametrize(
    ("count", "times", "wanted"), [(1000, 0.3, 300), (1000, 2.5, 2500), (1, 1, 1), (1000, 1, 1000), (10, 3, 30)]
)
def test_repeat_time_draws_from_the_whole_set_and_is_not_cut(tmp_path, count, times, wanted):
    rows = [{"question": "What?", "chosen": f"{number}", "rejected": "no"} for number in range(count)]
    write_lines(tmp_path / "set.jsonl", rows)
    meta = {"set": {"root": ".", "annotation": "set.jsonl", "repeat_time": times, "length": count}}
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    done = convert_to("swift", tmp_path / "meta.json", tmp_path / "out")
    lines = (tmp_path / "out" / "set.jsonl").read_text().splitlines()
    texts = [json.loads(line)["messages"][1]["content"] for line in lines]
    assert len(texts) == wanted == done.tally.written
    assert done.tally.read == count
    if times == 0.3:
        numbers = list(map(int, texts))
        assert numbers == sorted(set(numbers))
        assert min(numbers) < 50
        assert max(numbers) > 950
        convert_to("swift", tmp_path / "meta.json", tmp_path / "again")
        assert (tmp_path / "again" / "set.jsonl").read_bytes() == (tmp_path / "out" / "set.jsonl").read_bytes()


def test_a_list_of_sets_is_checked_and_nothing_is_replaced(tmp_path):
    row = PAIRS["mmpr"][1][0]
    write_lines(tmp_path / "set.jsonl", [row, {**row, "image": "images/gone.png"}])
    entry = {"root": ".", "annotation": "set.jsonl", "repeat_time": 1, "length": 5}
    (tmp_path / "meta.json").write_text(json.dumps({"set": entry}))
    done = convert_to("mmpr", tmp_path / "meta.json", tmp_path / "out", skip_bad=True)
    assert (done.tally.written, done.tally.bad) == (1, 1)
    assert any("listed with 5 rows and has 2" in note for note in done.tally.notes)
    told = json.loads((tmp_path / "out" / "meta.json").read_text())["set"]
    assert (told["annotation"], told["length"], told["repeat_time"]) == ("set.jsonl", 1, 1)
    for wrong in (0, -1, float("nan"), "2", True):
        (tmp_path / "meta.json").write_text(json.dumps({"set": {**entry, "repeat_time": wrong}}))
        with pytest.raises(ValueError, match="repeat_time"):
            sources_of(tmp_path / "meta.json", KNOWN)
    (tmp_path / "meta.json").write_text('{"set": {"root": ".", "annotation": "set.jsonl",}}')
    with pytest.raises(ValueError, match="comma"):
        sources_of(tmp_path, KNOWN)


@pytest.mark.parametrize(
    ("fields", "rejected", "pictures"),
    [
        ({"rejected_response": "A dog."}, "A dog.", 0),
        ({"rejected_response": [{"role": "assistant", "content": "A dog."}]}, "A dog.", 0),
        ({"rejected_images": ["images/1.png"]}, "A cat.", 1),
        ({"rejected_response": "A dog.", "rejected_images": ["images/1.png"]}, "A dog.", 1),
        ({"rejected_images": ["images/1.png"], "rejected_messages": [
            {"role": "user", "content": "<image>And this?"}, {"role": "assistant", "content": "A dog."}]}, "A dog.", 1),
    ],
)  # fmt: skip
def test_the_three_ways_of_ms_swift_come_back_as_they_were(tmp_path, fields, rejected, pictures):
    row = {**{name: SWIFT[name] for name in ("messages", "images")}, **fields, "margin": 1.5}
    (example,) = examples_in(write_lines(tmp_path / "pairs.jsonl", [row]))
    assert example.replies[1].text == rejected
    assert (example.rejected_prompt is not None) is bool(pictures)
    assert example.margin == 1.5
    convert_to("swift", tmp_path / "pairs.jsonl", tmp_path / "out")
    (again,) = examples_in(tmp_path / "out")
    assert plain(again) == plain(example)
    written = json.loads((tmp_path / "out" / "set.jsonl").read_text())
    assert set(fields) == {name for name in written if name.startswith("rejected")}
    if pictures:
        with pytest.raises(ValueError, match="pictures of its own"):
            convert_to("trl", tmp_path / "pairs.jsonl", tmp_path / "trl")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rejected_messages": [{"role": "user", "content": "a"}]}, "rejected_images"),
        ({"rejected": "A dog."}, "of no format"),
        ({"rejected_response": "A dog.", "videos": ["a.mp4"]}, "'videos'"),
        ({"rejected_response": [{"role": "user", "content": "a"}]}, "only the assistant"),
    ],
)
def test_what_ms_swift_would_misread_is_refused(tmp_path, fields, words):
    row = {**{name: SWIFT[name] for name in ("messages", "images")}, **fields}
    (fault,) = faults_in(write_lines(tmp_path / "pairs.jsonl", [row]))
    assert words in fault


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (VICUNA.format("What is it?"), "What is it?"), ("USER: <image>\nWhat is it? ASSISTANT:", "What is it?"),
        (VICUNA.format("Line one\nline two"), "Line one\nline two"), ("What is it?", "What is it?"),
        (VICUNA.replace("<image>\n", "").format("What is it?"), "What is it?"),
    ],
)  # fmt: skip
def test_mdpos_template_is_taken_off(tmp_path, prompt, text):
    (example,) = examples_in(write_list(tmp_path / "a.json", [{**PAIRS["mdpo"][1][0], "prompt": prompt}]))
    assert example.prompt[0].text == text
    assert len(example.pictures) == 1


def test_half_a_template_is_refused(tmp_path):
    for prompt in ("USER: What is it?", "USER: a ASSISTANT: b USER: c ASSISTANT:", "What? ASSISTANT:"):
        (fault,) = faults_in(write_list(tmp_path / "a.json", [{**PAIRS["mdpo"][1][0], "prompt": prompt}]))
        assert "template" in fault


CHOSEN, REJECTED = [-0.5, -0.25, -1.0], [-2.0, -0.5]
SIX = [-1.75, -1.75 / 3, [0.0, 0.0, *CHOSEN], -2.5, -1.25, REJECTED]


@pytest.mark.parametrize("logps", [json.dumps(SIX), json.dumps({"logps": SIX})])
def test_stored_log_probabilities_are_those_of_the_replys_tokens(tmp_path, logps):
    place = write_table(tmp_path / "RLAIF-V-Dataset-withlogp_000-1.parquet", [{**RLAIFV, "logps": logps}])
    (example,) = examples_in(place)
    assert [reply.logprobs for reply in example.replies] == [tuple(CHOSEN), tuple(REJECTED)]
    convert_to("rlaifv", place, tmp_path / "out")
    (again,) = examples_in(tmp_path / "out")
    assert [reply.logprobs for reply in again.replies] == [tuple(CHOSEN), tuple(REJECTED)]


@pytest.mark.parametrize(
    "logps",
    ["[1, 2", "[]", json.dumps(SIX[:5]), json.dumps([*SIX[:2], [-9.0, -9.0, -9.0], *SIX[3:]]),
     json.dumps([math.nan, *SIX[1:]]), json.dumps(["a", *SIX[1:]])],
)  # fmt: skip
def test_stored_log_probabilities_that_do_not_fit_are_told(tmp_path, logps):
    (fault,) = faults_in(write_table(tmp_path / "a.parquet", [{**RLAIFV, "logps": logps}]))
    assert "'logps'" in fault


def test_rows_of_rlaif_v_without_log_probabilities_need_none(tmp_path):
    place = write_table(tmp_path / "a.parquet", [RLAIFV, {**RLAIFV, "idx": 1, "chosen": "One cat."}])
    assert [reply.logprobs for one in examples_in(place) for reply in one.replies] == [None] * 4


@pytest.mark.parametrize(("chosen", "rejected"), [("The sky", "The sky is blue"), ("Paris ", "London"), ("ab", "abc")])
def test_an_implicit_prompt_is_cut_at_messages_and_both_sides_keep_their_text(tmp_path, chosen, rejected):
    user = {"role": "user", "content": "The question"}
    row = {"chosen": [user, {"role": "assistant", "content": chosen}],
           "rejected": [user, {"role": "assistant", "content": rejected}]}  # fmt: skip
    (example,) = examples_in(write_lines(tmp_path / "a.jsonl", [row]))
    assert [reply.text for reply in example.replies] == [chosen, rejected]
    assert example.prompt[0].text == "The question"
    row["rejected"][0] = {"role": "user", "content": "The question!"}
    (fault,) = faults_in(write_lines(tmp_path / "b.jsonl", [row]))
    assert "unequal prompts" in fault


def test_parts_that_datasets_filled_with_null_are_told_by_their_type(tmp_path):
    parts = [{"type": "image", "image": None, "text": None}, {"type": "text", "text": "What is it?", "image": None}]
    row = {**PAIRS["trl"][1][0], "prompt": [{"role": "user", "content": parts}]}
    rows = Dataset.from_list([row])
    rows.to_parquet(tmp_path / "a.parquet")
    pictures_in(tmp_path)
    (example,) = examples_in(tmp_path / "a.parquet")
    assert plain(example) == plain(examples_in(write_set(PAIRS, "trl", tmp_path / "b"))[0])


@pytest.mark.parametrize("order", [0, 1])
def test_a_plain_turn_and_a_turn_of_parts_show_a_picture_once(tmp_path, order):
    parts = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "This?"}]}
    text = {"role": "user", "content": "Hello."}
    between = {"role": "assistant", "content": "Yes."}
    prompt = [text, between, parts] if order else [parts, between, text]
    row = {"images": ["images/0.png"], "prompt": prompt, "chosen": [{"role": "assistant", "content": "a"}],
           "rejected": [{"role": "assistant", "content": "b"}]}  # fmt: skip
    (example,) = examples_in(write_lines(tmp_path / "a.jsonl", [row]))
    assert [len(turn.pictures) for turn in example.prompt] == ([0, 0, 1] if order else [1, 0, 0])
    convert_to("trl", tmp_path / "a.jsonl", tmp_path / "out")
    assert plain(examples_in(tmp_path / "out")[0]) == plain(example)


def test_batches_are_split_below_the_limits_and_one_line_above_them_is_told(tmp_path):
    form = OpenAIBatch(model="m")
    assert (form.layout.max_rows, form.layout.max_bytes) == (50_000, 200_000_000)
    writer = TextWriter(tmp_path / "cut", "set", replace(form.layout, max_rows=3, max_bytes=100))
    for size in (10, 10, 10, 10, 70, 70):
        writer.write({"a": "x" * size}, "")
    with pytest.raises(RowError, match="its line has"):
        writer.write({"a": "x" * 100}, "")
    assert [one.rows for one in writer.close()] == [3, 2, 1]
    assert all(path.stat().st_size <= 100 for path in (tmp_path / "cut").iterdir())
    place = write_lines(tmp_path / "a.jsonl", [{"problem": "What is it?", "answer": "x", "images": []}])
    done = convert_to("openai_batch", place, tmp_path / "out", form=form)
    line = json.loads((tmp_path / "out" / "set.jsonl").read_text())
    assert (line["method"], line["url"], line["body"]["model"]) == ("POST", "/v1/chat/completions", "m")
    assert any("right answers" in note for note in done.tally.notes)
    with pytest.raises(ValueError, match="--model"):
        convert_to("openai_batch", write_set(QUESTIONS, "easyr1", tmp_path / "q"), tmp_path / "none")


def test_rows_of_null_before_text_keep_their_declared_type(tmp_path):
    writer = TableWriter(tmp_path, "set", FORMATS["verl"].layout)
    for number in range(10_001):
        writer.write({"data_source": "d", "ability": None if number < 10_000 else "math"}, "")
    writer.close()
    assert pq.ParquetFile(tmp_path / "set.parquet").num_row_groups == 2
    assert pq.read_table(tmp_path / "set.parquet")["ability"].to_pylist()[-2:] == [None, "math"]


def test_a_trainer_that_moves_marks_is_told_of(tmp_path):
    talk = [{"role": "user", "content": "What is <image>?"}, SWIFT["messages"][1]]
    place = write_lines(tmp_path / "a.jsonl", [{"messages": talk, "images": ["images/0.png"]}] * 2)
    done = convert_to("llava", place, tmp_path / "out")
    assert done.tally.notes == {"LLaVA's trainer moves their picture marks to the front of the turn": 2}
