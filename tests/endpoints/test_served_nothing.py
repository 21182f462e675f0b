"""A model behind a server whose replies are of no use, or a teacher that says nothing, ends a stage with a remedy."""

import pytest
from loopback import LoopServer, choices, error
from PIL import Image
from three_lines import refused

from seewhy.cli.main import main
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style

SILENT = """
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Silent:
    name: str = "silent"

    def require(self, questions):
        pass

    def versions(self, questions):
        return []

    def teach(self, questions):
        return iter(())
"""


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """Two questions and a wrong chain of each."""
    monkeypatch.chdir(tmp_path)
    gold = Gold(answers=("7",), rule=MatchRule.EXACT)
    asked = [Question(id=name, benchmark="b", split=Split.TRAIN, text="?", gold=gold, facets={}) for name in "12"]
    write_shard(tmp_path / "questions", 0, asked, Question)
    chains = [Chain(question_id=one.id, index=0, style=Style.REASON, text="### Answer: 8", sampler="m", seed=0,
                    stop=FinishReason.END) for one in asked]  # fmt: skip
    write_shard(tmp_path / "chains", 0, chains, Chain)


def stage(name, *words):
    return [name, "--questions", "questions", "--out", "out", *words]


def test_a_corrector_whose_replies_hold_no_correction(rows, capsys):
    with LoopServer(lambda _: choices("I do not know.")) as server:
        words = stage("correct", "--chains", "chains", "--model", f"m@{server.url}")
        refused(words, "chains: no chain was corrected (unread: 2)", "name another model, or more max_tokens", capsys)


def test_a_contest_whose_judge_never_decides(rows, tmp_path, capsys):
    recipe = """name: contest
models:
  one: {{path: tiny, prompt: {{system: Be brief.}}}}
  other: {{path: tiny}}
  judge: {{base_url: "{}", model: m}}
inputs: {{asked: questions}}
steps:
  contest: {{stage: compare, first: one, second: other, questions: asked, model: judge, max_tokens: 4}}
"""
    with LoopServer(lambda _: choices("I do not know.")) as server:
        (tmp_path / "contest.yaml").write_text(recipe.format(server.url))
        words = ["run", "contest.yaml", "--run", "out", "--workers", "1", "--skip-preflight"]
        refused(
            words, "none of 2 contests was judged in both orders, so no win rate follows", "name another model", capsys
        )


def test_a_model_against_itself_is_refused_before_the_judge_is_asked(rows, capsys):
    with LoopServer(lambda _: choices("I do not know.")) as server:
        words = stage("compare", "--first", "tiny", "--second", "tiny", "--model", f"m@{server.url}")
        refused(words, "first and second are both first", "name another model as `second`", capsys)
        assert server.asked == []


def test_a_model_named_twice_is_refused(rows, capsys):
    refused(stage("evaluate", "--models", "tiny", "tiny"), "models: names 'models-1' twice", "leave one away", capsys)


def test_a_teacher_of_ones_own_that_says_nothing(rows, tmp_path, capsys):
    (tmp_path / "silent.py").write_text(SILENT)
    words = stage("distil", "--teacher", "silent.py:Silent")
    refused(words, "teacher silent.py:Silent gave no question a rationale", "name another as `teacher`", capsys)


def test_credit_of_a_model_that_gave_no_reply_is_said_after_the_replies(rows, tmp_path, capsys):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with LoopServer(lambda _: error(400, "content filtered")) as server:
        assert main(["ask", f"m@{server.url}", "tiny", "a.png", "What?", "--credit", "--max-tokens", "2"]) == 1
    assert "no credit: credit needs a reply, and m gave none" in capsys.readouterr().out
