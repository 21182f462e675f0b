"""The table of all families in docs/families.md is what the engine finds of them, and none ends in a traceback."""

from pathlib import Path

import pytest
from families import FAMILIES
from families_wide import KINDS, small_net, text_group
from family_table import PAGE, Row, on_page, over, seen_row, wide_row, written

from seewhy.model.packed.scores import Path as ScorePath
from seewhy.training.memory.trace import meta_net, trace_memory

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SOME_LANGUAGES = ("granite", "gemma2", "qwen3_next")
SOME_KINDS = ("blip-2", "instructblip", "llama4", "minicpmv4_6", "muse_glimmer", "kimi_k25", "glm4v_moe", "idefics")
INDEXED = {"dots3_note", "glm5_next", "mistral_large4"}
"""Families that choose the keys they look at, by values that a pass without weights does not have."""


def on_table(row: Row | None) -> bool:
    assert row is not None
    return row.line in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_table_has_at_least_a_hundred_families_and_a_reason_for_each_that_is_not_packed() -> None:
    lines = [line.split(" | ") for line in on_page(PAGE.read_text(encoding="utf-8")).splitlines()[3:-1]]
    assert len(lines) >= 100
    assert {scored for _, _, scored, *_ in lines} == {"packed", "continued", "separate", "refused"}
    assert all(why != "– |" for _, _, scored, _, why in lines if scored != "packed")


@pytest.mark.parametrize("kind", SOME_LANGUAGES)
def test_a_text_model_under_a_llava_is_what_the_table_says(kind: str, tmp_path: Path) -> None:
    assert on_table(seen_row(over(kind), f"LLaVA over {kind}", tmp_path))


@pytest.mark.parametrize("kind", SOME_KINDS)
def test_a_family_by_its_settings_is_what_the_table_says(kind: str) -> None:
    assert on_table(wide_row(kind))


@pytest.mark.nightly
def test_the_whole_table_is_what_the_engine_finds(tmp_path: Path) -> None:
    assert written(tmp_path).splitlines() == on_page(PAGE.read_text(encoding="utf-8")).splitlines()


@pytest.mark.nightly
def test_every_language_model_of_the_table_is_traced_without_weights() -> None:
    traced, failed = 0, dict[str, str]()
    for kind in KINDS:
        row = wide_row(kind) if kind not in {family.name for family in FAMILIES} else None
        net = small_net(kind) if row is not None and row.scored != "refused" else ""
        if row is None or isinstance(net, str):
            continue
        try:
            found = trace_memory(meta_net(net.config), [text_group(net)], path=ScorePath(row.scored))
        except (RuntimeError, ValueError) as error:
            failed[kind] = repr(error)
            continue
        assert found.peak > 0, kind
        traced += 1
    assert set(failed) <= INDEXED, failed
    assert traced >= 40
