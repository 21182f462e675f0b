"""The recipe `evidence` at a size of minutes: every step of it, and the table that is made of two such runs."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seewhy.recipes.evidence import recipe
from seewhy.records.rows import RowReader
from seewhy.records.types import ScoredChain
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import recipe_text
from seewhy.stages.direct import Direct
from seewhy.stages.distil import Distil
from seewhy.stages.mix import Mix
from seewhy.stages.online import Online
from seewhy.stages.pair import PairChains
from seewhy.stages.questions import Questions
from seewhy.stages.rerank import Rerank
from seewhy.stages.sample import Sample

ROOT = Path(__file__).parents[2]


def small() -> Recipe:
    """Few questions, wide bands, two rounds."""
    whole = recipe()
    steps = dict(whole.steps)
    for name, step in steps.items():
        match step:
            case Questions():
                steps[name] = replace(step, train=64, test=4, shifted=4)
            case Distil() | Direct():
                steps[name] = replace(step, ask=24)
            case Mix():
                steps[name] = replace(step, aligned={"worked": 4, "short": 4})
            case Sample():
                steps[name] = replace(step, ask=16, after=24, per_question=8)
            case Rerank():
                steps[name] = replace(step, ask=3, per_question=4)
            case Online():
                steps[name] = replace(step, rollouts=replace(step.rollouts, rounds=4, questions=2, per_question=4))
            case PairChains() if step.rule.kind == "by_outcome":
                steps[name] = replace(step, rule=choose("by_outcome", lowest=0.0, highest=1.0, most=1))
            case _:
                pass
    return replace(whole, steps=steps)


@pytest.mark.nightly
def test_every_step_runs_and_the_table_has_its_rows(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(recipe_text(small()))
    options = ["--run", "run", "--workers", "1", "--threads", "1", "--skip-preflight"]
    made = subprocess.run([sys.executable, "-m", "seewhy", "run", "small.yaml", *options],
                          capture_output=True, text=True, check=False, cwd=tmp_path)  # fmt: skip
    assert made.returncode == 0, made.stderr
    seen, unseen = ({(row.question_id, row.index): row for row in RowReader(tmp_path / "run" / name, ScoredChain)}
                    for name in ("verifier/scores", "scores-blind"))  # fmt: skip
    assert seen.keys() == unseen.keys()
    for key, row in unseen.items():
        assert row.policy == pytest.approx(seen[key].reference, abs=1e-4), "the same model with the pictures"
        assert row.policy != pytest.approx(row.reference, abs=1e-3), "and without"
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- begin: bench/evidence.py -->\nold\n<!-- end: bench/evidence.py -->\nafter\n")
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "evidence.py"), str(tmp_path / "run"), "--into", str(page)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "\nold\n" not in text
    assert "not run" not in text
    assert [f"| {number} |" in text for number in range(1, 11)] == [True] * 10
