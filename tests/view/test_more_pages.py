"""Pages of ranked groups, rollouts, curves and compared judges: the numbers that they show."""

import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from looked_at import HARM, Served, serving, write_run
from looked_at_more import put, write_more

from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Chain, Pair, Response, Style, Verdict
from seewhy.view.shelf import Shelf

MORE = (
    "/run/0", "/run/0/groups/ranked", "/run/0/curves/curve", "/run/0/scores", "/run/0/training/grpo",
    "/run/0/agreement", "/run/0/agreement?judge=rubric&truth=verdicts&said=incorrect&known=correct",
    "/run/0/rollouts/grpo?round=1", "/run/0/credit/credit?colour=difference",
    "/run/0/training/grpo?beside=0%2Fdpo", "/run/0/pairs/pairs?beside=0%2Fmined",
    "/run/0/questions/questions?apart=rubric&verdicts=verdicts",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(write_more(write_run(tmp_path_factory.mktemp("more") / "run"))) as found:
        yield found


def words_of(text: str) -> str:
    """The text of a page, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("path", MORE)
def test_every_page_is_shown_and_no_word_of_a_row_becomes_markup(served: Served, path):
    answer = served.get(path)
    assert answer.status == 200
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text


def test_a_group_is_listed_best_first_with_the_pairs_among_its_responses(served):
    words = words_of(served.get("/run/0/groups/ranked").text)
    assert "3 responses · 2 pairs" in words
    assert words.index("4.5 response 1, chain 1") < words.index("2 response 0, chain 0") < words.index("1 response 2")
    assert "rubric · preferred to 0, 2" in words
    assert words.count("below 1") == 2


def test_a_round_shows_rewards_by_component_advantages_and_the_question_over_rounds(served):
    first, second = (words_of(served.get(f"/run/0/rollouts/grpo?round={n}&id={quote('q/1')}").text) for n in (0, 1))
    assert "all alike: no advantage" in first
    assert "all alike" not in second
    assert "total 2.000 · advantage +0.500 a token · 2 tokens · +0.250 nats from the reference" in second
    assert second.index("total 2.000") < second.index("total 0.000"), "best first"
    assert "0 outcome 0.000 0.000 0.000 2 1 format 0.500 0.000 1.000 2" in second


def test_tokens_are_told_with_the_log_probabilities_of_both_models(served):
    text = served.get("/run/0/credit/credit").text
    assert 'title="credit +0.500 nats: policy -0.250, reference -1.250, difference +1.000">I</span>' in text
    assert '<u class="wrong"><span class="token blame thick"' in text
    assert "0 I -0.250 -1.250 +1.000 +0.500" in words_of(text)
    other = served.get("/run/0/credit/credit?colour=difference").text
    assert "full colour at 1 nats" in other
    assert served.get("/run/0/credit/credit?colour=red").status == 400
    assert "No token of this question has credit" in served.get("/run/0/credit/credit?id=q/2").text


def test_two_judges_are_compared_chain_by_chain(served):
    """Of six chains they call five alike: 5/6; kappa = (5/6 - 1/2) / (1/2), with half the chains right to one judge."""
    words = words_of(served.get("/run/0/agreement?judge=rubric&truth=verdicts&said=incorrect&known=correct").text)
    assert "83.3 %" in words
    assert "of 6 chains alike" in words
    assert "kappa 0.67" in words
    assert "q/1, chain 0" in words
    shown = served.get("/run/0/questions/questions?apart=rubric&verdicts=verdicts").text
    assert "1 of 4 questions" in shown


def test_two_trainings_stand_in_one_figure(served):
    text = served.get("/run/0/training/grpo?beside=0%2Fdpo").text
    assert text.count("<figure") == 4, "loss, learning rate, margin of one and reward of the other"
    assert words_of(text).count("grpo run: dpo") == 2, "both have a loss and a learning rate"
    assert served.get("/run/0/training/grpo?beside=0%2Fnone").status == 404


def test_accuracies_have_an_interval_over_questions(served):
    words = words_of(served.get("/run/0/scores").text)
    assert "verdicts 3 3 3 0 0 50.0 %" in words


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/run/0/groups/chains", 404), ("/run/0/rollouts/dpo", 404), ("/run/0/agreement?judge=x&truth=y", 404),
        ("/run/0/rollouts/grpo?round=x", 400), ("/run/0/questions/questions?apart=none", 404),
        ("/run/0/rollouts/grpo?round=99", 200),
    ],
)  # fmt: skip
def test_a_link_that_names_nothing_is_refused(served, path, status):
    assert served.get(path).status == status


def test_a_run_within_a_folder_that_is_looked_at_too_has_its_own_names(tmp_path):
    above, run = Shelf(write_run(tmp_path / "all" / "run").parent), Shelf(tmp_path / "all" / "run")
    assert set(above.units) == {f"run/{ref}" for ref in run.units}
    assert run.units["chains"].rows == above.units["run/chains"].rows == 8


def test_rows_of_rounds_are_found_with_their_training_alone(tmp_path):
    shelf = Shelf(write_more(write_run(tmp_path / "run")))
    assert not [ref for ref in shelf.units if ref.startswith("grpo")]
    assert [set(shelf.parts(one)) for one in shelf.rounds("grpo")] == [{"chains", "rewards", "trained"}] * 2


def test_the_pairs_of_a_round_are_shown_with_their_question(tmp_path):
    root = write_more(write_run(tmp_path / "run"))
    sides = {name: Response(text=f"{name} {HARM}") for name in ("chosen", "rejected")}
    pair = Pair(question_id="q/1", style=Style.REASON, source="online", margin=1.0, **sides)
    put(root / "grpo" / "rollouts" / "round-00001" / "pairs", [pair], Pair)
    with serving(root) as served:
        assert "pairs of this round" not in served.get("/run/0/rollouts/grpo?round=0").text
        link = '<a href="../../../run/0/pairs/grpo/rollouts/round-00001/pairs">1 pairs of this round</a>'
        assert link in served.get("/run/0/rollouts/grpo?round=1").text
        shown = served.get("/run/0/pairs/grpo/rollouts/round-00001/pairs").text
        assert served.get("/run/0/pairs/grpo/rollouts/round-00000/pairs").status == 404
        assert served.get("/run/0/pairs/grpo/rollouts/round-00001/chains").status == 404
    assert "online · margin 1" in words_of(shown)
    assert 'href="../../../../../../run/0/question/questions?id=q%2F1"' in shown
    assert "<script>alert" not in shown


def test_rounds_outside_of_the_run_are_none_of_its_units(tmp_path):
    for name in ("run", "other"):
        write_more(write_run(tmp_path / name))
    shelf, chains = Shelf(tmp_path / "run"), "grpo/rollouts/round-00001/chains"
    assert shelf.unit_of_round(chains) is not None
    assert shelf.unit_of_round(f"../other/{chains}") is None


def test_the_last_of_many_chains_has_its_verdict(tmp_path):
    root = write_run(tmp_path / "run")
    for name, record in (("chains", Chain), ("verdicts", Verdict)):
        one = next(row for row in read_rows(root / name, record) if row.question_id == "q/1")
        write_shard(root / name, 0, [replace(one, index=index) for index in range(600)], record)
    with serving(root) as served:
        text = served.get(f"/run/0/question/questions?id={quote('q/1')}&chains=chains&page=9").text
    assert text.count("<article") == text.count('class="badge correct"') == 600 - 9 * 64
