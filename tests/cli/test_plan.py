"""`seewhy plan` says what a run will take before it runs, what that rests on, and warns of what cannot go well."""

import io
import json
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from priced_runs import CHAINS, SAMPLED, TAUGHT, recipe_at, saved
from said_errors import sentence
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig

from seewhy.cli.main import main
from seewhy.model.plan import BF16, AdapterPlan, ComputePlan
from seewhy.model.prompt_plan import AS_IS, PromptPlan
from seewhy.model.weights import SHIPPED
from seewhy.recipes import inkgrid
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Gold, MatchRule, Question, Split, Style
from seewhy.runs.discovery import class_of
from seewhy.runs.forecast.local import LocalModel
from seewhy.runs.forecast.meta import as_trained, open_meta
from seewhy.runs.forecast.whole import RunForecast, forecast_run
from seewhy.runs.machine import ModelSpec
from seewhy.training.memory.trace import weight_bytes
from seewhy.training.plan import FitPlan

SMALL = shlex.split("""
--questions.train 36 --questions.validation 3 --questions.test 6 --questions.shifted 3 --rationales.ask 24
--lessons.ask 24 --sft.fit.batch-size 6 --mpo.fit.batch-size 4 --dpo.fit.batch-size 4 --chains.ask 12
--chains.per-question 6 --chains.max-tokens 48 --test.max-tokens 32 --shifted.max-tokens 32 --verifier.ask 3
--verifier.per-question 4
""")
TRAININGS = ("sft", "mpo", "dpo")
STEPS = ["questions", "rationales", "lessons", "sft", "chains", "verdicts", "pairs", "reference", "mpo", "dpo", "test",
         "shifted", "verifier", "credit"]  # fmt: skip
Told = Callable[..., str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What `seewhy plan` prints; it must end well and leave nothing behind."""
    place = tmp_path_factory.mktemp("nothing")

    def tell(*words: str) -> str:
        run = [] if "--run" in words else ["--run", str(place / "run")]
        with redirect_stdout(io.StringIO()) as out:
            assert main(["plan", *words, *run]) == 0
        assert list(place.iterdir()) == []
        return out.getvalue()

    return tell


@pytest.fixture(scope="module")
def page_and_forecast(told: Told) -> tuple[str, dict[str, object]]:
    """Of a small run: the page, and the same forecast as `--json` prints it; made once."""
    made: list[RunForecast] = []

    def forecast_once(*given: Any) -> RunForecast:
        return made[0] if made else made.append(forecast_run(*given)) or made[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seewhy.cli.plan.forecast_run", forecast_once)
        page, plain = (told("inkgrid-full", *more, *SMALL) for more in ((), ("--json",)))
    return page, json.loads(plain)


@pytest.fixture(scope="module")
def forecast(page_and_forecast) -> dict[str, object]:
    return page_and_forecast[1]


def units_of(forecast: dict[str, object]) -> dict[str, dict[str, object]]:
    return {unit["name"]: unit for unit in forecast["units"]}


def own_questions(place: Path, *, long: bool = False) -> list[str]:
    """Inkgrid up to SFT, on ten questions of one's own, of which one may have too many words for the model."""
    row = {"question": "What is the sum?", "answer": "9", "rationale": "It is 9."}
    rows = [{**row, "id": f"{split}-{n}", "split": split} for split in ("train", "validation", "test")
            for n in range(10 if split == "train" else 1)]  # fmt: skip
    if long:
        rows.append({**row, "id": "long", "split": "train", "context": "one two three " * 300})
    (source := place / "own.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    fit, whole = "--sft.fit.batch-size 4 --sft.fit.save-every 2 --sft.fit.epochs 2", inkgrid.recipe()
    short = replace(whole, steps={name: whole.steps[name] for name in ("questions", "rationales", "lessons", "sft")})
    return shlex.split(f"{saved(place, short)} --questions.benchmark jsonl --questions.source {source} "
                       f"--questions.shifted 0 --rationales.teacher gold {fit}")  # fmt: skip


def test_every_step_has_its_rows_and_what_trains_has_steps_and_memory(forecast):
    """12 questions of at most 3 pairs, of which one question fits into a step of 4 pairs."""
    units = units_of(forecast)
    assert list(dict.fromkeys(unit["step"] for unit in units.values())) == STEPS
    assert sum(unit["rows"] for unit in units.values() if unit["step"] == "questions") == 36 + 3 + 6 + 3
    assert units["chains"]["rows"] == 12 * 6
    for name in ("mpo", "dpo"):
        assert units[name]["rows"] == 12 * 3
        assert units[name]["steps"] == 2 * 12, "two epochs, a question a step"
        assert not units[name]["exact"]
        assert units[name]["max_mb"] >= units[name]["peak_mb"]
    replies = [unit["rows"] for unit in units.values() if unit["unit"] == "replies"]
    assert sum(replies) == 4 * (2 * 6 + 2 * 3 + 6)
    assert units["verifier.chains"]["rows"] == 3 * 4
    for name in TRAININGS:
        assert units[name]["peak_mb"] > forecast["base_mb"]
        assert units[name]["seconds"] > 0


def test_the_terms_of_the_memory_are_told_and_add_up(forecast):
    assert set(forecast["memory"]) == set(TRAININGS)
    for terms in forecast["memory"].values():
        above = max(terms["passes"] + terms["held"], terms["optimiser"])
        assert terms["step"] == pytest.approx(
            sum(terms[name] for name in ("base", "prompts", "weights", "others", "moments")) + above
        )
        assert terms["rows_above_budget"] == 0
        assert terms["others"] == 0, "no model is open beside the one that is trained"
        assert terms["weights"] == pytest.approx(forecast["models"][0]["weights_mb"])


@pytest.mark.nightly
def test_an_adapter_and_checkpoints_are_counted(told, forecast):
    """Rank 4 moves a few per cent of the weights; layers that are computed again keep their inputs alone."""
    adapters = [word for name in TRAININGS for word in (f"--{name}.adapter.rank", "4")]
    words = ["--json", *SMALL, *adapters, "--compute.gradient-checkpointing"]
    small = json.loads(told("inkgrid-full", *words))["memory"]
    for name, whole in forecast["memory"].items():
        assert small[name]["moments"] < 0.2 * whole["moments"]
        assert whole["weights"] < small[name]["weights"] < 1.1 * whole["weights"]
        assert small[name]["passes"] < 0.75 * whole["passes"]
        assert small[name]["weights"] < small[name]["checked"] - small[name]["base"] < 1.2 * small[name]["weights"]


def test_weights_under_an_adapter_take_half_in_bf16_and_the_model_is_itself_again_afterwards():
    meta, half = open_meta("tiny"), ComputePlan(precision=BF16)
    whole, names = weight_bytes(meta.net).total, [name for name, _ in meta.net.named_parameters()]
    with as_trained(meta, FitPlan(learning_rate=1e-4), AdapterPlan(rank=4), half):
        found = weight_bytes(meta.net)
        assert found.total == whole / 2 + found.moved
    with as_trained(meta, FitPlan(learning_rate=1e-4), AdapterPlan(), half):
        assert weight_bytes(meta.net).total == whole
    assert (weight_bytes(meta.net).total, [name for name, _ in meta.net.named_parameters()]) == (whole, names)


def test_prompts_are_counted_in_the_words_that_the_model_is_asked_with():
    gold = Gold(answers=("3",), rule=MatchRule.EXACT)
    question = Question(id="a", text="How many?", benchmark="own", split=Split.TRAIN, gold=gold, facets={})
    asked = PromptPlan(reason_short=f"{PromptPlan().reason_short} Say each step in a sentence of its own.")
    opened = [LocalModel.open("base", ModelSpec(path="tiny", prompt=one), ComputePlan()) for one in (AS_IS, asked)]
    usual, longer = (model.sizes([question], Style.REASON)[0] for model in opened)
    assert longer > usual + 8


def test_prompts_are_told_by_questions_and_style(forecast):
    assert [(row["questions"], row["style"]) for row in forecast["prompts"]] == [
        (f"questions.{split}", style)
        for split in ("train", "validation", "test", "shifted") for style in ("direct", "reason")
    ]  # fmt: skip
    for row in forecast["prompts"]:
        assert 36 < row["min"] <= row["median"] <= row["p95"] <= row["max"]
    assert forecast["prompts"][0]["sampled"] == 36


def test_the_page_names_each_step_and_tells_what_is_known_counted_and_measured(page_and_forecast):
    words, page = (*STEPS, "Tokens of a prompt", "known:", "counted:", "measured here:", "up to"), page_and_forecast[0]
    for word in (*words, "in all", "prompts-mib"):
        assert word in page
    assert "warning:" not in page


def test_steps_of_gold_lessons_are_exact_and_the_disk_is_near(told, tmp_path):
    """Foretold before anything ran; then the steps are run."""
    own, run = own_questions(tmp_path), tmp_path / "run"
    unit = units_of(json.loads(told(*own, "--json")))["sft"]
    assert unit["exact"]
    with redirect_stdout(io.StringIO()):
        assert main(["run", *own, "--run", str(run), "--until", "lessons"]) == 0
    there = units_of(json.loads(told(*own, "--json", "--run", str(run))))
    assert there["lessons"]["finished"]
    assert (there["sft"]["basis"], there["sft"]["steps"]) == ("rows of the run", unit["steps"])
    assert there["sft"]["rows"] == unit["rows"] == there["lessons"]["rows"]
    with redirect_stdout(io.StringIO()):
        assert main(["run", *own, "--run", str(run), "--only", "sft"]) == 0
    assert unit["steps"] == len(read_steps(run / "sft" / "steps.jsonl"))
    size = sum(path.stat().st_size for path in (run / "sft").rglob("*") if path.is_file()) / 2**20
    assert unit["disk_mb"] == pytest.approx(size, rel=0.25)


def test_a_prompt_that_is_too_long_and_rows_above_the_budget_are_told(told, tmp_path):
    own = own_questions(tmp_path, long=True)
    warnings = json.loads(told(*own, "--json", "--sft.fit.row-tokens", "8"))["warnings"]
    assert any("question long: its prompt has" in warning for warning in warnings)
    assert any(" sampled rows are above --sft.fit.row-tokens 8: each runs alone" in warning for warning in warnings)


def test_a_model_that_will_not_fit_is_told_with_the_remedy_and_no_time(told, tmp_path):
    """Four layers of width 16,384 are about 50 GB in float32, and gradients and moments three times as much."""
    for path in SHIPPED.glob("*.j*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    small = json.loads((SHIPPED / "config.json").read_text())
    text = LlamaConfig(
        vocab_size=small["text_config"]["vocab_size"], hidden_size=16384, intermediate_size=53248, num_hidden_layers=4,
        num_attention_heads=128, max_position_embeddings=4096, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    LlavaConfig(
        vision_config=CLIPVisionConfig(**small["vision_config"]), text_config=text, vision_feature_layer=-1,
        image_token_index=small["image_token_index"] if "image_token_index" in small else small["image_token_id"],
        image_seq_length=36,
    ).save_pretrained(tmp_path)  # fmt: skip
    page = told(*own_questions(tmp_path), "--base.path", str(tmp_path))
    assert "it will not fit; most of it are weights, gradients and AdamW's moments: train an adapter, such as" in page
    assert "time of base: not forecast" in page


def test_what_servers_are_asked_is_part_of_the_plan(told, tmp_path):
    mine = saved(tmp_path, recipe_at("http://127.0.0.1:9/v1", judge="rubric"))
    found = json.loads(told(mine, "--json"))
    assert found["servers"]["requests"] == TAUGHT + SAMPLED * CHAINS
    assert units_of(found)["rationales.chains"]["server"]["requests"] == TAUGHT
    assert "in all: at most" in told(mine)


OWN = '''
from dataclasses import dataclass, replace
from seewhy.records.types import Chain
from seewhy.runs.api import Need, RowStage
from seewhy.runs.forecast.api import StageForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice(RowStage):
    """Two rows of each chain."""

    chains: str
    rows = Chain

    def block_size(self):
        return 10

    def needs(self):
        return (Need(field="chains", ref=self.chains, wants=Chain),)

    def inputs(self, run):
        return list(run.read(self.chains, Chain))

    def worker(self, run, models):
        raise ValueError("nothing is run in this test")

    def forecast(self, run, outlook):
        known = outlook.forecast(self.chains)
        return StageForecast(rows=2 * known.rows, unit="doubles", is_exact=known.is_exact, basis="two of each")

    def expected(self, run, outlook):
        found = outlook.rows(self.chains, Chain)
        return [replace(chain, index=2 * chain.index + more) for chain in found for more in (0, 1)]
'''
SILENT = OWN[: OWN.index("    def forecast")].replace("Twice", "Silent")


def test_a_stage_of_ones_own_takes_part_and_later_steps_count_its_rows(told, tmp_path):
    """One that says nothing of itself is assumed to write what it reads, and its time is not known."""
    for name, source in (("twice", OWN), ("silent", SILENT)):
        (tmp_path / f"{name}.py").write_text(source)
    twice, silent = (class_of("stages", f"{tmp_path / name.lower()}.py:{name}") for name in ("Twice", "Silent"))
    recipe = recipe_at("http://127.0.0.1:9/v1", judge="rubric")
    steps = {**recipe.steps, "doubles": twice(chains="chains"), "none": silent(chains="chains"),
             "again": replace(recipe.steps["verdicts"], chains="doubles", questions="questions.train")}  # fmt: skip
    mine = saved(tmp_path, replace(recipe, steps=steps))
    units = units_of(json.loads(told(mine, "--json")))
    assert (units["doubles"]["rows"], units["doubles"]["unit"]) == (2 * SAMPLED * CHAINS, "doubles")
    assert units["again"]["rows"] == 2 * SAMPLED * CHAINS
    assert units["none"]["rows"] == SAMPLED * CHAINS
    page = told(mine)
    assert "doubles: two of each" in page
    assert "none: assumed: as many as chains" in page
    assert "none" in page.partition("the time of ")[2].partition(" is not known")[0]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["plan"], "`seewhy plan` needs a recipe first: ares, cascade"),
        (["plan", "inkgird"], "there is no recipe 'inkgird'; did you mean 'inkgrid'?"),
        (["plan", "mine.yaml"], "mine.yaml"),
        (["plan", "inkgrid", "--questions.benchmark", "inkgrd"], "there is no benchmark 'inkgrd'"),
        (["plan", "inkgrid", "--base.path", "no/such/folder"], "model 'no/such/folder' cannot be opened"),
        (["plan", "inkgrid", "--questions.benchmark", "jsonl"], "jsonl reads files; name their file or folder"),
        (["plan", "inkgrid", "--questions.test", "0"], "there is no 'questions.test'"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_told_in_one_line(words, wanted, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, wanted in sentence(err)) == ("", True), err
