"""Results in other suites' forms, as `seewhy grade --also` writes them, grade to the same numbers."""

import json

import pytest

from seewhy.benchmarks.inkgrid import load
from seewhy.cli.main import main
from seewhy.evaluation.suites import Suite
from seewhy.grading.suite_files import require_suites, write_suites
from seewhy.judging.api import judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Split, Style
from seewhy.testing.oracle import Oracle


def test_another_suite_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"--also 'lighteval'; there are lmms-eval, vlmevalkit"):
        require_suites(("lmms-eval", "lighteval"), "--also")


def test_results_in_every_suites_form_grade_to_their_own_verdicts(capsys, tmp_path):
    """An oracle that errs answers real pages of inkgrid; questions with options are graded by letter."""
    questions = [question for question in load(tmp_path, Split.TEST, count=40) if question.options]
    asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
    chains = [chain for group in Oracle(error_rate=0.4).generate(asks, SamplingParams()) for chain in group]
    verdicts = list(judge_chains(OutcomeJudge(), questions, chains))
    write_suites(tmp_path / "also", tuple(Suite), questions, chains, verdicts, model="sft")
    right = sum(verdict.outcome.value == "correct" for verdict in verdicts)
    assert 0 < right < len(questions)
    for name in ("samples_inkgrid.jsonl", "sft_inkgrid.xlsx"):
        written = tmp_path / "also" / name
        assert main(["grade", str(written), "--rule", "letter", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["n"], found["correct"]) == (len(questions), right)
