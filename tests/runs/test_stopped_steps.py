"""A row step that was stopped, starved or mistaken goes on as if nothing had happened, or says why it does not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stopped_step
from stopped_step import COMMAND, COUNT, EMPTY, SHORT, go, run, steps_of

from seewhy.records.files import hash_file
from seewhy.records.lineage import hash_directory, read_manifest
from seewhy.records.shards import read_rows, shard_numbers, shard_path, write_shard
from seewhy.records.types import Lesson, Response, Style
from seewhy.runs.events import Advanced, Began, Ended, Noted

SCRIPT = stopped_step.__file__


def ids(root: Path) -> list[str]:
    return [row.question_id for row in read_rows(root / "teach", Lesson)]


def wanted(count: int) -> list[str]:
    """Ids of the lessons of the numbers below `count`, in order."""
    return [f"{number}/{copy}" for number in range(count) for copy in range(number % 3)]


def test_blocks_are_consecutive_and_each_is_heard_of(tmp_path):
    root = tmp_path / "run"
    events = go(root, steps_of(root, 10, per_shard=4, seed=3))
    assert events[0] == Began(ref="teach", step="teach", number=1, of=1, total=10, unit="numbers", done=0)
    assert [one.count for one in events if isinstance(one, Advanced)] == [4, 4, 2]
    assert [one.text for one in events if isinstance(one, Noted)] == ["5 numbers are even"]
    last = events[-1] if isinstance(events[-1], Ended) else events[-2]
    assert isinstance(last, Ended)
    assert (last.rows, last.unit, last.is_found) == (10, "numbers", False)
    assert shard_numbers(root / "teach") == [0, 1, 2]
    assert ids(root) == wanted(10)
    assert {row.source for row in read_rows(root / "teach", Lesson)} == {"(0, 1, 2, 3)", "(4, 5, 6, 7)", "(8, 9)"}


def test_the_manifest_says_what_the_rows_follow_from_and_what_they_took(tmp_path):
    root = tmp_path / "run"
    manifest = run(root, count=10, per_shard=4, seed=3)
    assert manifest.counts == {"inputs": 10, "rows": 9, "even": 5}
    assert manifest.dollars == 0.75
    assert manifest.seeds == {"seed": 3}
    assert manifest.inputs == {"numbers": hash_file(tmp_path / "run.numbers")}
    assert manifest.command == COMMAND
    assert json.loads(manifest.plan)["size"] == 40
    # How the work is done, and not what comes of it, is no part of what the rows follow from.
    assert not {"pause", "fails_at"} & set(json.loads(manifest.plan))
    assert manifest.stage.startswith(f"{Path(SCRIPT).name}:Teach ")
    assert manifest.stage.endswith(hash_file(Path(SCRIPT)))


def test_a_finished_step_is_found_and_not_worked_again(tmp_path):
    root = tmp_path / "run"
    first = run(root)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.name != "_writer"}
    events = go(root, steps_of(root, fails_at=0))
    assert [type(one) for one in events] == [Ended]
    assert events[0].is_found
    assert read_manifest(root / "teach") == first
    after = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.name != "_writer"}
    changed = {path.name for path in before if before[path] != after[path]}
    assert changed <= {"recipe.yaml", "run"}  # `fails_at` is a field of the recipe


def test_counts_and_dollars_are_over_all_rows_of_all_calls(tmp_path):
    root = tmp_path / "run"
    with pytest.raises(ValueError, match="the lamp went out"):
        run(root, count=10, per_shard=4, fails_at=8)
    assert shard_numbers(root / "teach") == [0, 1]
    assert not (root / "teach" / "_manifest.json").exists()
    events = go(root, steps_of(root, 10, per_shard=4))
    begun = [one for one in events if isinstance(one, Began)]
    assert [(one.total, one.done) for one in begun] == [(10, 8)]
    assert [one.count for one in events if isinstance(one, Advanced)] == [2]
    manifest = read_manifest(root / "teach")
    assert manifest.counts == {"inputs": 10, "rows": 9, "even": 5}
    assert manifest.dollars == 0.75


def test_seconds_are_those_of_all_blocks_whichever_call_made_them(tmp_path):
    root = tmp_path / "run"
    with pytest.raises(ValueError, match="the lamp went out"):
        run(root, count=6, per_shard=2, fails_at=4, pause=0.05)
    notes = sorted((root / "teach" / "_blocks").glob("*.json"))
    assert [path.stem for path in notes] == ["00000", "00001"]
    assert all(0.1 <= json.loads(path.read_text())["seconds"] < 5 for path in notes)
    assert run(root, count=6, per_shard=2, pause=0.05).seconds >= 0.3


def test_a_step_without_inputs_leaves_rows_that_are_none(tmp_path):
    root = tmp_path / "run"
    manifest = run(root, count=0)
    assert list(read_rows(root / "teach", Lesson)) == []
    assert shard_numbers(root / "teach") == [0]
    assert (manifest.counts["inputs"], manifest.counts["rows"]) == (0, 0)


def test_a_step_of_which_nothing_is_left_says_so_and_is_not_finished(tmp_path):
    root = tmp_path / "run"
    with pytest.raises(ValueError, match="no lesson is left"):
        run(root, source=EMPTY)
    assert not (root / "teach" / "_manifest.json").exists()


def test_rows_of_which_no_plan_speaks_are_refused_and_left_alone(tmp_path):
    root = tmp_path / "run"
    lesson = Lesson(question_id="q", style=Style.REASON, response=Response(text="12"), source="gold")
    write_shard(root / "teach", 0, [lesson], Lesson)
    before = hash_directory(root / "teach")
    with pytest.raises(ValueError, match=r"teach holds rows, and no _plan\.json says of which settings"):
        run(root)
    assert hash_directory(root / "teach") == before


@pytest.mark.parametrize("text", ["{", "[]", '"plan"'])
def test_a_plan_file_that_is_damaged_is_named(text, tmp_path):
    root = tmp_path / "run"
    (root / "teach").mkdir(parents=True)
    (root / "teach" / "_plan.json").write_text(text)
    with pytest.raises(ValueError, match=r"teach/_plan\.json is damaged"):
        run(root)


@pytest.mark.parametrize("text", ["{", "[]", '{"seconds": 1.0}', '{"seconds": "x", "dollars": 0, "rows": 0}'])
def test_what_was_noted_of_a_block_and_is_damaged_is_named(text, tmp_path):
    root = tmp_path / "run"
    run(root)
    note = root / "teach" / "_blocks" / "00001.json"
    note.write_text(text)
    (root / "teach" / "_manifest.json").unlink()
    with pytest.raises(ValueError, match=r"teach/_blocks/00001\.json is damaged"):
        run(root)


def test_a_shard_that_was_taken_away_is_made_anew_and_no_other(tmp_path):
    root = tmp_path / "run"
    run(root)
    whole = hash_directory(root / "teach")
    kept = {path: path.stat().st_mtime_ns for path in (root / "teach").glob("part-*") if path.stem != "part-00001"}
    shard_path(root / "teach", 1).unlink()
    # Numbers 3, 4 and 5 are those of shard 1: nothing may say that all rows are there before it is whole.
    with pytest.raises(ValueError, match="the lamp went out"):
        run(root, fails_at=4)
    assert not (root / "teach" / "_manifest.json").exists()
    events = go(root, steps_of(root))
    assert [one.count for one in events if isinstance(one, Advanced)] == [3]
    assert hash_directory(root / "teach") == whole
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.parametrize("shards", [0, 1, 3])
def test_a_step_killed_from_outside_goes_on_and_gives_the_same_rows(shards, tmp_path):
    root = tmp_path / "run"
    process = subprocess.Popen([sys.executable, SCRIPT, "slow", str(root)])
    deadline = time.monotonic() + 120
    while not (root / "teach" / "_plan.json").exists() or len(shard_numbers(root / "teach")) < shards:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (root / "teach" / "_manifest.json").exists()
    manifest = run(root)
    assert ids(root) == wanted(COUNT)
    assert manifest.counts["rows"] == len(wanted(COUNT))


def test_a_step_killed_before_any_change_on_disk_goes_on_and_gives_the_same_bytes(tmp_path):
    """One child for each change: each rename, each removal, each opening of a temporary file."""
    expected = run(tmp_path / "whole", count=SHORT)
    done = subprocess.run(
        [sys.executable, SCRIPT, "every-step", str(tmp_path)], check=True, capture_output=True, text=True
    )
    deaths = int(done.stdout)
    # Recipe, machine, plan, manifest, and for each of two blocks its notes and its shard: eight files, each of them
    # opened under a temporary name, renamed and its temporary name removed.
    assert deaths >= 24
    for step in range(deaths):
        root = tmp_path / str(step)
        assert hash_directory(root / "teach") == hash_directory(tmp_path / "whole" / "teach")
        assert read_manifest(root / "teach").counts == expected.counts
        assert [path.name for path in root.rglob(".*") if path.name.endswith(".tmp")] == []


def test_a_disk_without_room_loses_nothing_and_the_same_command_goes_on(tmp_path):
    size = 200  # bytes a number: shard 2 is half as large again as shard 1
    run(tmp_path / "whole", size=size)
    whole, root = tmp_path / "whole" / "teach", tmp_path / "run"
    bytes_of = [shard_path(whole, number).stat().st_size for number in range(4)]
    limit = (bytes_of[1] + bytes_of[2]) // 2
    starved = [sys.executable, SCRIPT, "starved", str(root), str(size), str(limit)]
    done = subprocess.run(starved, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    told = f"cannot write {shard_path(root / 'teach', 2)}: File too large ({bytes_of[2]:,} bytes wanted"
    assert told in done.stderr
    assert "the same command again" in done.stderr
    assert shard_numbers(root / "teach") == [0, 1]
    assert sorted(path.name for path in (root / "teach").iterdir()) == [
        "_blocks", "_plan.json", "part-00000.parquet", "part-00001.parquet",
    ]  # fmt: skip
    run(root, size=size)
    assert hash_directory(root / "teach") == hash_directory(whole)


def test_half_a_shard_under_a_temporary_name_is_no_shard(tmp_path):
    run(tmp_path / "whole")
    root = Path(shutil.copytree(tmp_path / "whole", tmp_path / "run"))
    shutil.copy(tmp_path / "whole.numbers", tmp_path / "run.numbers")
    folder = root / "teach"
    (folder / "_manifest.json").unlink()
    whole = shard_path(folder, 3).read_bytes()
    shard_path(folder, 3).unlink()
    (folder / ".part-00003.parquet.4711.tmp").write_bytes(whole[: len(whole) // 2])
    run(root)
    assert hash_directory(folder) == hash_directory(tmp_path / "whole" / "teach")
    assert not list(folder.glob(".*"))
