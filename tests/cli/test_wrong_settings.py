"""Settings of models, servers and trainings that cannot be meant are refused when a recipe is read, by place and word.

Each is found before a model is loaded or a server asked, however late its step would come.
"""

import shlex

import pytest
from PIL import Image

from seewhy.cli.main import main

URL = "http://127.0.0.1:9/v1"
MODELS = """
name: wrong
models: {{base: {{path: tiny, prompt: {{{prompt}}}}}, teacher: {{base_url: "{URL}", model: m, {server}}}}}
steps:
  questions: {{stage: questions, train: 4, validation: 0, test: 2}}
  own: {{stage: direct, questions: questions.train}}
  verdicts: {{stage: judge, chains: own, judge: rubric, model: teacher}}
"""
TABLE = """
server | base_url: "gpu1:8000"       | models.teacher: base_url 'gpu1:8000'   | write it whole, such as http://127.0.0.1:8000/v1
server | model: ""                   | models.teacher                         | base_url and model
server | detail: much                | models.teacher: detail 'much'          | there are low, high, auto
server | form: xml                   | models.teacher: form 'xml'             | there are auto, schema, object, none
server | max_pixels: -1              | max_pixels must be 0 or above          | and is -1
prompt | thinking: maybe             | models.base.prompt: thinking 'maybe'   | there are auto, on and off
"""
SAMPLE = "sample --out x --model tiny --questions q.jsonl --engine.kind server"
TRAIN = "train --out x --start tiny --data d --fit.learning-rate 1e-6 --objective"
ONLINE = "online --out x --start tiny --questions q.jsonl --reward outcome --fit.learning-rate 1e-6 --objective"
ALL = "--objective.preference 0 --objective.quality 0 --objective.generation 0"
WORDS = f"""
{SAMPLE} --engine.urls gpu1:8000 | engine.urls 'gpu1:8000' | write it whole, such as http://
{SAMPLE} --engine.urls http://a/v1 http://a/v1 | engine.urls names http://a/v1 twice | name each server once
{TRAIN} sft --objective.mean median | SFT.mean 'median' | there are replies and tokens
{TRAIN} mpo {ALL} | are all 0 | give one a weight above 0
{TRAIN} sft --fit.optimizer.kind lion | fit.optimizer: optimizer.kind 'lion' | there are adamw, adamw_fused
{TRAIN} sft --validate.by median | validate.by 'median' | there are loss, accuracy, margin
{TRAIN} sft --validation d --validate.by margin | validate.by margin is of pairs | leave it at loss
{TRAIN} sft --machine.shard.kind full | shard.kind 'full' | there are launcher, copies, sharded
{TRAIN} sft --start.prompt.system hi | --start.prompt | write a recipe
{TRAIN} sft --data.more 1 | --data.more | write a recipe
{ONLINE} ppo --objective.kl 0 --objective.kl-target 6 | PPO.kl_target adapts PPO.kl, which is 0 | give it a weight
{ONLINE} grpo --critic.net twice | critic.net 'twice' | there are own and shared
{ONLINE} dpo --pairs.reference never | pairs.reference 'never' | there are start and round
{ONLINE} rloo --fit.epochs 2 | rloo knows no ratio | set it to 1
{ONLINE} grpo --rollouts.redraw-by sum | rollouts.redraw_by 'sum' | there are outcome
{ONLINE} grpo --fit.keep-tokens 4 | fit.keep_tokens: a rollout is trained on whole | leave it at 0
judge --out x --chains c --judge rubric --model m@{URL} --model.detail low | --model.detail | write a recipe
ask @{URL} q.png What | model is empty | name the model as the server does
"""


def rows(table: str) -> list[list[str]]:
    return [[part.strip() for part in line.split(" | ")] for line in table.strip().splitlines()]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "q.png")
    (tmp_path / "q.jsonl").write_text('{"id": "1", "question": "What?", "answer": "A", "split": "test"}\n')
    for name in ("c", "d"):
        (tmp_path / f"{name}.jsonl").touch()
    return tmp_path


def refused(words, fact, remedy, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    what, where, cure = said.err.removeprefix("seewhy: ").splitlines()
    assert fact in what
    assert where.startswith("  where:  ")
    assert cure.startswith(f"  remedy: {remedy}") or remedy in what, said.err


@pytest.mark.parametrize(("group", "setting", "fact", "remedy"), rows(TABLE), ids=[row[1] for row in rows(TABLE)])
def test_a_setting_of_a_model_is_refused_where_the_recipe_is_checked(group, setting, fact, remedy, here, capsys):
    text = MODELS.format(**{"URL": URL, "prompt": "", "server": "", group: setting})
    name = setting.partition(":")[0]
    (here / "wrong.yaml").write_text(text.replace(f'{name}: "{URL}", ', "").replace(f"{name}: m, ", ""))
    refused(["recipe", "check", "wrong.yaml"], fact, remedy, capsys)


@pytest.mark.parametrize(("line", "fact", "remedy"), rows(WORDS), ids=[row[0] for row in rows(WORDS)])
def test_a_setting_of_a_stage_is_refused_before_anything_is_read(line, fact, remedy, here, capsys):
    refused(shlex.split(line), fact, remedy, capsys)
    assert not list(here.glob("x/**/*.parquet"))
