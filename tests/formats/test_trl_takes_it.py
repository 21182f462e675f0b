"""TRL's own trainers take an exported set for two steps, and make of it the token ids that we train on."""

from pathlib import Path

import pytest
import torch
from datasets import load_dataset
from formats.made_sets import FORMATS, KNOWN, LESSONS, PAIRS, found_in, png, write_lines
from transformers import AutoModelForImageTextToText, AutoProcessor
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer
from trl.trainer.dpo_trainer import DataCollatorForVisionPreference

from seewhy.formats.converting.convert import Target, convert
from seewhy.formats.converting.reading import ReadPlan
from seewhy.formats.converting.sources import sources_of, with_reader
from seewhy.formats.seewhy import Seewhy
from seewhy.model.families import tiny
from seewhy.model.families.hub import HubModel
from seewhy.records.rows import RowReader
from seewhy.records.types import Pair, Question
from seewhy.runs.question_rows import question_rows

pytestmark = pytest.mark.filterwarnings("ignore")
WEIGHTS = Path(tiny.__file__).parent / "tiny_weights"
TALK = [
    {"role": "user", "content": "<image>What is shown here?"}, {"role": "assistant", "content": "A grid."},
    {"role": "user", "content": "And how many rows are there?"}, {"role": "assistant", "content": "There are 3."},
]  # fmt: skip


def exported(folder, name, rows):
    place = write_lines(folder / "pairs.jsonl", rows)
    for kind, form in (("trl", FORMATS[name]), ("ours", Seewhy(name="set"))):
        convert(sources_of(place, KNOWN), ReadPlan(), Target(format=form, folder=folder / kind, name="set"))
    return load_dataset(
        "parquet", data_files=str(folder / "trl" / "set.parquet"), split="train", cache_dir=str(folder / "cache")
    )


def rows(count=4):
    base = PAIRS["swift"][1][0]
    return [
        {**base, "rejected_response": f"A dog, {number}.", **({"messages": TALK} if number % 2 else {})}
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def processor():
    return AutoProcessor.from_pretrained(WEIGHTS)


def arguments(kind, folder, **others):
    return kind(
        output_dir=str(folder / "trained"), max_steps=2, per_device_train_batch_size=2, report_to=[], use_cpu=True,
        save_strategy="no", logging_steps=1, disable_tqdm=True, bf16=False, gradient_checkpointing=False,
        dataloader_num_workers=0, max_length=None, **others,
    )  # fmt: skip


def test_trls_dpo_trainer_takes_an_exported_set_for_two_steps(tmp_path, processor):
    held = exported(tmp_path, "trl", rows())
    net = AutoModelForImageTextToText.from_pretrained(WEIGHTS)
    before = net.get_input_embeddings().weight.detach().clone()
    args = arguments(DPOConfig, tmp_path, learning_rate=1e-3)
    trainer = DPOTrainer(model=net, args=args, train_dataset=held, processing_class=processor)
    trainer.train()
    assert trainer.state.global_step == 2
    losses = [log["loss"] for log in trainer.state.log_history if "loss" in log]
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)
    assert not torch.equal(before, net.get_input_embeddings().weight)


def test_trls_sft_trainer_takes_exported_lessons_for_two_steps(tmp_path, processor):
    held = exported(tmp_path, "trl_completion", LESSONS["swift"][1] * 4)
    net = AutoModelForImageTextToText.from_pretrained(WEIGHTS)
    args = arguments(SFTConfig, tmp_path)
    trainer = SFTTrainer(model=net, args=args, train_dataset=held, processing_class=processor)
    trainer.train()
    assert trainer.state.global_step == 2


def test_trl_makes_the_token_ids_that_we_train_on(tmp_path, processor):
    held = exported(tmp_path, "trl", rows(1))
    batch = DataCollatorForVisionPreference(processor)([dict(row) for row in held])
    model = HubModel.load(WEIGHTS, label="tiny")
    (question,) = question_rows(RowReader(tmp_path / "ours" / "questions", Question), tmp_path / "ours" / "questions")
    (pair,) = RowReader(tmp_path / "ours", Pair)
    prompt = model.prompt(question, pair.style).ids
    for number, side in enumerate((pair.chosen, pair.rejected)):
        kept = batch["attention_mask"][number].bool()
        ids = batch["input_ids"][number][kept].tolist()
        assert ids == [*prompt, *model.response_ids(side)]
    assert png(0) == Path(question.images[0].path).read_bytes()


def test_our_own_rows_go_out_again_as_they_came_in(tmp_path):
    exported(tmp_path, "trl", rows())
    sources = with_reader(sources_of(tmp_path / "ours", KNOWN), Seewhy(questions=tmp_path / "ours" / "questions"))
    convert(sources, ReadPlan(), Target(format=FORMATS["trl"], folder=tmp_path / "again", name="set"))
    first, again = ([one.example for one in found_in(tmp_path / name)] for name in ("trl", "again"))
    assert [one.prompt for one in first] == [one.prompt for one in again]
    assert [one.replies for one in first] == [one.replies for one in again]
