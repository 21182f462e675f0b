"""A newcomer's wrong input is told before anything is drawn or paid for, with file, field or model, and the remedy."""

import json
import socket
import time
from pathlib import Path

import pytest
from PIL import Image
from said_errors import sentence
from served_oracle import draw, serve

from seewhy.cli.main import main
from seewhy.model.weights import weights_place

SOON = 15.0
"""Seconds of work until a fault is told: a machine that is busy takes longer for them."""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Twelve questions of one's own, with a picture."""
    Image.new("RGB", (32, 32), (200, 30, 30)).save(tmp_path / "a.png")
    splits = ["train"] * 6 + ["validation"] * 3 + ["test"] * 3
    rows = [{"id": str(n), "split": split, "question": f"What is {n} plus 1?", "answer": str(n + 1), "image": "a.png",
             "rationale": f"{n} and 1 are {n + 1}."} for n, split in enumerate(splits)]  # fmt: skip
    return write(tmp_path / "own.jsonl", rows)


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def changed(source: Path, number: int, **fields: object) -> Path:
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    rows[number].update(fields)
    return write(source, rows)


def cut_model(folder: Path) -> Path:
    """A model whose weights were cut while they were copied."""
    folder.mkdir()
    for path in Path(weights_place("tiny")).iterdir():
        content = path.read_bytes()
        (folder / path.name).write_bytes(content[: len(content) // 2] if path.suffix == ".safetensors" else content)
    return folder


def no_server() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


WRONG = {
    "no such file": (lambda own, _: ["--questions", str(own.with_name("none.jsonl"))], ["none.jsonl"]),
    "another format": (lambda own, _: ["--questions", str(own.rename(own.with_suffix(".xls")))], ["own.xls", ".csv"]),
    "a field's name": (lambda own, _: ["--questions", str(changed(own, 1, answr="2"))], [":2:", "'answr'", "'answer'"]),
    "a row twice": (lambda own, _: ["--questions", str(changed(own, 1, id="0"))], [":2:", "'id'", ":1"]),
    "a picture that is not there": (
        lambda own, _: ["--questions", str(changed(own, 11, image="b.png"))], [":12:", "b.png is not there"],
    ),
    "a picture that is none": (
        lambda own, _: ["--questions", str(changed(own, 11, image="own.jsonl"))], [":12:", "cannot be read"],
    ),
    "no model": (
        lambda own, _: ["--model", "no-such-folder"], ["no-such-folder", "cannot be opened", "HF_HUB_OFFLINE"],
    ),
    "no folder": (lambda own, tmp: ["--model", str(tmp / "mine")], ["mine' cannot be opened", "there is no folder"]),
    "no model in the folder": (lambda own, tmp: ["--model", str(tmp)], ["cannot be opened", "holds no config.json"]),
    "weights that were cut": (
        lambda own, tmp: ["--model", str(cut_model(tmp / "cut"))], ["model.safetensors", "cut", "copy it again"],
    ),
    "a mark in the words": (
        lambda own, _: ["--questions", str(changed(own, 11, question="<image> What?"))],
        ["1 of 3 questions do not fit", "a picture mark in the text"],
    ),
    "too long a question": (
        lambda own, _: ["--questions", str(changed(own, 11, question="long " * 5000))],
        ["1 of 3 questions do not fit", "too long"],
    ),
    "a number out of its range": (lambda own, _: ["--max-tokens", "0"], ["max_tokens", "1 or above"]),
    "an option that is none": (lambda own, _: ["--max-token", "4"], ["max"]),
}  # fmt: skip
"""Wrong inputs of `seewhy evaluate`, and what the error must name."""


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_input_is_told_before_a_reply_is_drawn(kind, own, tmp_path, capsys):
    make, told = WRONG[kind]
    words = make(own, tmp_path)
    usual = {"--model": "tiny", "--questions": str(own), "--out": str(tmp_path / "out")}
    for name, value in usual.items():
        words += [] if name in words else [name, value]
    began = time.process_time()
    assert main(["evaluate", *words]) == 2
    assert time.process_time() - began < SOON
    said = sentence(capsys.readouterr().err)
    assert not [part for part in told if part not in said], said
    assert not list((tmp_path / "out").rglob("chains/*.parquet"))


@pytest.mark.parametrize("fault", ["nobody listens", "another name", "no key"])
def test_a_server_is_visited_before_anything_is_paid_for(fault, own, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("SEEWHY_TEST_KEY", raising=False)
    with serve(draw(tmp_path / "pages", 1), tmp_path / "served") as server:
        url = no_server() if fault == "nobody listens" else server.base_url
        words = ["run", "inkgrid", "--run", str(tmp_path / "run"), "--until", "rationales", "--questions.benchmark",
                 "jsonl", "--questions.source", str(own), "--questions.shifted", "0", "--models.teacher.base-url", url,
                 "--models.teacher.model", "gpt-none", "--rationales.teacher.kind", "endpoint", "--rationales.model",
                 "teacher"]  # fmt: skip
        words += ["--models.teacher.key-variable", "SEEWHY_TEST_KEY"] if fault == "no key" else []
        status = main(words)
        out, err = capsys.readouterr()
        said = " ".join(f"{out}{err}".split())
    listed = "lists no model 'gpt-none'"
    told = {"nobody listens": "does not answer", "another name": listed, "no key": "SEEWHY_TEST_KEY"}
    assert status == 2
    assert told[fault] in said
    assert not list((tmp_path / "run").rglob("rationales/chains/*.parquet"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--compute.tf32", "--compute.device", "cpu"], ["compute.tf32", "NVIDIA"]),
        (["--compute.attention", "fast"], ["compute.attention", "eager, sdpa, flash_attention_2"]),
        (
            ["--compute.attention", "flash_attention_2", "--compute.precision", "bf16", "--compute.device", "cpu"],
            ["compute.attention", "sdpa"],
        ),
    ],
)
def test_an_arithmetic_that_this_machine_lacks_is_told_before_a_run_begins(words, told, tmp_path, capsys):
    assert main(["run", "quick", "--run", str(tmp_path / "run"), *words]) == 2
    said = sentence(capsys.readouterr().err)
    assert not [part for part in told if part not in said], said
    assert not (tmp_path / "run" / "questions").exists()
