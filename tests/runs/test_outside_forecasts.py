"""`plan` and `--dry-run` count a stage, a judge and an objective from outside the package as those of the package."""

import json
from pathlib import Path

import pytest
from drawn_rows import ASKED, CHAINS, oracle_chains
from outside_code import RECIPE, write_code

from seewhy.cli.main import main

ASKING = '''
"""A judge that asks a model."""

from dataclasses import dataclass

from seewhy.endpoints.chat import ChatModel
from seewhy.judging.rubric import RubricJudge


@dataclass(frozen=True, kw_only=True)
class Asking:
    chat_model: ChatModel
    name: str = "asking"

    def judge(self, question, chains):
        return RubricJudge(chat_model=self.chat_model).judge(question, chains)
'''
OPAQUE = '''
"""A stage that says nothing of how many rows it writes."""

from dataclasses import dataclass
from typing import ClassVar

from seewhy.records.types import Chain, Question
from seewhy.runs.api import Need, RowStage
from seewhy.runs.choice import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque(RowStage):
    questions: Rows

    rows: ClassVar[type[Chain]] = Chain

    def block_size(self):
        return 8

    def needs(self):
        return (Need(field="questions", ref=self.questions, wants=Question),)

    def inputs(self, run):
        return run.questions(self.questions)

    def worker(self, run, models):
        return lambda block: []
'''
SERVER = "models:\n  judge: {base_url: 'http://127.0.0.1:9/v1', model: gpt-4o}\n"


def write_recipe(place: Path, *, by_path: bool) -> Path:
    """The recipe of outside code, named by file or by dotted path; `place` is where modules are found then."""
    code = write_code(place / "code_of_mine")
    kinds = {"judge": f"{code['judge']}:Shortest", "objective": f"{code['objective']}:Bare", "stage": code["stage"]}
    if not by_path:
        kinds = {"judge": "code_of_mine.shortest", "objective": "code_of_mine.bare:Bare",
                 "stage": "code_of_mine.shorten"}  # fmt: skip
    recipe = place / "outside.yaml"
    recipe.write_text(RECIPE.format(chains=oracle_chains(place), **kinds))
    return recipe


@pytest.fixture
def importable(tmp_path, monkeypatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("by_path", [True, False])
def test_plan_counts_rows_and_steps_of_outside_code(by_path, importable, capsys):
    """Of 40 chains at most 40 are short enough; a rule with at most 3 pairs a question trains on at most 120."""
    recipe = write_recipe(importable, by_path=by_path)
    assert main(["plan", str(recipe), "--json"]) == 0
    units = {one["name"]: one for one in json.loads(capsys.readouterr().out)["units"]}
    drawn = ASKED * CHAINS
    assert {name: units[name]["rows"] for name in ("short", "verdicts", "pairs", "bare")} == {
        "short": drawn, "verdicts": drawn, "pairs": 3 * drawn, "bare": 3 * drawn,
    }  # fmt: skip
    assert units["bare"]["steps"] == -(-3 * drawn // 16)
    assert units["bare"]["peak_mb"] > 0
    assert not units["short"]["exact"]
    assert "drawn" in units["short"]["basis"]


def test_a_dry_run_prices_an_outside_judge_that_asks_a_model_about_an_outside_stage_s_rows(importable, capsys):
    recipe = write_recipe(importable, by_path=True)
    (importable / "asking.py").write_text(ASKING)
    judge = f"{importable / 'code_of_mine' / 'shortest.py'}:Shortest"
    text = recipe.read_text().replace("models:\n", SERVER)
    recipe.write_text(text.replace(f"judge: {{kind: '{judge}'}}",
                                   f"model: judge, judge: {{kind: '{importable / 'asking.py'}:Asking'}}"))  # fmt: skip
    assert main(["run", str(recipe), "--run", str(importable / "run"), "--dry-run"]) == 0
    priced = capsys.readouterr().out
    assert f"verdicts: gpt-4o at http://127.0.0.1:9/v1 would be asked {ASKED * CHAINS} requests" in priced
    assert not (importable / "run").exists()


def test_what_follows_from_a_stage_that_says_nothing_is_not_known_and_never_zero(importable, capsys):
    recipe = write_recipe(importable, by_path=True)
    (importable / "opaque.py").write_text(OPAQUE)
    stage = importable / "code_of_mine" / "shorten.py"
    text = recipe.read_text()
    recipe.write_text(text.replace(f"{{stage: '{stage}', chains: drawn}}",
                                   f"{{stage: '{importable / 'opaque.py'}', questions: questions.train}}"))  # fmt: skip
    assert recipe.read_text() != text
    assert main(["plan", str(recipe), "--json"]) == 0
    units = {one["name"]: one for one in json.loads(capsys.readouterr().out)["units"]}
    assert [units[name]["rows"] for name in ("short", "verdicts", "pairs", "bare")] == [None] * 4
    assert "short" in units["verdicts"]["basis"]
    assert units["right"]["rows"] == ASKED * CHAINS
