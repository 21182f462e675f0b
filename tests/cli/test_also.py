"""`seewhy eval` writes its results in other suites' forms, beside its own rows, and they grade to the same numbers."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from seewhy.cli.evaluate import Setting, write_also
from seewhy.cli.progress import Screen
from seewhy.cli.recipes import find_recipe
from seewhy.cli.workspace import Workspace
from seewhy.recipes.plans import SUITES, EvaluationPlan, Recipe

from seewhy.benchmarks.inkgrid import load
from seewhy.cli.main import main
from seewhy.evaluation.suites import Suite
from seewhy.judging.api import judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, Split, Style, Verdict
from seewhy.testing.oracle import Oracle


def test_the_suites_of_a_plan_are_those_that_can_be_written():
    assert tuple(suite.value for suite in Suite) == SUITES


def test_a_plan_with_another_suite_is_refused():
    with pytest.raises(ValueError, match=r"--evaluation\.also 'lighteval': there are lmms-eval and vlmevalkit"):
        EvaluationPlan(also=("lmms-eval", "lighteval")).require_suites()


def test_a_measurement_in_every_suites_form_grades_to_its_own_verdicts(capsys, tmp_path):
    """An oracle that errs answers real pages of inkgrid; questions with options are graded by letter."""
    recipe = find_recipe("inkgrid")
    assert isinstance(recipe, Recipe)
    space = Workspace(root=tmp_path, recipe=recipe, screen=Screen(console=Console()))
    questions = [question for question in load(tmp_path, Split.TEST, count=40) if question.options]
    asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
    chains = [chain for group in Oracle(error_rate=0.4).generate(asks, SamplingParams()) for chain in group]
    verdicts = list(judge_chains(OutcomeJudge(), questions, chains))
    setting = Setting(model="sft", split=Split.TEST, style=Style.REASON, blind=False)
    write_shard(space.place(*setting.place, "chains"), 0, chains, Chain)
    write_shard(space.place(*setting.place, "verdicts"), 0, verdicts, Verdict)
    write_also(space, setting, questions, tuple(Suite))
    right = sum(verdict.outcome.value == "correct" for verdict in verdicts)
    assert 0 < right < len(questions)
    for name in ("samples_inkgrid.jsonl", "sft_inkgrid.xlsx"):
        written: Path = space.place(*setting.place, "also", name)
        assert main(["grade", str(written), "--rule", "letter", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["n"], found["correct"]) == (len(questions), right)
