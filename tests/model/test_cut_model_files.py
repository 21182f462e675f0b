"""Files of a model that were cut, hold other things or name what is not there are refused by file and remedy."""

import json
import re
from contextlib import chdir
from pathlib import Path
from shutil import copytree, rmtree

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.model.weights import SHIPPED


def as_older(folder: Path) -> Path:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def index_alone(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text('{"weight_map": []}')


def no_ends(folder: Path) -> None:
    for path in folder.glob("*config.json"):
        path.write_text(re.sub(r'"eos_token(?:_id)?": [^,\n]*,', "", path.read_text()))


def edit(folder: Path, **fields: object) -> None:
    path = folder / "processor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


WRONG = {
    "no end": (no_ends, ["names no end-of-turn token", "set eos_token_id in its generation_config.json"]),
    "an index of nothing": (index_alone, ["index.json names no files under weight_map", "copy it again"]),
    "older weights that were cut": (
        lambda folder: cut(as_older(folder), 5000), ["pytorch_model.bin was cut", "5,000 bytes", "copy it again"]),
    "older weights in words": (
        lambda folder: as_older(folder).write_text("hello"), ["pytorch_model.bin holds no weights", "copy it again"]),
    "weights in words": (
        lambda folder: (folder / "model.safetensors").write_text("hello"),
        ["model.safetensors is no safetensors file", "5 bytes", "copy it again"]),
    "a processor of words alone": (
        lambda folder: edit(folder, processor_class="Nonsense"),
        ["which has no tokenizer", "correct processor_class in its processor_config.json"]),
    "patches of no size": (
        lambda folder: edit(folder, patch_size=0),
        ["question 0", "ZeroDivisionError", "correct the settings of the processor"]),
    "a file": (
        lambda folder: (rmtree(folder), folder.write_text("x")), ["'mine' cannot be opened", "it is a file", "give"]),
}  # fmt: skip
"""What is wrong with the model that ships, and what must be named."""


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_a_file_is_told_before_anything_is_drawn(kind, tmp_path, capsys):
    spoil, told = WRONG[kind]
    Image.new("RGB", (32, 32), (200, 30, 30)).save(tmp_path / "a.png")
    row = {"id": "0", "split": "test", "question": "What?", "answer": "1", "image": "a.png"}
    (tmp_path / "own.json").write_text(json.dumps([row]))
    copytree(SHIPPED, tmp_path / "mine")
    spoil(tmp_path / "mine")
    with chdir(tmp_path):
        assert main(["evaluate", "--model", "mine", "--questions", "own.json", "--out", "out"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 3, said
    assert not [part for part in told if part not in sentence(said)], said
    assert not list(tmp_path.glob("out/**/*.parquet"))
