"""What Python code that uses the package is refused: kinds, processes, gold answers and tallies that it gets wrong."""

import pytest

from seewhy.judging.answers.self_check import grade_gold
from seewhy.judging.outcome import OutcomeJudge
from seewhy.pairs.by_score import ScoreTally
from seewhy.records.types import Gold, MatchRule, Question, Span, Split
from seewhy.rewards.api import Earned
from seewhy.runs.choice import Choice, layer_of
from seewhy.runs.discovery import load_part
from seewhy.runs.forecast.meta import MetaModel, open_meta
from seewhy.runs.processes import OneProcess


def test_a_field_of_kinds_without_a_layer_is_told_how_it_is_written():
    with pytest.raises(TypeError, match=r"has no layer: write it as Annotated\[Choice, Layer"):
        layer_of(Choice)


def test_a_part_that_is_not_there_is_no_library_that_could_be_installed():
    with pytest.raises(ModuleNotFoundError, match=r"seewhy\.runs\.nowhere"):
        load_part("runs", "nowhere")


def test_a_process_alone_shares_no_work():
    with pytest.raises(ValueError, match="blocks: a process alone takes its work in order"):
        OneProcess().add("blocks", 1)


def test_a_model_without_weights_neither_scores_nor_is_saved(tmp_path):
    model = MetaModel(hub=open_meta("tiny"))
    with pytest.raises(ValueError, match=r"a model without weights scores nothing; open it by HubModel\.load"):
        model.group_logps([])
    with pytest.raises(ValueError, match="a model without weights cannot be saved"):
        model.save_adapter(tmp_path / "adapter")
    assert not list(tmp_path.iterdir())


def test_parts_of_a_reward_add_up_to_it():
    spans = (Span(start=0, end=3, score=0.25), Span(start=3, end=5, score=0.5))
    assert Earned(value=0.75, spans=spans).value == 0.75
    with pytest.raises(ValueError, match=r"a reward of 1\.0 has parts that add up to 0\.75"):
        Earned(value=1.0, spans=spans)


@pytest.mark.parametrize("gold", [Gold(answers=(), rule=MatchRule.EXACT), Gold(answers=("7",), rule=MatchRule.OPEN)])
def test_a_gold_answer_that_no_rule_grades_is_not_graded(gold):
    asked = Question(id="q7", benchmark="b", split=Split.TRAIN, text="?", gold=gold, facets={})
    with pytest.raises(ValueError, match="question q7 has no gold answer that a rule can grade"):
        grade_gold(asked, OutcomeJudge())


def test_a_tally_that_counts_prompt_by_prompt_is_given_none_in_columns():
    with pytest.raises(TypeError, match="ScoreTally counts no prompts that were passed unseen: give its rule no"):
        ScoreTally().add_alike(None)
