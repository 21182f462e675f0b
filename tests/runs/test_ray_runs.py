"""Rows of a Ray cluster are the local runner's to the byte, whatever actors, nodes and hosts are lost meanwhile."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import ray_hosts
from ray_driver import COUNT, PER_SHARD, events_of, rows

from seewhy.runs.events import Ended
from seewhy.runs.runner_plan import RunnerPlan

pytestmark = pytest.mark.nightly
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `ray_story.py` has seen."""
    place = tmp_path_factory.mktemp("story")
    variables = {**os.environ, "PYTHONPATH": f"{HERE.parents[1]}:{HERE}"}
    done = subprocess.run([sys.executable, str(HERE / "ray_story.py"), str(place)], env=variables, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return json.loads((place / "told.json").read_text())


def test_two_nodes_write_the_bytes_of_the_local_runner(told):
    assert len(told["whole"]["rows"]) == told["whole"]["blocks"] + 2
    assert told["two nodes"]["rows"] == told["whole"]["rows"]
    assert told["two nodes"]["blocks"] == told["whole"]["blocks"]
    assert told["two nodes"]["actors"] == 2


def test_an_actor_killed_in_the_middle_of_a_block_costs_that_block_alone(told):
    killed = told["killed"]
    assert killed["rows"] == told["whole"]["rows"]
    assert killed["blocks"] == told["whole"]["blocks"]
    (warning,) = [note for note in killed["notes"] if note.startswith("warning, process ")]
    assert "is lost" in warning
    assert "OOM" not in warning


def test_a_node_that_is_removed_costs_its_unfinished_blocks_alone(told):
    removed = told["removed"]
    assert removed["error"] == ""
    assert removed["rows"] == told["whole"]["rows"]
    assert removed["blocks"] == told["whole"]["blocks"]
    assert any("is lost" in note for note in removed["notes"])


def test_an_error_of_a_stage_is_the_local_runners_and_is_not_tried_again(told):
    assert told["mistaken"]["error"] == "builtins.ValueError: the lamp went out"
    assert not any("is lost" in note for note in told["mistaken"]["notes"])
    assert told["mistaken"]["rows"].items() <= told["whole"]["rows"].items()


def test_a_block_that_ends_every_actor_is_named_after_all_others_are_made_and_the_run_goes_on_from_there(told):
    deadly = told["deadly"]
    assert deadly["error"].startswith("seewhy.runs.block_queue.WorkersLostError: teach: block 2 has ended 3 workers")
    assert "run the same command again" in deadly["error"]
    assert len([name for name in deadly["rows"] if name.startswith("teach/part-")]) == COUNT // PER_SHARD - 1


def test_one_actor_is_the_most_where_the_plan_says_so(told):
    assert told["one actor"]["rows"] == told["whole"]["rows"]
    assert told["one actor"]["actors"] == 1


def test_a_cluster_without_room_is_told_with_what_an_actor_wants_and_nodes_hold(told):
    assert "an actor wants 64 cores and 0 GPUs, and nodes hold 1 cores and 0 GPUs" in told["no room"]["error"]
    assert told["no room"]["seconds"] < 30


@pytest.mark.skipif(not ray_hosts.can_be(), reason="network namespaces want root, iproute2 and util-linux")
def test_of_three_hosts_one_is_cut_off_and_one_loses_power(tmp_path):
    """The host that is cut off still sees the storage, and works on until Ray ends it."""
    list(events_of(tmp_path / "whole", RunnerPlan(), pause=0.0))
    seen, has_struck = list[list[str]](), False
    with ray_hosts.hosts(3) as (first, second, third):
        first.node(1)
        while not first.answers():
            time.sleep(0.5)
        second.joins(first)
        third.joins(first)
        run = first.start(
            sys.executable, str(HERE / "ray_driver.py"), str(tmp_path / "run"), f"{first.address}:{ray_hosts.PORT}", "3"
        )
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("["):
                seen.append(json.loads(line))
            if not has_struck and second.is_working() and third.is_working():
                has_struck = True
                second.cut_off()
                third.kill()
        assert run.wait() == 0
    assert has_struck
    assert seen[-1] == ["End", ""], seen
    assert len([text for _, text in seen if "is lost" in text]) == 2
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")
    # Nothing was written after the manifest by a host that had been given up.
    again = list(events_of(tmp_path / "run", RunnerPlan(), pause=3.0))
    assert [one.is_found for one in again if isinstance(one, Ended)] == [True, True]


@pytest.mark.skipif(not ray_hosts.can_be(), reason="network namespaces want root, iproute2 and util-linux")
def test_a_host_that_does_not_share_the_runs_directory_is_named(tmp_path):
    with ray_hosts.hosts(2) as (first, second):
        second.run("mount", "-t", "tmpfs", "tmpfs", str(tmp_path))
        first.node(0)
        while not first.answers():
            time.sleep(0.5)
        second.joins(first)
        run = first.start(
            sys.executable, str(HERE / "ray_driver.py"), str(tmp_path / "run"), f"{first.address}:{ray_hosts.PORT}", "0"
        )
        seen, _ = run.communicate()
    last = json.loads(seen.splitlines()[-1])
    assert last[0] == "Error"
    assert f"on {second.address} does not see {tmp_path / 'run'} as the command does" in last[1]
