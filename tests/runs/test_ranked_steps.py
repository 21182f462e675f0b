"""A recipe that ranks judged chains and trains on the groups: the step's pairs are those of the picks."""

from seewhy.cli.main import main
from seewhy.records.lineage import read_manifest
from seewhy.records.ranked import RankedGroup, require_ranks
from seewhy.records.rows import RowReader
from seewhy.records.step_logs import read_steps

RECIPE = """
name: ranked
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 8, validation: 0, test: 0}
  chains: {stage: sample, model: base, questions: questions.train, per_question: 8, max_tokens: 24}
  verdicts: {stage: judge, chains: chains, judge: outcome}
  groups: {stage: rank, chains: chains, verdicts: verdicts, picking: {most: 6}}
  dpo: {stage: train, start: base, data: {groups: 1.0}, objective: dpo, fit: {learning_rate: 1e-4, batch_size: 16}}
"""


def test_judged_chains_become_groups_that_are_trained_on(tmp_path, capsys):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    words = [str(tmp_path / "recipe.yaml"), "--run", str(tmp_path / "run"), "--workers", "1"]
    assert main(["plan", *words]) == 0
    assert main(["run", *words]) == 0, capsys.readouterr().out
    groups = list(RowReader(tmp_path / "run" / "groups", RankedGroup))
    assert groups
    for group in groups:
        require_ranks(group)
        assert {one.score for one in group.responses} == {0.0, 1.0}
        assert 1 <= len(group.picks) <= 6
    pairs = sum(len(group.picks) for group in groups)
    counts = read_manifest(tmp_path / "run" / "groups").counts
    assert (counts["groups kept"], counts["pairs"]) == (len(groups), pairs)
    logs = read_steps(tmp_path / "run" / "dpo" / "steps.jsonl")
    assert sum(log.terms["rows"] for log in logs) == pairs
