"""A stage that was stopped, starved or mistaken goes on as if nothing had happened, or says why it does not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stopped_stage
from stopped_stage import COUNT, PER_SHARD, SHORT, make_lessons

from seewhy.records.lineage import hash_directory, read_manifest
from seewhy.records.shards import read_rows, shard_numbers, shard_path, write_shard
from seewhy.records.types import Lesson, Response, Style
from seewhy.runners.local import run_blocks

SCRIPT = stopped_stage.__file__
BLOCKS = [range(start, min(start + PER_SHARD, COUNT)) for start in range(0, COUNT, PER_SHARD)]
WHOLE = [lesson for block in BLOCKS for lesson in make_lessons(block)]


def teach(directory, *, per_shard=4, plan=None, inputs=tuple(range(10)), hashes=None, work=make_lessons, **more):
    return run_blocks(
        directory,
        inputs,
        work,
        Lesson,
        per_shard=per_shard,
        stage="teach",
        plan={"rate": 0.5, "decoding": {"seed": 3}} if plan is None else plan,
        input_hashes={"numbers": "ab"} if hashes is None else hashes,
        command="seewhy teach",
        **{"on_done": lambda count: None, **more},
    )


def refuse(block):
    raise AssertionError(f"{block} is worked again")


def test_blocks_are_consecutive_and_each_is_heard_of(tmp_path):
    done = []
    manifest = teach(tmp_path, on_done=done.append)
    assert done == [4, 4, 2]
    assert shard_numbers(tmp_path) == [0, 1, 2]
    rows = list(read_rows(tmp_path, Lesson))
    assert [row.question_id for row in rows] == [
        f"{number}/{copy}" for number in range(10) for copy in range(number % 3)
    ]
    assert {row.source for row in rows} == {"(0, 1, 2, 3)", "(4, 5, 6, 7)", "(8, 9)"}
    assert manifest.counts == {"inputs": 10, "rows": len(rows)}
    assert manifest.seeds == {"decoding.seed": 3}
    assert manifest.inputs == {"numbers": "ab"}
    assert json.loads(manifest.plan) == {"rate": 0.5, "decoding": {"seed": 3}}
    assert read_manifest(tmp_path) == manifest


def test_a_finished_stage_is_not_worked_again(tmp_path):
    first = teach(tmp_path)
    done = []
    assert teach(tmp_path, work=refuse, on_done=done.append) == first
    assert done == [10]


def test_counts_and_dollars_are_over_all_rows_of_all_runs(tmp_path):
    def work(block):
        if block[0] == 8:
            raise RuntimeError("the lamp went out")
        return make_lessons(block)

    count = {"tally": lambda rows: {"even": sum(len(row.question_id) == 3 for row in rows)}, "price": lambda rows: 0.5}
    with pytest.raises(RuntimeError, match="the lamp went out"):
        teach(tmp_path, work=work, **count)
    manifest = teach(tmp_path, **count)
    assert manifest.counts == {"inputs": 10, "rows": 9, "even": 9}
    assert manifest.dollars == 0.5


def test_seconds_are_those_of_all_shards_whichever_run_made_them(tmp_path):
    def work(block):
        if block[0] == 4:
            raise KeyboardInterrupt
        time.sleep(0.1)
        return []

    with pytest.raises(KeyboardInterrupt):
        teach(tmp_path, work=work)
    assert 0.1 <= json.loads((tmp_path / "_seconds.json").read_text())["0"] < 5
    manifest = teach(tmp_path, work=lambda block: time.sleep(0.1) or [])
    assert manifest.seconds >= 0.3
    assert sorted(json.loads((tmp_path / "_seconds.json").read_text())) == ["0", "1", "2"]


def test_a_stage_without_inputs_leaves_rows_that_are_none(tmp_path):
    manifest = teach(tmp_path, inputs=(), work=refuse)
    assert list(read_rows(tmp_path, Lesson)) == []
    assert manifest.counts == {"inputs": 0, "rows": 0}


def test_a_shard_holds_one_input_or_more(tmp_path):
    with pytest.raises(ValueError, match="per_shard is 0"):
        teach(tmp_path, per_shard=0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"plan": {"rate": 0.7, "decoding": {"seed": 3}}}, r"plan: plan\.rate is 0\.5 there and 0\.7 here\. "),
        ({"plan": {"rate": 0.5, "decoding": {"seed": 4}}}, r"plan: plan\.decoding\.seed is 3 there and 4 here\. "),
        ({"plan": {"decoding": {"seed": 3}}}, r"plan: plan\.rate is 0\.5 there and 'absent' here\. "),
        ({"hashes": {"numbers": "cd"}}, r"plan: inputs\.numbers is 'ab' there and 'cd' here\. "),
        ({"inputs": tuple(range(9))}, r"plan: count is 10 there and 9 here\. "),
        ({"per_shard": 5}, r"plan: per_shard is 4 there and 5 here\. "),
    ],
)
def test_another_plan_is_refused_by_the_name_of_its_field(change, complaint, tmp_path):
    teach(tmp_path)
    before = hash_directory(tmp_path)
    with pytest.raises(ValueError, match=complaint) as caught:
        teach(tmp_path, work=refuse, **change)
    assert str(tmp_path) in str(caught.value)
    assert "Choose another --run, or delete that directory" in str(caught.value)
    assert hash_directory(tmp_path) == before


def test_rows_of_an_unknown_plan_are_refused(tmp_path):
    lesson = Lesson(question_id="q", style=Style.REASON, response=Response(text="12"), source="gold")
    write_shard(tmp_path, 0, [lesson], Lesson)
    with pytest.raises(ValueError, match=r"holds rows, and no _plan\.json says of which plan"):
        teach(tmp_path)


def test_a_plan_file_that_is_not_json_is_named(tmp_path):
    (tmp_path / "_plan.json").write_text("{")
    with pytest.raises(ValueError, match=r"plan\.json is not a JSON object"):
        teach(tmp_path)


def test_a_shard_that_was_taken_away_is_made_anew_and_no_other(tmp_path):
    teach(tmp_path)
    whole = hash_directory(tmp_path)
    shard_path(tmp_path, 1).unlink()
    worked = []

    def work(block):
        worked.append(block)
        assert not (tmp_path / "_manifest.json").exists()  # nothing may say that all rows are there
        return make_lessons(block)

    teach(tmp_path, work=work)
    assert worked == [(4, 5, 6, 7)]
    assert hash_directory(tmp_path) == whole


@pytest.mark.parametrize("shards", [0, 1, 3])
def test_a_stage_killed_from_outside_goes_on_and_gives_the_same_rows(shards, tmp_path):
    process = subprocess.Popen([sys.executable, SCRIPT, "slow", str(tmp_path / "run")])
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "_plan.json").exists() or len(shard_numbers(tmp_path / "run")) < shards:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "run" / "_manifest.json").exists()
    manifest = stopped_stage.run(tmp_path / "run")
    assert list(read_rows(tmp_path / "run", Lesson)) == WHOLE
    assert manifest.counts["rows"] == len(WHOLE)


def test_a_stage_killed_before_any_step_it_takes_on_disk_goes_on_and_gives_the_same_bytes(tmp_path):
    """One child for each step: each rename, each removal, each opening of a temporary file."""
    expected = stopped_stage.run(tmp_path / "whole", count=SHORT)
    done = subprocess.run(
        [sys.executable, SCRIPT, "every-step", str(tmp_path)], check=True, capture_output=True, text=True
    )
    deaths = int(done.stdout)
    # Plan, manifest, and for each of two blocks its seconds and its shard: six files, three steps or more each.
    assert deaths >= 18
    for step in range(deaths):
        manifest = stopped_stage.run(tmp_path / str(step), count=SHORT)
        assert hash_directory(tmp_path / str(step)) == hash_directory(tmp_path / "whole")
        assert manifest.counts == expected.counts
        assert [path.name for path in (tmp_path / str(step)).glob(".*") if ".part" in path.name] == []


def test_a_disk_without_room_loses_nothing_and_the_same_command_goes_on(tmp_path):
    size = 200  # letters an input's number: the last shard is about five times the first
    stopped_stage.run(tmp_path / "whole", size=size)
    bytes_of = [shard_path(tmp_path / "whole", number).stat().st_size for number in range(4)]
    limit = (bytes_of[1] + bytes_of[2]) // 2
    starved = [sys.executable, SCRIPT, "starved", str(tmp_path / "run"), str(size), str(limit)]
    done = subprocess.run(starved, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert (
        f"cannot write {shard_path(tmp_path / 'run', 2)}: File too large ({bytes_of[2]:,} bytes wanted" in done.stderr
    )
    assert "the same command again" in done.stderr
    assert shard_numbers(tmp_path / "run") == [0, 1]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "_plan.json", "_seconds.json", "part-00000.parquet", "part-00001.parquet",
    ]  # fmt: skip
    stopped_stage.run(tmp_path / "run", size=size)
    assert hash_directory(tmp_path / "run") == hash_directory(tmp_path / "whole")


def test_half_a_shard_under_a_temporary_name_is_no_shard(tmp_path):
    stopped_stage.run(tmp_path / "whole")
    run = Path(shutil.copytree(tmp_path / "whole", tmp_path / "run"))
    (run / "_manifest.json").unlink()
    whole = shard_path(run, 3).read_bytes()
    shard_path(run, 3).unlink()
    (run / ".part-00003.parquet.4711.tmp").write_bytes(whole[: len(whole) // 2])
    stopped_stage.run(run)
    assert hash_directory(run) == hash_directory(tmp_path / "whole")
    assert not list(run.glob(".*"))
