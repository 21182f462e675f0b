"""`seewhy plan` tells what a run will take before it runs, says what it rests on, and warns of what cannot go well."""

import io
import json
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from seewhy.cli.plan_memory import as_trained, open_bytes, open_paper
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig

from seewhy.cli.main import main
from seewhy.model.families import tiny
from seewhy.model.plan import BF16, AdapterPlan, ComputePlan
from seewhy.records.step_logs import read_steps
from seewhy.training.memory.trace import weight_bytes
from seewhy.training.plan import FitPlan

SMALL = shlex.split("""
--questions.train 36 --questions.validation 3 --questions.test 6 --questions.shifted 3 --distil.questions 24
--sft.batch-size 6 --fit.batch-size 4 --sampling.questions 12 --sampling.per-question 6 --sampling.max-tokens 48
--evaluation.max-tokens 32 --rerank.questions 3 --rerank.per-question 4 --preference.compare dpo
""")
STAGES = ["questions", "distil", "sft", "sample", "train", "eval", "rerank"]
Told = Callable[..., str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What `seewhy plan` prints; it must end well and leave nothing behind."""
    place = tmp_path_factory.mktemp("nothing")

    def tell(*words: str) -> str:
        with redirect_stdout(io.StringIO()) as out:
            assert (
                main(["plan", *words, "--run", str(place / "run")] if "--run" not in words else ["plan", *words]) == 0
            )
        assert list(place.iterdir()) == []
        return out.getvalue()

    return tell


@pytest.fixture(scope="module")
def forecast(told: Told) -> dict[str, object]:
    """Of a small run, as one JSON object."""
    return json.loads(told("inkgrid", "--json", *SMALL))


def stages_of(forecast: dict[str, object]) -> dict[str, dict[str, object]]:
    return {stage["name"]: stage for stage in forecast["stages"]}


def own_questions(place: Path, *, long: bool = False) -> list[str]:
    """Options of a run on ten questions of one's own, of which one may have too many words for the model."""
    row = {"question": "What is the sum?", "answer": "9", "rationale": "It is 9."}
    rows = [{**row, "id": f"{split}-{n}", "split": split} for split in ("train", "validation", "test")
            for n in range(10 if split == "train" else 1)]  # fmt: skip
    if long:
        rows.append({**row, "id": "long", "split": "train", "context": "one two three " * 300})
    source = place / "own.jsonl"
    source.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return shlex.split(f"--questions.benchmark jsonl --questions.source {source} --questions.shifted 0 "
                       "--distil.teacher gold --sft.batch-size 4 --sft.save-every 2 --sft.epochs 2")  # fmt: skip


def test_every_stage_has_its_rows_and_what_trains_has_steps_and_memory(forecast):
    """12 questions of at most 3 pairs, of which one question fits into a step of 4 pairs."""
    stages = stages_of(forecast)
    assert list(stages) == STAGES
    assert stages["questions"]["rows"] == 36 + 3 + 6 + 3
    assert stages["sample"]["rows"] == 12 * 6
    assert stages["train"]["rows"] == 12 * 3
    assert stages["train"]["steps"] == 2 * 2 * 12, "two objectives, two epochs, a question a step"
    assert stages["eval"]["rows"] == 4 * (2 * 6 + 2 * 3 + 6)
    assert stages["rerank"]["rows"] == 3 * 4
    for name in ("sft", "train"):
        assert stages[name]["peak_mb"] > forecast["base_mb"]
        assert stages[name]["seconds"] > 0
    assert not stages["train"]["exact"]
    assert stages["train"]["most_mb"] >= stages["train"]["peak_mb"]


def test_the_terms_of_the_memory_are_told_and_add_up(forecast):
    for terms in forecast["memory"].values():
        above = max(terms["passes"] + terms["held"], terms["optimiser"])
        assert terms["step"] == pytest.approx(
            sum(terms[name] for name in ("base", "prompts", "weights", "others", "moments")) + above
        )
        assert terms["rows_above_budget"] == 0
    assert forecast["memory"]["train"]["others"] == pytest.approx(forecast["weights_mb"])


def test_an_adapter_and_checkpoints_are_counted(told, forecast):
    """Rank 4 moves a few per cent of the weights; layers that are computed again keep their inputs alone."""
    words = "--adapter.rank 4 --compute.gradient-checkpointing"
    small = json.loads(told("inkgrid", "--json", *SMALL, *shlex.split(words)))["memory"]
    for name, whole in forecast["memory"].items():
        assert small[name]["moments"] < 0.2 * whole["moments"]
        assert whole["weights"] < small[name]["weights"] < 1.1 * whole["weights"]
        assert small[name]["passes"] < 0.75 * whole["passes"]
        assert small[name]["checked"] - small[name]["base"] < 0.8 * (whole["checked"] - whole["base"])


def test_weights_under_an_adapter_take_half_in_bf16_and_the_model_is_itself_again_afterwards():
    paper, half = open_paper("tiny"), ComputePlan(precision=BF16)
    whole, names = weight_bytes(paper.net).total, [name for name, _ in paper.net.named_parameters()]
    with as_trained(paper, FitPlan(learning_rate=1e-4), AdapterPlan(rank=4), half):
        found = weight_bytes(paper.net)
        assert found.total == whole / 2 + found.moved
    with as_trained(paper, FitPlan(learning_rate=1e-4), AdapterPlan(), half):
        assert weight_bytes(paper.net).total == whole
    assert (weight_bytes(paper.net).total, [name for name, _ in paper.net.named_parameters()]) == (whole, names)
    assert open_bytes(paper, AdapterPlan(rank=4), half) == whole / 2
    assert open_bytes(paper, AdapterPlan(), half) == whole


def test_prompts_are_told_by_split_and_style(forecast):
    assert [(row["split"], row["style"]) for row in forecast["prompts"]] == [
        (split, style) for split in ("train", "validation", "test", "shifted") for style in ("direct", "reason")
    ]
    for row in forecast["prompts"]:
        assert 36 < row["min"] <= row["median"] <= row["p95"] <= row["max"]
    assert forecast["prompts"][0]["sampled"] == 36


def test_the_page_names_each_stage_and_tells_what_is_known_counted_measured_and_assumed(told):
    page = told("inkgrid", *SMALL)
    for word in (*STAGES, "Tokens of a prompt", "known:", "counted:", "measured here:", "up to", "in all"):
        assert word in page
    assert "watch out" not in page


def test_steps_of_gold_lessons_are_exact_and_the_disk_is_near(told, tmp_path):
    """Foretold before anything ran; then the three stages are run."""
    own = own_questions(tmp_path)
    stage = stages_of(json.loads(told("inkgrid", "--json", *own)))["sft"]
    assert stage["exact"]
    run = tmp_path / "run"
    with redirect_stdout(io.StringIO()):
        recipe = tmp_path / "own.yaml"
        recipe.write_text(shown(own))
        for name in ("questions", "distil", "sft"):
            assert main([name, "--run", str(run), "--recipe", str(recipe)]) == 0
    assert stage["steps"] == len(read_steps(run / "sft" / "steps.jsonl"))
    size = sum(path.stat().st_size for path in (run / "sft").rglob("*") if path.is_file()) / 2**20
    assert stage["disk_mb"] == pytest.approx(size, rel=0.25)
    again = stages_of(json.loads(told("inkgrid", "--json", *own, "--run", str(run))))["sft"]
    assert (again["basis"], again["steps"]) == ("lessons of the run", stage["steps"])


def shown(options: list[str]) -> str:
    """The YAML of the inkgrid recipe with these options."""
    with redirect_stdout(io.StringIO()) as out:
        assert main(["recipe", "show", "inkgrid"]) == 0
    values = dict(zip(options[::2], options[1::2], strict=True))
    lines, section = [], ""
    for line in out.getvalue().splitlines():
        name, _, _ = line.strip().partition(":")
        section = name if not line.startswith(" ") else section
        option = f"--{section}.{name}".replace("_", "-")
        lines.append(f"  {name}: {values[option]}" if option in values else line)
    return "\n".join(lines) + "\n"


def test_a_prompt_that_is_too_long_and_rows_above_the_budget_are_told(told, tmp_path):
    own = own_questions(tmp_path, long=True)
    warnings = json.loads(told("inkgrid", "--json", *own, "--sft.row-tokens", "8"))["warnings"]
    assert any("question long: its prompt has" in warning for warning in warnings)
    assert any(" sampled rows are above --sft.row-tokens 8: each runs alone" in warning for warning in warnings)


def test_a_model_that_will_not_fit_is_told_with_the_remedy_and_no_time(told, tmp_path):
    """Four layers of width 16,384 are about 50 GB in float32, and gradients and moments three times as much."""
    processor = tiny.SHIPPED
    for name in ("chat_template.jinja", "generation_config.json", "processor_config.json", "tokenizer.json",
                 "tokenizer_config.json"):  # fmt: skip
        (tmp_path / name).write_bytes((processor / name).read_bytes())
    small = json.loads((processor / "config.json").read_text())
    text = LlamaConfig(
        vocab_size=small["text_config"]["vocab_size"], hidden_size=16384, intermediate_size=53248, num_hidden_layers=4,
        num_attention_heads=128, max_position_embeddings=4096, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    LlavaConfig(
        vision_config=CLIPVisionConfig(**small["vision_config"]), text_config=text, vision_feature_layer=-1,
        image_token_index=small["image_token_index"] if "image_token_index" in small else small["image_token_id"],
        image_seq_length=36,
    ).save_pretrained(tmp_path)  # fmt: skip
    page = told("inkgrid", *own_questions(tmp_path), "--model", str(tmp_path))
    assert "it will not fit; most of it are weights, gradients and AdamW's moments: train an adapter, such as" in page
    assert "time: not foretold" in page


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["plan"], "`seewhy plan` needs a recipe first: inkgrid, inkgrid-base or a YAML file"),
        (["plan", "inkgird"], "there is no recipe 'inkgird'; did you mean 'inkgrid'?"),
        (["plan", "inkgrid-base"], "recipe inkgrid-base has no stages to plan"),
        (["plan", "mine.yaml"], "mine.yaml: no such file"),
        (["plan", "inkgrid", "--questions.benchmark", "inkgrd"], "there is no benchmark 'inkgrd'"),
        (["plan", "inkgrid", "--model", "no/such/folder"], "model 'no/such/folder' cannot be opened"),
        (["plan", "inkgrid", "--questions.benchmark", "jsonl"], "name their file or folder with --questions.source"),
        (["plan", "inkgrid", "--questions.test", "0"], "set --questions.train and --questions.test"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_told_in_one_line(words, wanted, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert wanted in " ".join(captured.err.split())
