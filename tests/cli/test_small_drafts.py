"""Drafts of systems run end to end on small rows: mDPO with its varied pictures."""

from pathlib import Path

import pytest
from served_oracle import serve
from wired_runs import QUICK, pages

from seewhy.cli.main import main
from seewhy.records.rows import RowReader
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain, Pair, Question, ReferenceRow
from seewhy.runs.open import open_run
from seewhy.runs.recipe_text import plain_recipe
from seewhy.runs.structure import natural, unstructure
from seewhy.runs.yaml_text import dump_yaml

DRAFTS = Path(__file__).parents[1] / "data" / "recipes"
TRAIN = 20
"""As `wired_runs.pages` draws them."""
QUESTIONS = {"stage": "questions", "train": TRAIN, "validation": 0, "test": 2}
SHORT = {"learning_rate": 1e-3, "batch_size": 8}


def small(name: str, models: dict[str, object], **steps: dict[str, object]) -> dict[str, object]:
    """A draft on few questions of inkgrid, with the fields of some steps replaced."""
    plain = natural(plain_recipe(str(DRAFTS / f"{name}.yaml")))
    changed = {key: {**step, **steps.get(key.replace("-", "_"), {})} for key, step in plain["steps"].items()}
    return {**plain, "models": models, "compute": {}, "steps": {**changed, "questions": QUESTIONS},
            "machine": unstructure(QUICK)}  # fmt: skip


def run(plain: dict[str, object], place: Path) -> Path:
    (place / "recipe.yaml").write_text(dump_yaml(plain))
    words = ["run", str(place / "recipe.yaml"), "--run", str(place / "run"), "--workers", "1", "--threads", "1"]
    assert main(words) == 0
    return place / "run"


@pytest.fixture(scope="module")
def mdpo(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("mdpo")
    with serve(pages(place), place / "files") as server:
        models = {"base": {"path": "tiny"}, "judge": {"base_url": server.base_url, "model": "oracle"}}
        plain = small(
            "mdpo", models, chains={"ask": 6, "per_question": 4, "max_tokens": 24},
            pairs={"rule": {"kind": "by_score", "margin": 0.1}}, mdpo={"fit": SHORT, "adapter": {"rank": 4}},
            test={"max_tokens": 8},
        )  # fmt: skip
        return run(plain, place)


def test_mdpo_draws_crops_of_the_paired_questions_once_and_keys_the_reference_by_them(mdpo):
    opened = open_run(mdpo)
    pairs = list(RowReader(mdpo / "pairs", Pair))
    varied = list(opened.questions("mdpo.pictures"))
    own = {one.id: one for one in opened.questions("questions.train")}
    assert {one.id for one in varied} == {pair.question_id for pair in pairs}
    for one in varied:
        assert Path(one.images[0].path).is_file()
        assert one.images[0].sha256 != own[one.id].images[0].sha256
        assert one.facets["pictures"] == "cropped"
        assert 0.0 < float(one.facets["kept"]) <= 0.2
    distinct = {(pair.question_id, text) for pair in pairs for text in (pair.chosen.text, pair.rejected.text)}
    chosen = {(pair.question_id, pair.chosen.text) for pair in pairs}
    assert len(RowReader(mdpo / "mdpo" / "reference", ReferenceRow)) == len(distinct) + len(chosen)
    first = next(iter(read_steps(mdpo / "mdpo" / "steps.jsonl")))
    assert first.loss == pytest.approx(3 * 0.693147, abs=1e-3)
    assert 0.0 <= first.terms["picture_accuracy"] <= 1.0


@pytest.fixture(scope="module")
def mpo(tmp_path_factory) -> Path:
    few = {"per_question": 8, "ask": 8, "max_tokens": 40, "temperature": 1.8, "multiple_choice_temperature": 1.8}
    plain = small(
        "mpo", {"base": {"path": "tiny"}}, chains=few, blind_chains={"max_tokens": 32}, right={"rule": {
            "kind": "by_outcome", "lowest": 0.0, "highest": 1.0, "most": 15}}, mpo={"fit": SHORT},
        test={"max_tokens": 8, "styles": ["reason"]},
    )  # fmt: skip
    return run(plain, tmp_path_factory.mktemp("mpo"))


@pytest.mark.nightly
def test_mpo_trains_on_three_streams_of_its_own_chains(mpo):
    opened = open_run(mpo)
    blind = list(RowReader(mpo / "blind", Pair))
    pictures = {one.id for one in opened.questions("questions.train") if one.images}
    assert blind
    for pair in blind:
        words = pair.chosen.text.split()
        assert pair.rejected.text.split()[: len(words) // 2] == words[: len(words) // 2]
        assert pair.question_id in pictures
        assert pair.source == "continue_blind"
    chains = list(RowReader(mpo / "blind-chains" / "chains", Chain))
    assert {chain.sampler for chain in chains if chain.index % 2} == {"base without pictures"}
    assert {chain.sampler for chain in chains if not chain.index % 2} == {"base"}
    logs = list(read_steps(mpo / "mpo" / "steps.jsonl"))
    streams = {name.partition("/")[2] for log in logs for name in log.terms if name.startswith("rows/")}
    rows = {name: len(RowReader(mpo / name, Pair)) for name in ("right", "format", "blind")}
    assert streams == {name for name, count in rows.items() if count}


def test_the_same_questions_are_varied_alike_by_a_step_of_their_own(mdpo, tmp_path):
    words = ["vary_pictures", "--questions", str(mdpo / "mdpo" / "pictures"), "--kind", "other", "--out"]
    assert main([*words, str(tmp_path / "one")]) == 0
    assert main([*words, str(tmp_path / "two")]) == 0
    rows = [list(RowReader(tmp_path / name, Question)) for name in ("one", "two")]
    assert rows[0] == rows[1]
