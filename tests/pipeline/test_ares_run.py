"""ARES at toy size: PPO with rewards of sentences by a served oracle, corrections as lessons, a win rate."""

from pathlib import Path

import pytest
from served_oracle import draw, serve

from seewhy.cli.main import main
from seewhy.records.corrections import CorrectionRow
from seewhy.records.measures import Contest
from seewhy.records.rollouts import RewardRow, TrainedRollout
from seewhy.records.shards import read_rows
from seewhy.records.types import Lesson

RECIPE = """
name: ares-toy
models:
  base: {{path: tiny}}
  teacher: {{base_url: "{url}", model: oracle}}
steps:
  questions: {{stage: questions, train: 8, validation: 0, test: 0}}
  ppo:
    stage: online
    start: base
    questions: questions.train
    reward: {{kind: sentences}}
    model: teacher
    objective: {{kind: ppo}}
    rollouts: {{rounds: 2, questions: 3, per_question: 3, max_tokens: 40}}
    fit: {{learning_rate: 1.0e-4, batch_size: 9}}
  chains: {{stage: sample, model: ppo, questions: questions.train, per_question: 2, max_tokens: 48}}
  corrected: {{stage: correct, chains: chains, teacher: {{kind: endpoint}}, model: teacher}}
  sft: {{stage: train, start: ppo, data: {{corrected: 1.0}}, objective: {{kind: sft}}, fit: {{learning_rate: 1.0e-4}}}}
  wins: {{stage: compare, first: sft, second: base, questions: questions.train, model: teacher, max_tokens: 40}}
  report: {{stage: report}}
"""


@pytest.mark.nightly
def test_ares_runs_from_sentence_rewards_to_a_win_rate_and_its_rows_say_what_happened(tmp_path: Path, capsys):
    recipe, run = tmp_path / "ares.yaml", tmp_path / "run"
    with serve(draw(tmp_path / "pages", 8), tmp_path / "files") as server:
        recipe.write_text(RECIPE.format(url=server.base_url))
        assert main(["run", str(recipe), "--run", str(run), "--workers", "1", "--threads", "1"]) == 0
    first = run / "ppo" / "rollouts" / "round-00000"
    rewards = list(read_rows(first / "rewards", RewardRow))
    assert len(rewards) == 9
    scored = [row for row in rewards if row.value is not None]
    assert scored
    assert all(row.value == pytest.approx(sum(span.score for span in row.spans)) for row in scored)
    trained = list(read_rows(first / "trained", TrainedRollout))
    assert all(len(row.values or ()) == len(row.advantages) == len(row.old) for row in trained)
    corrections = list(read_rows(run / "corrected" / "corrections", CorrectionRow))
    lessons = list(read_rows(run / "corrected" / "lessons", Lesson))
    assert len(corrections) == 16
    assert len(lessons) == sum(row.outcome == "corrected" for row in corrections) > 0
    assert all(row.after != row.before and row.words for row in corrections if row.outcome == "corrected")
    assert len(list(read_rows(run / "wins" / "contests", Contest))) == 8
    page = (run / "report" / "index.html").read_text()
    assert "Win rate: wins" in page
    assert "Corrections: corrected" in page
