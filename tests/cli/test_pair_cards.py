"""What a step of pairs says of itself: funnel, data card and report; and early stopped sampling."""

from collections import Counter
from pathlib import Path

import pyarrow.dataset as arrow_datasets
import pytest
import yaml
from test_pairing import scored

from seewhy.cli.main import main
from seewhy.records.lineage import read_manifest
from seewhy.records.rows import RowReader
from seewhy.records.types import Chain, Lesson, Pair
from seewhy.runs.choice import choose
from seewhy.runs.fingerprints import settings_of
from seewhy.runs.open import open_run
from seewhy.sampling.early import EarlyStop
from seewhy.stages.sample import Sample


def test_pairs_have_a_card_beside_them_with_the_funnel_and_metadata(tmp_path):
    words = scored(tmp_path, choose("by_score", margin=0.2), [0.1, 0.5, None])
    assert main(words) == 0
    folder = tmp_path / "run" / "pairs"
    card = (folder / "_README.md").read_text()
    head, body = card.removeprefix("---\n").split("---\n", 1)
    told = yaml.safe_load(head)
    assert told["size_categories"] == ["n<1K"]
    assert told["configs"] == [{"config_name": "default", "data_files": "part-*.parquet"}]
    assert "license" not in told
    pairs = list(RowReader(folder, Pair))
    for line in ("| questions seen | 6 |", "| questions kept | 6 |", "| dropped no margin | 0 |", "| pairs | 6 |"):
        assert line in body
    mean = sum(len(pair.chosen.text) for pair in pairs) / len(pairs)
    assert f"| mean characters of the chosen side | {mean:,.0f} |" in body
    # The folder opens elsewhere as it is.
    assert arrow_datasets.dataset(folder, format="parquet").count_rows() == 6
    counts = read_manifest(folder).counts
    assert counts["chains of kept questions"] == 18
    assert counts["questions seen"] == counts["questions kept"] + sum(
        count for name, count in counts.items() if name.startswith("dropped ")
    )


def test_the_report_tells_what_the_pairs_are_like(tmp_path):
    assert main(scored(tmp_path, choose("by_score", margin=0.2), [0.1, 0.5, None])) == 0
    run = open_run(tmp_path / "run")
    section = run.recipe.steps["pairs"].section(run, "pairs")
    assert section.look.equal == 0.0
    assert section.look.longer == 0.0
    assert section.look.chosen_length == section.look.rejected_length == len("0 ### Answer: 1")


RECIPE = """
name: early
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 6, validation: 0, test: 0}
  whole: {stage: sample, model: base, questions: questions.train, per_question: 6, max_tokens: 24}
  chains: {stage: sample, model: base, questions: questions.train, per_question: 6, max_tokens: 24,
           early: {first: 3, risk: 0.45}}
  verdicts: {stage: judge, chains: chains}
  own: {stage: imitate, chains: chains, verdicts: verdicts, most: 2, own: true}
  short: {stage: direct, questions: questions.train}
  mix: {stage: mix, parts: {own: 0, short: 2}, aligned: {short: 2}}
"""


@pytest.fixture(scope="module")
def early(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("early")
    (place / "recipe.yaml").write_text(RECIPE)
    assert main(["run", str(place / "recipe.yaml"), "--run", str(place / "run"), "--workers", "1"]) == 0
    return place / "run"


def test_live_questions_are_topped_up_with_the_chains_that_they_would_have_had(early):
    chains, whole = (list(RowReader(early / name, Chain)) for name in ("chains", "whole"))
    counts = Counter(chain.question_id for chain in chains)
    assert set(counts.values()) <= {3, 6}
    full = {(chain.question_id, chain.index): chain.text for chain in whole}
    assert all(full[chain.question_id, chain.index] == chain.text for chain in chains)
    stopped = sum(count == 3 for count in counts.values())
    assert read_manifest(early / "chains").counts["questions stopped early"] == stopped
    run = open_run(early)
    text = run.recipe.steps["chains"].section(run, "chains").text
    assert "3 of 6 chains" in text
    assert f"25%: {EarlyStop(first=3, risk=0.45).chance_of_stop(0.25, 6):.1%}" in text


def test_a_mix_holds_its_parts_as_declared(early):
    counts = read_manifest(early / "mix").counts
    own = len(list(RowReader(early / "own", Lesson)))
    assert counts["own"] == own
    assert counts["short"] == counts["aligned short"] == 2
    assert counts["rows"] == own + 4
    assert all(row.response.token_ids for row in RowReader(early / "own", Lesson))


def test_a_setting_that_came_later_changes_no_fingerprint_at_its_default():
    plain = Sample(model="base", questions="questions.train")
    assert "early" not in settings_of(plain, set())
    stopped = Sample(model="base", questions="questions.train", early=EarlyStop(first=4))
    assert "early" in settings_of(stopped, set())
