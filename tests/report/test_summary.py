"""The summary for machines has its fixed shape."""

import dataclasses
import json

import pytest
from made_up_report import around, make_header, make_report

from seewhy.records.measures import Interval
from seewhy.records.types import Style
from seewhy.report.inputs import Credit, ReportInput
from seewhy.report.summary import summarise, summary_json, write_summary


def test_the_summary_holds_each_number_where_its_readers_look():
    summary = json.loads(summary_json(make_report()))
    base = around(0.312, 1000)
    assert summary["n"] == 1000
    assert summary["accuracy"]["base"]["cot"] == [base.value, base.low, base.high]
    assert summary["accuracy"]["preference"]["direct"][0] == 0.461
    assert summary["paired"]["sft_vs_base"] == [0.328, 0.296, 0.360]
    assert summary["paired"]["preference_vs_sft"] == [0.041, 0.020, 0.062]
    assert summary["blind"]["preference"]["cot"][0] == 0.09
    assert summary["no_answer"]["base"] == {"direct": 0.0, "cot": 0.037}
    assert summary["unjudged"]["sft"] == {"direct": 0.0, "cot": 0.0}
    assert summary["verifier"]["weighted_vote"]["4"] == pytest.approx([0.676, 0.648, 0.704])
    assert summary["credit_auroc"] == [0.71, 0.66, 0.75]
    assert summary["seconds"] == {"distil": 61.2, "sample": 412.0}
    assert summary["versions"] == {"seewhy": "0.1.0", "torch": "2.13.0"}


def test_every_model_has_its_accuracy_and_the_shifted_split_stands_apart():
    summary = json.loads(summary_json(make_report()))
    assert list(summary["accuracy"]) == ["base", "sft", "preference", "dpo"]
    assert summary["accuracy"]["dpo"]["cot"][0] == 0.633
    assert summary["shifted"]["sft"]["cot"][0] == pytest.approx(0.72 * 0.64)


def test_direct_comparisons_stand_apart_from_those_of_chains():
    report = make_report()
    direct = dataclasses.replace(report.steps[0], style=Style.DIRECT)
    summary = summarise(dataclasses.replace(report, steps=(direct,)))
    assert summary["paired"] == {}
    assert summary["paired_direct"] == {"sft_vs_base": [0.328, 0.296, 0.360]}


def test_what_was_not_measured_is_empty_and_never_zero():
    summary = summarise(ReportInput(header=make_header(), models=(), cards=()))
    assert summary["accuracy"] == {}
    assert summary["credit_auroc"] is None
    assert summary["verifier"] == {"self_consistency": {}, "best_of_n": {}, "weighted_vote": {}, "pass_at_k": {}}


def test_a_number_that_is_none_is_refused():
    broken = Credit(auroc=Interval(value=float("nan"), low=0.0, high=1.0))
    with pytest.raises(ValueError, match="JSON"):
        summary_json(dataclasses.replace(make_report(), credits=(broken,)))


def test_the_summary_is_written_whole(tmp_path):
    place = tmp_path / "summary.json"
    write_summary(place, make_report())
    assert place.read_text(encoding="utf-8") == summary_json(make_report())
    assert [found.name for found in tmp_path.iterdir()] == ["summary.json"]
