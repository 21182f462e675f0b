"""A changed recipe makes finished steps stale, by field; what others follow from is not made anew without a word."""

import shutil
from pathlib import Path

import pytest
from stopped_step import COUNT, go, run, steps_of, with_copy

from seewhy.records.lineage import hash_directory, read_manifest
from seewhy.records.shards import read_rows
from seewhy.records.types import Lesson
from seewhy.runs.changes import State, readable_steps, status_of
from seewhy.runs.events import Began, Ended
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent, open_run
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.run import OpenRun

CHANGES = [
    ({"size": 41}, "settings.size is 40 there and 41 here"),
    ({"source": "mine"}, "settings.source is '' there and 'mine' here"),
    ({"seed": 4}, "settings.seed is 0 there and 4 here"),
    ({"per_shard": 5}, "per_shard is 3 there and 5 here"),
]


def states(root: Path, plain: dict[str, object]) -> dict[str, State]:
    """Each unit of a recipe that would be run there, and its state."""
    return {one.ref: one.state for one in statuses(root, plain)}


def statuses(root: Path, plain: dict[str, object]):
    recipe, machine = build_recipe(plain, "teach.yaml")
    return status_of(OpenRun(root=root, recipe=recipe, machine=machine))


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a directory, but the note of who writes."""
    return {
        str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file() and path.name != "_writer"
    }


@pytest.mark.parametrize(("fields", "told"), CHANGES)
def test_a_step_that_others_follow_from_is_not_made_anew_and_nothing_is_touched(fields, told, tmp_path):
    root = tmp_path / "run"
    go(root, with_copy(steps_of(root)))
    before = contents(root)
    changed = with_copy(steps_of(root, **fields))
    with pytest.raises(ValueError, match="holds finished steps") as caught:
        go(root, changed)
    for fact in (str(root), "step teach", told, "copy would be made anew", f"--reuse {root}", "--remake"):
        assert fact in str(caught.value)
    assert contents(root) == before
    (teach, copy) = statuses(root, changed)
    assert (teach.state, copy.state) == (State.STALE, State.STALE)
    assert told in teach.why
    assert copy.why == ("teach is stale",)


@pytest.mark.parametrize(("fields", "told"), CHANGES)
def test_a_step_that_none_follows_from_is_made_anew(fields, told, tmp_path):
    root = tmp_path / "run"
    run(root)
    go(root, steps_of(root, **fields))
    run(tmp_path / "other", **fields)
    assert hash_directory(root / "teach") == hash_directory(tmp_path / "other" / "teach")
    assert read_manifest(root / "teach").fingerprint == read_manifest(tmp_path / "other" / "teach").fingerprint


def test_remake_makes_a_changed_step_and_what_follows_from_it_anew(tmp_path):
    root = tmp_path / "run"
    go(root, with_copy(steps_of(root)))
    changed = with_copy(steps_of(root, size=41))
    events = go(root, changed, Extent(remake=True))
    assert [one.ref for one in events if isinstance(one, Began)] == ["teach", "copy"]
    assert set(states(root, changed).values()) == {State.FINISHED}
    texts = [[row.response.text for row in read_rows(root / step, Lesson)] for step in ("teach", "copy")]
    assert texts[0] == texts[1]
    assert {len(text) for text in texts[0]} == {2 * 41 * number for number in range(COUNT) if number % 3}


def test_an_unfinished_step_of_other_settings_keeps_none_of_its_rows(tmp_path):
    root = tmp_path / "run"
    with pytest.raises(ValueError, match="the lamp went out"):
        run(root, fails_at=8)
    assert run(root, source="mine").counts == {"inputs": COUNT, "rows": 10, "even": 6}
    assert {row.source[:4] for row in read_rows(root / "teach", Lesson)} == {"mine"}


def test_an_input_whose_content_changed_makes_what_reads_it_stale(tmp_path):
    root = tmp_path / "run"
    go(root, with_copy(steps_of(root)))
    plain = with_copy(steps_of(root, COUNT + 1))
    (teach, _) = statuses(root, plain)
    assert teach.state is State.STALE
    assert [line.split(" ")[0] for line in teach.why] == ["inputs.numbers"]
    with pytest.raises(ValueError, match=r"step teach: inputs\.numbers is .* copy would be made anew"):
        go(root, plain)


def test_how_the_work_is_done_makes_nothing_stale(tmp_path):
    root = tmp_path / "run"
    go(root, with_copy(steps_of(root)))
    same = with_copy(steps_of(root, pause=0.001, fails_at=3))
    assert set(states(root, same).values()) == {State.FINISHED}
    assert all(isinstance(one, Ended) and one.is_found for one in go(root, same))


def test_a_step_more_or_another_name_of_the_recipe_leaves_finished_steps_as_they_are(tmp_path):
    root = tmp_path / "run"
    go(root, steps_of(root))
    more = {**with_copy(steps_of(root)), "name": "another"}
    events = go(root, more)
    assert [(one.ref, one.is_found) for one in events if isinstance(one, Ended)] == [("teach", True), ("copy", False)]


def test_only_the_steps_that_follow_from_a_changed_one_are_stale(tmp_path):
    root = tmp_path / "run"
    plain = with_copy(with_copy(with_copy(steps_of(root)), "second", "copy"), "aside", "teach")
    go(root, plain)
    changed = with_copy(with_copy(with_copy(steps_of(root), source="edited"), "second", "copy"), "aside", "teach")
    found = states(root, changed)
    assert found == {
        "teach": State.FINISHED, "copy": State.STALE, "second": State.STALE, "aside": State.FINISHED,
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"step copy: settings\.source .*\. second would be made anew"):
        go(root, changed)


def test_finished_steps_of_another_run_are_taken_over_where_they_are_the_same(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    go(first, with_copy(steps_of(first)))
    changed = with_copy(steps_of(first), source="edited")
    events = go(second, changed, Extent(reuse=(first,)))
    assert [(one.ref, one.is_found) for one in events if isinstance(one, Ended)] == [("teach", True), ("copy", False)]
    assert hash_directory(first / "teach") == hash_directory(second / "teach")
    assert {row.source for row in read_rows(second / "copy", Lesson)} == {"edited"}
    assert {row.source for row in read_rows(first / "copy", Lesson)} == {"copied"}


def test_states_follow_a_run_from_waiting_to_finished(tmp_path):
    root = tmp_path / "run"
    plain = with_copy(steps_of(root))
    assert states(root, plain) == {"teach": State.WAITING, "copy": State.WAITING}
    with pytest.raises(ValueError, match="the lamp went out"):
        go(root, with_copy(steps_of(root, fails_at=8)))
    (teach, copy) = status_of(open_run(root))
    assert (teach.state, copy.state) == (State.STOPPED, State.WAITING)
    # Of the numbers 0 to 5, in two finished blocks of three.
    assert (teach.rows, teach.dollars) == (6, 0.5)
    go(root, plain, Extent(only="teach"))
    assert states(root, plain) == {"teach": State.FINISHED, "copy": State.WAITING}
    go(root, plain)
    (teach, copy) = status_of(open_run(root))
    assert (teach.state, copy.state) == (State.FINISHED, State.FINISHED)
    assert (teach.rows, copy.rows) == (10, 10)


def test_a_step_whose_input_is_not_finished_names_it(tmp_path):
    root = tmp_path / "run"
    with pytest.raises(ValueError, match=r"step copy, field lessons: teach is not finished.*--only teach"):
        go(root, with_copy(steps_of(root)), Extent(only="copy"))
    assert not (root / "copy").exists()


@pytest.mark.parametrize("extent", [Extent(only="tech"), Extent(first="tech"), Extent(last="tech")])
def test_a_step_that_is_none_is_named_with_those_there_are(extent, tmp_path):
    root = tmp_path / "run"
    with pytest.raises(ValueError, match="tech: there is no such step; there are teach, copy"):
        go(root, with_copy(steps_of(root)), extent)


def test_a_file_that_was_edited_is_named_and_nothing_is_deleted(tmp_path):
    root = tmp_path / "run"
    go(root, with_copy(steps_of(root)))
    shard = root / "teach" / "part-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-7])
    before = contents(root)
    with pytest.raises(ValueError, match=r"teach/part-00001\.parquet does not hold the bytes that its step wrote"):
        go(root, with_copy(steps_of(root)), Extent(only="teach"))
    assert contents(root) == before


def test_a_stage_whose_file_was_edited_is_another_stage(tmp_path):
    source = Path(__file__).with_name("stopped_step.py").read_text()
    root = tmp_path / "run"
    plain = steps_of(root)
    found: list[tuple[str, ...]] = []
    for name, text in (("first.py", source), ("second.py", f"{source}\n# edited\n")):
        stage = tmp_path / name
        stage.write_text(text)
        (step,) = plain["steps"].values()
        own = {**plain, "steps": {"teach": {**step, "stage": f"{stage}:Teach"}}}
        found.append(tuple(line.split(" ")[0] for one in statuses(root, own) for line in one.why))
        go(root, own)
    assert found == [(), ("stage",)]


def test_the_machine_of_a_run_changes_no_row(tmp_path):
    root = tmp_path / "run"
    go(root, steps_of(root))
    recipe, _ = build_recipe(steps_of(root), "teach.yaml")
    other = OpenRun(root=root, recipe=recipe, machine=Machine(workers=3, threads=2, save_every=5))
    assert [one.state for one in status_of(other)] == [State.FINISHED]


@pytest.mark.nightly
def test_a_measurement_of_a_version_that_did_not_look_which_questions_fit_is_read_as_it_was(tmp_path):
    steps = {
        "questions": {"stage": "questions", "train": 0, "validation": 2, "test": 3},
        "test": {"stage": "evaluate", "models": ["base"], "questions": "questions.test", "styles": ["direct"],
                 "blind": [], "max_tokens": 4},
    }  # fmt: skip
    go(tmp_path, {"name": "measured", "models": {"base": {"path": "tiny"}}, "steps": steps}, Extent(preflight=False))
    whole = open_run(tmp_path)
    told = whole.recipe.steps["test"].section(whole, "test")
    shutil.rmtree(tmp_path / "test" / "fit")
    old = open_run(tmp_path)
    assert readable_steps(old) == ["questions", "test"]
    assert old.recipe.steps["test"].section(old, "test") == told
    assert {one.ref: one.state for one in status_of(old)}["test.fit"] is State.WAITING
