"""Distilling and judging over a wire, by the command line, against the oracle behind a real server."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from said_errors import sentence
from served_oracle import bill_of, serve
from wired_runs import BLINDLY, CANARY, QUICK, TAUGHT, distilling, judging, oracle_chains, pages, write_recipe

from seewhy.cli.main import main
from seewhy.endpoints.plan import BatchPlan, SpendPlan
from seewhy.judging.rubric import RubricJudge
from seewhy.records.lineage import read_manifest
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Lesson, Outcome, Question, Verdict
from seewhy.runs.machine import Machine
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel
from seewhy.testing.served.plan import Fault, FaultPlan, ServedPlan


def answered(server) -> int:
    """Calls that were charged, without those of canaries."""
    return bill_of(server)["billed"]["calls"]


def complaint(capsys, *words: str) -> str:
    assert main(words) == 2
    return sentence(capsys.readouterr().err)


def distil(place: Path, base_url: str, machine: Machine = QUICK) -> list[str]:
    """The words that distil over a wire, into `place/run`."""
    return ["run", write_recipe(place, distilling(base_url), machine), "--run", str(place / "run")]


def test_a_teacher_over_a_wire_gives_lessons_and_a_second_run_asks_nothing(tmp_path, capsys):
    run = tmp_path / "run"
    with serve(pages(tmp_path), tmp_path / "files") as server:
        assert main(distil(tmp_path, server.base_url)) == 0
        said = capsys.readouterr().out
        assert answered(server) == TAUGHT + CANARY
        assert main(distil(tmp_path, server.base_url)) == 0
        assert answered(server) == TAUGHT + CANARY
    assert "oracle sees: 6 of 6 pictures named right, a guesser is right in 1 of 30" in said
    assert re.search(rf"rationales: done in .*, {TAUGHT} calls, [\d,]+ tokens", said)
    chains = list(read_rows(run / "rationales" / "chains", Chain))
    questions = {one.id: one for one in read_rows(run / "questions" / "train", Question)}
    assert len(chains) == TAUGHT
    assert all(chain.text.startswith(questions[chain.question_id].rationale) for chain in chains)
    lessons = [row for row in read_rows(run / "lessons", Lesson) if row.style == "reason"]
    assert len(lessons) == TAUGHT
    assert read_manifest(run / "rationales" / "chains").counts["unanswered"] == 0


def test_a_blind_teacher_stops_the_run_before_it_is_asked_anything_else_unless_it_is_allowed(tmp_path, capsys):
    with serve(pages(tmp_path), tmp_path / "files", ServedPlan(blind=True)) as server:
        words = distil(tmp_path, server.base_url)
        told = complaint(capsys, *words)
        assert re.search(r"oracle does not see the pictures that it is sent: [01] of 6 named right, a guesser", told)
        assert "allow-blind goes on all the same" in told
        assert bill_of(server)["received"] == CANARY
        assert not (tmp_path / "run" / "rationales" / "chains" / "_manifest.json").exists()
        floors = ["--rationales.floor", "0", "--lessons.floor", "0"]  # a blind teacher is never right
        assert main([*words, "--allow-blind", *floors]) == 0
        assert bill_of(server)["received"] == 2 * CANARY + TAUGHT
    log = [json.loads(line) for line in (tmp_path / "run" / "servers" / "canary.jsonl").read_text().splitlines()]
    assert [row["sight"] for row in log] == ["blind", "blind"]
    # Other pictures each time: a model that learnt to see, or went blind, is not judged by what it said before.
    assert log[0]["trials"] != log[1]["trials"]


def test_a_server_that_is_not_there_is_told_and_leaves_no_rows(tmp_path, capsys):
    words = distil(tmp_path, "http://127.0.0.1:9/v1")
    told = complaint(capsys, *words)
    assert "model teacher: http://127.0.0.1:9/v1 does not answer (" in told
    told = complaint(capsys, *words, "--skip-preflight")
    assert "did not answer a test with a picture" in told
    assert "no connection" in told
    assert not list((tmp_path / "run" / "rationales" / "chains").glob("*.parquet"))


def test_a_server_that_breaks_after_the_canary_leaves_no_rows_and_the_same_command_goes_on(tmp_path, capsys):
    with serve(pages(tmp_path), tmp_path / "files", faults=FaultPlan(rate=1.0, kinds=(Fault.SERVER_ERROR,))) as server:
        told = complaint(capsys, *distil(tmp_path, server.base_url, BLINDLY))
    assert f"{TAUGHT} of {TAUGHT} requests to oracle at http://127.0.0.1" in told
    assert "the same command goes on from there" in told
    assert not list((tmp_path / "run" / "rationales" / "chains").glob("*.parquet"))


def test_a_question_that_is_refused_gets_no_rationale_and_is_written_down(tmp_path):
    faults = FaultPlan(rate=0.25, kinds=(Fault.REFUSAL,), seed=2)
    with serve(pages(tmp_path), tmp_path / "files", faults=faults) as server:
        assert main(distil(tmp_path, server.base_url, BLINDLY)) == 0
        refused = bill_of(server)["faults"]["refusal"]
    run = tmp_path / "run"
    assert 0 < refused < TAUGHT
    rows = [json.loads(line) for line in (run / "servers" / "unanswered.jsonl").read_text().splitlines()]
    assert len(rows) == refused
    assert all("the model refused" in row["why"] for row in rows)
    asked = {chain.question_id for chain in read_rows(run / "rationales" / "chains", Chain)}
    assert asked.isdisjoint(row["question_id"] for row in rows)
    assert len(asked) == TAUGHT - refused
    assert read_manifest(run / "rationales" / "chains").counts["unanswered"] == refused


@pytest.mark.parametrize("name", ["rubric", "sentences", "facts", "rating", "review"])
def test_sampled_chains_are_judged_over_a_wire_as_by_the_judge_itself(name, tmp_path):
    place, run = oracle_chains(tmp_path), tmp_path / "run"
    with serve(pages(tmp_path), tmp_path / "files") as server:
        recipe = write_recipe(tmp_path, judging(server.base_url, place, name))
        assert main(["run", recipe, "--run", str(run)]) == 0
        bill = bill_of(server)
    verdicts, chains = list(read_rows(run / "verdicts", Verdict)), list(read_rows(place, Chain))
    assert [(row.question_id, row.index) for row in verdicts] == [(row.question_id, row.index) for row in chains]
    assert all(row.judge.startswith(f"{name} by oracle, prompt") for row in verdicts)
    assert not any(row.outcome is Outcome.UNJUDGED for row in verdicts)
    assert sum(row.usage.calls for row in verdicts) == bill["billed"]["calls"] - CANARY
    if name == "rubric":
        questions = pages(tmp_path)
        judge = RubricJudge(chat_model=OracleChatModel(questions, Oracle()))
        by_id = {question.id: question for question in questions}
        for chain, verdict in zip(chains, verdicts, strict=True):
            (right,) = judge.judge(by_id[chain.question_id], (chain,))
            assert (verdict.outcome, verdict.score) == (right.outcome, right.score)


def test_a_budget_that_is_spent_stops_the_run_and_a_larger_one_goes_on_from_there(tmp_path, capsys):
    slow = replace(QUICK, pace=replace(QUICK.pace, concurrency=1))
    with serve(pages(tmp_path), tmp_path / "files") as server:
        small = replace(slow, spend=SpendPlan(tokens=4_500, is_free=True))
        told = complaint(capsys, *distil(tmp_path, server.base_url, small))
        spent = answered(server)
        assert "of 4,500 tokens are spent" in told
        assert CANARY <= spent < CANARY + TAUGHT
        assert main(distil(tmp_path, server.base_url, slow)) == 0
        assert answered(server) == 2 * CANARY + TAUGHT


def test_rationales_come_through_the_batch_api_too_and_lines_that_fail_are_ordered_again(tmp_path):
    faults = FaultPlan(rate=0.3, kinds=(Fault.SERVER_ERROR,), seed=4)
    with serve(pages(tmp_path), tmp_path / "files", ServedPlan(batch_delay_s=0.2), faults) as server:
        machine = replace(
            QUICK, pace=replace(QUICK.pace, tries=6), by_batch=True, batch=BatchPlan(poll_s=0.05, rounds=6)
        )
        assert main(distil(tmp_path, server.base_url, machine)) == 0
        bill = bill_of(server)
    assert bill["faults"]["server-error"] > 0
    assert bill["billed"]["calls"] == TAUGHT + CANARY
    assert list((tmp_path / "files").glob("batch-*.json"))
    chains = list(read_rows(tmp_path / "run" / "rationales" / "chains", Chain))
    questions = {one.id: one for one in read_rows(tmp_path / "run" / "questions" / "train", Question)}
    assert len({chain.question_id for chain in chains}) == TAUGHT
    assert all(chain.text.startswith(questions[chain.question_id].rationale) for chain in chains)


def test_a_server_that_moved_to_another_port_is_no_other_run(tmp_path):
    with serve(pages(tmp_path), tmp_path / "files") as server:
        assert main(distil(tmp_path, server.base_url)) == 0
    with serve(pages(tmp_path), tmp_path / "files") as server:
        assert main(distil(tmp_path, server.base_url)) == 0
        assert bill_of(server)["received"] == 0


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["--rationales.teacher", "endpoint"], ("steps.rationales", "endpoint", "model")),
        (["--verdicts.judge", "rubric"], ("steps.verdicts", "rubric", "model")),
        (["--verdicts.judge", "rubrik"], ("steps.verdicts.judge", "'rubrik'", "did you mean 'rubric'?")),
    ],
)
def test_a_run_that_names_no_server_or_no_judge_is_refused_before_anything_is_made(words, facts, tmp_path, capsys):
    told = complaint(capsys, "run", "inkgrid", "--run", str(tmp_path / "run"), *words)
    assert all(fact in told for fact in facts)
    assert not (tmp_path / "run").exists()
