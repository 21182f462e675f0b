"""The names of `seewhy` itself: loaded when they are asked for, and enough for the README's example."""

import subprocess
import sys

import pytest

import seewhy


@pytest.mark.parametrize("name", sorted(seewhy.NAMES))
def test_every_name_is_found(name: str):
    assert callable(vars(sys.modules[seewhy.NAMES[name]])[name]) if hasattr(seewhy, name) else False
    assert name in dir(seewhy)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(AttributeError, match=r"'smaple_chains'; it has .*sample_chains"):
        seewhy.smaple_chains  # noqa: B018


def test_importing_seewhy_loads_nothing_of_it_and_takes_no_time():
    asked = "import sys, time; t = time.process_time(); import seewhy; print(time.process_time() - t); "
    asked += "print([name for name in sys.modules if name.startswith('seewhy.') or name in ('torch', 'numpy')])"
    took, loaded = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert float(took) < 0.05
    assert loaded == "[]"


def test_chains_of_the_shipped_model_become_pairs_in_a_few_lines(tmp_path):
    model = seewhy.load_model("tiny")
    questions = seewhy.load_questions("inkgrid", tmp_path, count=4)
    plan = seewhy.SamplingPlan(questions=4, per_question=4, max_tokens=24)
    chains = list(seewhy.sample_chains(model, questions, plan))
    verdicts = list(seewhy.judge_chains(seewhy.OutcomeJudge(), questions, chains))
    pairs = list(seewhy.pair_chains(seewhy.ByOutcome(lowest=0.0, highest=1.0), chains, verdicts))
    assert len(chains) == len(verdicts) == 16
    assert {pair.question_id for pair in pairs} <= {question.id for question in questions}
