"""What a person says in the viewer: rows that pairs, ranked groups, calibration and score cards take as any judge's."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from looked_at import Served, serving, write_run

from seewhy.cli.main import main
from seewhy.evaluation.calibration import calibrate, key_of
from seewhy.evaluation.scorecard import scorecard_of
from seewhy.pairs.by_outcome import ByOutcome
from seewhy.pairs.by_score import ByScore
from seewhy.pairs.judged import Judged, judged_of
from seewhy.pairs.ranked import Picking, rank
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Chain, FinishReason, Outcome, Pair, Question, Style, Verdict
from seewhy.view.annotations import Seen
from seewhy.view.annotations import rank as keep_order

CHAIN = {"question": "q/1", "style": "reason", "questions": "questions"}


def sent(served: Served, **form: object) -> int:
    pairs = [(name, one) for name, value in {**CHAIN, **form}.items()
             for one in (value if isinstance(value, list) else [value])]  # fmt: skip
    origin = f"http://127.0.0.1:{served.port}"
    return served.post("/run/0/annotate/chains", urlencode(pairs), Origin=origin).status


def kept(root: Path, folder: str) -> list[Verdict]:
    return list(read_rows(root / folder / "chains", Verdict))


def test_an_order_is_kept_as_scores_by_key_with_the_order_shown(tmp_path):
    root = write_run(tmp_path / "run")
    with serving(root) as served:
        assert sent(served, form="rank", shown=[1, 0], **{"place-0": 1, "place-1": 2}) == 303
        assert sent(served, form="rank", shown=[1, 0], **{"place-0": 1}) == 400
        assert sent(served, form="rank", shown=[7, 0], **{"place-0": 1, "place-7": 2}) == 404
    first, second = kept(root, "annotations-ranked")
    assert [(row.index, row.score, row.outcome) for row in (first, second)] == [
        (0, 1.0, Outcome.CORRECT), (1, 0.0, Outcome.INCORRECT),
    ]  # fmt: skip
    assert first.why == "place 1 of 2, shown in the order 1, 0"


def test_a_place_of_a_chain_that_was_not_shown_is_refused_and_nothing_is_kept(tmp_path):
    chain = Chain(question_id="q", index=0, style=Style.REASON, text="", stop=FinishReason.END, sampler="s", seed=0)
    with pytest.raises(ValueError, match="chain 7 was not among those shown"):
        keep_order(tmp_path, "chains", Seen("q", Style.REASON, {0: chain}, {0: None}), {0: 1, 7: 2}, "me")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("places", "scores"), [((1, 2, 3), (1.0, 0.5, 0.0)), ((2, 1, 2), (0.25, 1.0, 0.25)), ((1, 1, 1), (0.5, 0.5, 0.5))]
)
def test_a_score_is_the_share_of_the_others_that_a_chain_beats(tmp_path, places: Sequence[int], scores):
    chains = {
        i: Chain(question_id="q", index=i, style=Style.REASON, text=f"{i}", stop=FinishReason.END, sampler="s", seed=0)
        for i in range(3)
    }
    seen = Seen("q", Style.REASON, chains, dict.fromkeys(range(3)))
    rows = keep_order(tmp_path, "chains", seen, dict(enumerate(places)), "me")
    assert tuple(row.score for row in rows) == scores


def test_a_persons_rows_are_taken_by_pairs_groups_calibration_and_score_cards(tmp_path):
    root = write_run(tmp_path / "run")
    with serving(root) as served:
        assert sent(served, form="rank", shown=[0, 1], **{"place-0": 2, "place-1": 1}) == 303
        for index, verdict in ((0, "wrong"), (1, "right")):
            assert sent(served, form="mark", index=index, verdict=verdict) == 303
    chains = {(row.question_id, row.index): row for row in read_rows(root / "annotations" / "chains-seen", Chain)}
    assert list(chains.values()) == [row for row in read_rows(root / "chains", Chain) if row.question_id == "q/1"]
    marks, order = kept(root, "annotations"), kept(root, "annotations-ranked")

    def joined(rows: Sequence[Verdict]) -> list[Judged]:
        return judged_of([(chains[row.question_id, row.index], row) for row in rows])

    judged = joined(order)
    _, (choice,) = ByScore(margin=0.5)(judged)
    assert (choice.chosen.index, choice.rejected.index, choice.margin) == (1, 0, 1.0)
    assert [(pick.chosen, pick.rejected) for pick in Picking().draw(rank(judged, [None, None])).picks] == [(1, 0)]
    _, choices = ByOutcome(lowest=0.0, highest=1.0)(joined(marks))
    assert [(one.chosen.index, one.rejected.index) for one in choices] == [(1, 0)]
    truth = {key_of(row): row.outcome is Outcome.CORRECT for row in marks}
    machine = [row for row in read_rows(root / "verdicts", Verdict) if key_of(row) in truth]
    assert calibrate(machine, truth).false_right == 1
    questions = [row for row in read_rows(root / "questions", Question) if row.id == "q/1"]
    card = scorecard_of(questions, [row for row in marks if row.index == 1], model="m")
    assert (card.correct, card.n) == (1, 1)


def test_calibrate_and_pair_take_the_folders_that_the_viewer_writes(tmp_path, capsys):
    root = write_run(tmp_path / "run")
    with serving(root) as served:
        for index, verdict in ((0, "wrong"), (1, "right")):
            assert sent(served, form="mark", index=index, verdict=verdict) == 303
        assert sent(served, form="mark", question="q/2", index=0, verdict="unsure") == 303
    labels = str(root / "annotations" / "chains")
    assert main(["calibrate", "outcome", "--labels", labels, "--questions", str(root / "questions"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["false_right"], found["false_wrong"]) == (2, 1, 1)
    assert main(["calibrate", "outcome", "--labels", labels, "--questions", str(tmp_path), "--json"]) == 2
    assert str(tmp_path) in capsys.readouterr().err
    out = tmp_path / "pairs"
    words = ["--chains", f"{labels}-seen", "--verdicts", labels, "--rule.lowest", "0", "--rule.highest", "1"]
    assert main(["pair", *words, "--out", str(out)]) == 0
    (pair,) = read_rows(out, Pair)
    assert (pair.question_id, pair.chosen.text[-2:], pair.rejected.text[-2:]) == ("q/1", "B.", "A.")


def test_a_drawn_sample_is_blind_keeps_its_rule_and_ends_with_the_agreement(tmp_path):
    root = write_run(tmp_path / "run")
    with serving(root) as served:
        for number in range(4):
            page = served.get("/run/0/sample/chains?n=4&seed=3").text
            assert f"{number} of 4 done" in page
            for word in ("badge", "human:", "score", "gold <b>", "sampler"):
                assert word not in page.split("<main>")[1].replace("scores and names of models", "")
            question, index = (page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("question", "index"))
            question = question.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"')
            assert sent(served, form="drawn", question=question, index=index, verdict="right", n=4, seed=3) == 303
        end = served.get("/run/0/sample/chains?n=4&seed=3").text
        assert "agreement with verdicts" in end
        shown = served.get("/run/0/agreement?judge=verdicts&truth=annotations-drawn%2Fchains").text
        assert "drawn by a rule and seen without other verdicts" in shown
    rows = kept(root, "annotations-drawn")
    assert len({key_of(row) for row in rows}) == 4
    assert {row.why for row in rows} == {"drawn by seed 3"}


def test_a_larger_sample_holds_the_smaller_one_and_another_seed_draws_another(tmp_path):
    root = write_run(tmp_path / "run")
    with serving(root) as served:
        first = [served.get(f"/run/0/sample/chains?n={n}&seed=0").text.split('<p class="chain">')[1] for n in (1, 8)]
        assert first[0].split("</p>")[0] == first[1].split("</p>")[0]
        assert "of 8 done" in served.get("/run/0/sample/chains?n=100").text


def test_two_of_a_question_are_preferred_blind(tmp_path):
    root = write_run(tmp_path / "run")
    with serving(root) as served:
        page = served.get("/run/0/sample/chains?kind=pairs&n=2").text
        left, right = (int(page.split(f'name="{name}" value="')[1].split('"')[0]) for name in ("left", "right"))
        assert {left, right} == {0, 1}
        assert sent(served, form="pair", left=left, right=right, verdict="right") == 303
        assert sent(served, form="pair", left=left, right=right, verdict="both") == 400
    scores = {row.index: row.score for row in kept(root, "annotations-preferred")}
    assert scores == {right: 1.0, left: 0.0}


def test_a_verdict_on_a_text_that_was_made_anew_is_told_and_not_moved(tmp_path):
    root = write_run(tmp_path / "run")
    with serving(root) as served:
        assert sent(served, form="mark", index=1, verdict="right") == 303
        path = f"/run/0/question/questions?{urlencode({'id': 'q/1', 'chains': 'chains'})}"
        assert "human:me" in served.get(path).text
        rows = [replace(row, text=row.text + " Anew.") for row in read_rows(root / "chains", Chain)]
        write_shard(root / "chains", 0, rows, Chain)
        shown = served.get(path).text
    assert "human:me" not in shown
    assert "1 verdicts of a person are about texts that are no longer there" in shown
