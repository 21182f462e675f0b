"""Log-probabilities that RLAIF-V stores with its pairs: the reference of a training where the model is theirs."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from seewhy.cli.main import main
from seewhy.model.plan import AdapterPlan
from seewhy.records.rows import RowReader
from seewhy.records.types import Pair, Question, ReferenceRow
from seewhy.runs.machine import Machine
from seewhy.runs.models import ProcessModels
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.run import OpenRun
from seewhy.runs.runner import Runner
from seewhy.training.examples import pair_example
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore
from seewhy.training.stored import CLOSE

ROWS = 3
PLAN = FitPlan(learning_rate=1.0)


def convert(place: Path, name: str, logps: Sequence[str | None]) -> Path:
    rows = [{"image": {"path": f"{n}.png"}, "question": f"What is {n}?", "chosen": f"It is {n}.", "rejected": "No.",
             "idx": n, "logps": logps[n]} for n in range(ROWS)]  # fmt: skip
    (place / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [str(place / f"{name}.jsonl"), str(place / name), "--from", "rlaifv", "--to", "seewhy"]
    assert main(["data", "convert", *words]) == 0
    return place / name


def run_of(place: Path, rows: Path, **settings: object) -> OpenRun:
    step = {"stage": "reference", "model": "base", "pairs": ["pairs"], "questions": "questions", **settings}
    recipe, _ = build_recipe({
        "name": "stored", "seed": 0, "models": {"base": {"path": "tiny"}}, "steps": {"made": step},
        "inputs": {"pairs": str(rows), "questions": str(rows / "questions")},
    }, "stored")  # fmt: skip
    return OpenRun(root=place, recipe=recipe, machine=Machine(workers=1))


def reference(run: OpenRun) -> dict[str, tuple[float, ...]]:
    list(Runner(run=run, command="").go(list(run.nodes.values())))
    return {row.key: row.logprobs for row in run.read("made", ReferenceRow)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[list[float], list[float]]], dict]:
    """Where pictures are, the computed values of both sides of each pair, and the computed reference rows."""
    place = tmp_path_factory.mktemp("stored")
    for number in range(ROWS):
        Image.new("RGB", (56, 56), (80 * number, 0, 30)).save(place / f"{number}.png")
    rows = convert(place, "bare", [None] * ROWS)
    run = run_of(place / "computed", rows)
    found = reference(run)
    model = ProcessModels(run=run, note=print).reference("base", AdapterPlan(rank=0))
    store = ReferenceStore.of(model.fingerprint, run.read("made", ReferenceRow))
    asked = {question.id: question for question in run.questions("questions")}
    pairs = [pair_example(model, pair, 0) for pair in RowReader(rows, Pair)]
    values = [tuple(row.tolist() for row in store.of_pair(asked, pair)) for pair in pairs if pair]
    assert len(values) == ROWS == len(RowReader(rows / "questions", Question))
    return place, values, found


def six(sides: tuple[list[float], list[float]], shift: float = 0.0, cut: int = 0) -> str:
    told = [[one + shift for one in side[cut:]] for side in sides]
    return json.dumps([part for side in told for part in (sum(side), sum(side) / len(side), side)])


def test_stored_values_are_the_reference_and_equal_the_computed_ones(made) -> None:
    place, values, computed = made
    # A shift that half precision could make shows which ones were taken; the last pair has none and is computed.
    shift = 0.4 * CLOSE
    rows = convert(place, "with", [*(six(one, shift) for one in values[:-1]), None])
    assert [pair.chosen_logprobs is None for pair in RowReader(rows, Pair)] == [False] * (ROWS - 1) + [True]
    found = reference(run_of(place / "taken", rows, stored_by="tiny"))
    assert found.keys() == computed.keys()
    gaps = sorted(max(abs(a - b - shift) for a, b in zip(found[key], computed[key], strict=True)) for key in found)
    assert gaps[: 2 * (ROWS - 1)] == pytest.approx([0.0] * 2 * (ROWS - 1), abs=1e-5)
    assert gaps[2 * (ROWS - 1) :] == pytest.approx([shift] * 2, abs=1e-5)
    kept = sorted(reference(run_of(place / "cut", rows, stored_by="tiny", keep_tokens=2)).values())
    whole = sorted(found.values())
    assert [len(row) for row in kept] == [2] * len(whole)
    for row, values in zip(kept, whole, strict=True):
        assert row == pytest.approx(values[:2], abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "stored_by", "said"),
    [
        ({}, "other/model", "'other/model'.*'tiny'"),
        ({"shift": 2 * CLOSE}, "tiny", "question .*nats a token"),
        ({"cut": 1}, "tiny", "question .*stored log-probabilities and .* tokens"),
    ],
    ids=["another name", "another model", "another tokenizer"],
)
def test_values_that_are_not_the_models_are_refused_with_the_reason(made, tmp_path, settings, stored_by, said) -> None:
    place, values, _ = made
    name = f"bad-{len(list(place.iterdir()))}"
    rows = convert(place, name, [six(one, **settings) for one in values])
    with pytest.raises(ValueError, match=said):
        reference(run_of(tmp_path, rows, stored_by=stored_by))


def test_rows_go_back_to_rlaifv_with_their_values(made) -> None:
    place, values, _ = made
    rows = convert(place, "there", [six(one) for one in values])
    assert main(["data", "convert", str(rows), str(place / "back"), "--to", "rlaifv"]) == 0
    assert main(["data", "convert", str(place / "back"), str(place / "again"), "--to", "seewhy"]) == 0
    told = [[(pair.chosen_logprobs, pair.rejected_logprobs) for pair in RowReader(place / name, Pair)]
            for name in ("there", "again")]  # fmt: skip
    assert told[0] == told[1]
