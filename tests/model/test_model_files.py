"""A model's folder that lacks something, or holds what does not fit, is refused by file and remedy."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from shutil import copytree

import pytest
import torch
from families import FAMILIES
from PIL import Image
from safetensors.torch import load_file, save_file
from said_errors import sentence
from transformers import GenerationConfig

from seewhy.cli.main import main
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.ends import unused_settings
from seewhy.model.loading.sound_weights import require_sound
from seewhy.model.weights import SHIPPED, root_of, size_of_weights, weights_identity

Weights = dict[str, torch.Tensor]
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab\nsize 4976698672\n"


def edit(folder: Path, file: str, **fields: object) -> None:
    found = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**found, **fields}))


def reweigh(folder: Path, change: Callable[[Weights], object]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    whole = {name: tensor.contiguous() for name, tensor in weights.items()}
    save_file(whole, folder / "model.safetensors", metadata={"format": "pt"})


def remove(*names: str) -> Callable[[Path], object]:
    return lambda folder: [(folder / name).unlink() for name in names]


def write(file: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_text(text)


def reword_head(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"F32"', b'"F99"', 1))


def drop_layer(weights: Weights) -> None:
    for name in [name for name in weights if ".layers.1.mlp." in name]:
        del weights[name]


def narrow(weights: Weights) -> None:
    name = next(name for name in weights if name.endswith("layers.0.mlp.up_proj.weight"))
    weights[name] = weights[name][:-3]


def own_adapter(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder.absolute())}))


def spoil_numbers(weights: Weights) -> None:
    name = next(name for name in weights if name.endswith("layers.1.mlp.up_proj.weight"))
    weights[name][-1, -1] = torch.inf


def to_bytes(weights: Weights) -> None:
    weights.update({name: tensor.to(torch.int8) for name, tensor in weights.items()})


def set_pictures(folder: Path, **settings: object) -> None:
    path = folder / "processor_config.json"
    found = json.loads(path.read_text())
    edit(folder, path.name, image_processor={**found["image_processor"], **settings})


def larger_pictures(folder: Path) -> None:
    set_pictures(folder, crop_size={"height": 64, "width": 64}, size={"shortest_edge": 64})


def flat_pictures(folder: Path) -> None:
    set_pictures(folder, image_std=[0.0, 0.0, 0.0])


def fewer_words(folder: Path, count: int) -> None:
    config = json.loads((folder / "config.json").read_text())
    all_of_them = config["text_config"]["vocab_size"]
    edit(folder, "config.json", text_config={**config["text_config"], "vocab_size": count})
    reweigh(folder, lambda weights: weights.update(
        {name: tensor[:count] for name, tensor in weights.items() if len(tensor) == all_of_them}))  # fmt: skip


def lost_shard(folder: Path) -> None:
    names = list(load_file(folder / "model.safetensors"))
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    placed = {name: f"model-0000{1 + n % 2}-of-00002.safetensors" for n, name in enumerate(names)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": placed}))


WRONG: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "no weights": (remove("model.safetensors"), ["holds no weights", "copy the whole folder"]),
    "no processor": (remove("processor_config.json"), ["processor_config.json", "copy"]),
    "no tokenizer": (remove("tokenizer.json"), ["tokenizer.json", "copy"]),
    "no chat template": (remove("chat_template.jinja"), ["no chat template", "prompt.template"]),
    "a template of another kind": (
        write("chat_template.jinja", "{{ messages[0]['content'] + '' }}"), ["chat template", "prompt.template"]),
    "a template that counts": (write("chat_template.jinja", "{{ 1 / 0 }}"), ["chat template", "prompt.template"]),
    "a pointer": (write("model.safetensors", POINTER), ["model.safetensors is a pointer", "git lfs pull"]),
    "a head of other words": (reword_head, ["model.safetensors was cut or changed", "copy it again"]),
    "a layer that is not there": (
        lambda folder: reweigh(folder, drop_layer), ["lack 7 of the weights", "layers.1.mlp.down_proj", "at random"]),
    "another shape": (
        lambda folder: reweigh(folder, narrow), ["another shape", "layers.0.mlp.up_proj.weight", "config.json"]),
    "a lost shard": (lost_shard, ["model-00002-of-00002.safetensors is not there", "copy the whole folder"]),
    "weights of pickles": (
        lambda folder: [remove("model.safetensors")(folder), torch.save({"a": Path()}, folder / "pytorch_model.bin")],
        ["pytorch_model.bin holds more than tensors", "safetensors"]),
    "settings that are no JSON": (write("generation_config.json", "{"), ["generation_config.json is no JSON"]),
    "settings that are a list": (write("config.json", "[]"), ["config.json holds no JSON object"]),
    "a precision that is none": (lambda folder: edit(folder, "config.json", dtype="float99"), ["float99", "correct"]),
    "a text model": (
        lambda folder: edit(folder, "config.json", model_type="llama"), ["llama", "no vision-language model"]),
    "code of its own": (
        lambda folder: edit(folder, "config.json", model_type="mine", auto_map={"AutoConfig": "mine.Mine"}),
        ["code from its repository", "docs/families.md"]),
    "an end in words": (
        lambda folder: edit(folder, "generation_config.json", eos_token_id="</s>"), ["eos_token_id", "'</s>'"]),
    "an end beyond the words": (
        lambda folder: edit(folder, "generation_config.json", eos_token_id=[1, 99999]), ["eos_token_id", "99999"]),
    "numbers that are none": (
        lambda folder: reweigh(folder, spoil_numbers), ["layers.1.mlp.up_proj.weight holds what is no number", "copy"]),
    "bytes in place of numbers": (
        lambda folder: reweigh(folder, to_bytes), ["holds I8", "quantization_config", "float16"]),
    "weights of another tool": (
        lambda folder: (folder / "model.safetensors").rename(folder / "model.gguf"), ["model.gguf", "not read"]),
    "pictures of another size": (
        larger_pictures, ["model mine: ", "does not run", "64*64", "processor belong to one model"]),
    "the picture's mark of another model": (
        lambda folder: edit(folder, "config.json", image_token_index=7), ["does not run", "tokens: 0", "one model"]),
    "words of another model": (lambda folder: fewer_words(folder, 300), ["makes token", "knows 300", "one model"]),
    "pictures divided by nothing": (flat_pictures, ["pixel_values that are no numbers", "image_std"]),
    "an adapter of itself": (own_adapter, ["adapter of itself", "base_model_name_or_path"]),
}  # fmt: skip
"""What is wrong with the model that ships, and what must be named."""


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    Image.new("RGB", (32, 32), (200, 30, 30)).save(tmp_path / "a.png")
    rows = [{"id": str(n), "split": "test", "question": f"What is {n}?", "answer": n, "image": "a.png"}
            for n in range(2)]  # fmt: skip
    (tmp_path / "own.json").write_text(json.dumps(rows))
    return tmp_path / "own.json"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    copytree(SHIPPED, tmp_path / "mine")
    with chdir(tmp_path):
        yield tmp_path / "mine"


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_wrong_with_a_folder_is_told_before_anything_is_drawn(kind, folder, questions, capsys):
    spoil, told = WRONG[kind]
    spoil(folder)
    assert main(["evaluate", "--model", str(folder), "--questions", str(questions), "--out", "out"]) == 2
    err = capsys.readouterr().err
    said = sentence(err)
    assert not [part for part in told if part not in said], said
    first, where, remedy = err.strip().splitlines()[-3:]
    assert (first.split()[0], where.split()[0], remedy.split()[0]) == ("seewhy:", "where:", "remedy:")
    assert "--help" not in err
    assert not list(Path("out").rglob("*.parquet"))


def test_weights_that_are_no_numbers_are_refused_before_a_reply_is_kept(folder, questions, capsys):
    """Older weights: those in safetensors are looked through before."""
    weights = load_file(folder / "model.safetensors")
    next(tensor for name, tensor in weights.items() if "layers.1.mlp" in name).fill_(torch.nan)
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert main(["evaluate", "--model", str(folder), "--questions", str(questions), "--out", "out"]) == 2
    assert "NaN" in sentence(capsys.readouterr().err)
    assert not list(Path("out").rglob("chains/*.parquet"))


def test_a_net_with_the_processor_of_another_one_is_told_before_a_plan_traces_its_passes(folder, capsys):
    (folder / "config.json").write_text(json.dumps({"model_type": "mistral_large4"}))
    assert main(["plan", "quick", "--base.path", str(folder)]) == 2
    said = sentence(capsys.readouterr().err)
    assert [
        part for part in ("model base: ", "does not run", "processor belong to one model") if part not in said
    ] == []


def test_a_pipe_among_the_files_of_a_model_is_no_part_of_it(folder):
    identity = weights_identity(str(folder))
    os.mkfifo(folder / "notes.txt")
    assert weights_identity(str(folder)) == identity


def test_large_tensors_are_looked_through_by_rows_from_the_first_to_the_last(tmp_path):
    held = torch.zeros(5, 300, 400)
    for place in ((0, 0, 399), (4, 299, 0)):
        held[place] = torch.nan
        save_file({"experts": held}, tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match="tensor experts holds what is no number"):
            require_sound(str(tmp_path))
        held[place] = 0.0
    save_file({"experts": held.bfloat16(), "scale": torch.tensor(1.0)}, tmp_path / "model.safetensors")
    require_sound(str(tmp_path))


def test_older_weights_are_opened_and_their_content_counts(folder):
    weights = load_file(folder / "model.safetensors")
    expected = HubModel.load(folder).fingerprint
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    identity = weights_identity(str(folder))
    assert HubModel.load(folder).fingerprint == expected
    assert identity != str(folder)
    assert size_of_weights(str(folder)) == (folder / "pytorch_model.bin").stat().st_size
    torch.save({name: tensor + 1 for name, tensor in weights.items()}, folder / "pytorch_model.bin")
    assert weights_identity(str(folder)) != identity


def test_weights_without_a_place_are_told(folder, caplog):
    reweigh(folder, lambda weights: weights.update({"model.language_model.layers.9.bias": torch.zeros(3)}))
    with caplog.at_level(logging.WARNING):
        HubModel.load(folder)
    assert "1 weights of its files have no place in the net" in caplog.text


def test_what_is_not_followed_of_a_models_own_settings_is_told_once(folder, caplog):
    edit(folder, "generation_config.json", repetition_penalty=1.05, suppress_tokens=[5, 6], temperature=0.1, top_k=1)
    with caplog.at_level(logging.WARNING):
        HubModel.load(folder)
        HubModel.load(folder)
    assert caplog.text.count("repetition_penalty=1.05, suppress_tokens=[5, 6]") == 1


@pytest.mark.parametrize("settings", [{}, {"eos_token_id": [1, 2]}, {"temperature": 0.1, "top_p": 0.01, "top_k": 1}])
def test_what_a_stage_sets_itself_is_not_told(settings):
    assert unused_settings(GenerationConfig(do_sample=True, num_beams=1, repetition_penalty=1.0, **settings)) == ""


def test_two_adapters_that_name_each_other_are_refused(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        plain = json.dumps({"base_model_name_or_path": str(tmp_path / other)})
        (tmp_path / name / "adapter_config.json").write_text(plain)
    with pytest.raises(ValueError, match="adapter of itself"):
        root_of(tmp_path / "a")


@pytest.mark.nightly
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_a_family_saves_is_found_whole(family, tmp_path, caplog):
    family.make().save(tmp_path)
    with caplog.at_level(logging.WARNING):
        HubModel.load(tmp_path)
    assert "no place" not in caplog.text
