"""Each process of the tests, worker or not, stands on the same ground."""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from house_sources import ROOT
from hypothesis import settings

THREADS = [sys.executable, "-c", "import torch; print(torch.get_num_threads())"]


def test_this_process_and_those_it_starts_compute_on_one_thread():
    """The order of sums depends on the number of threads, and two workers of two would share two cores by four."""
    assert torch.get_num_threads() == 1
    assert subprocess.run(THREADS, capture_output=True, text=True, check=True).stdout.split() == ["1"]


def test_examples_are_drawn_without_luck_and_without_a_clock():
    assert settings.default.derandomize
    assert settings.default.deadline is None


def test_no_two_workers_share_a_temporary_folder(tmp_path, worker_id):
    assert tmp_path.is_relative_to(tempfile.gettempdir())
    assert worker_id == "master" or f"popen-{worker_id}" in tmp_path.parts


def test_the_folders_that_begin_are_there(pytestconfig):
    (ours,) = (plugin for name, plugin in pytestconfig.pluginmanager.list_name_plugin()
               if name == str(Path(ROOT, "tests", "conftest.py")))  # fmt: skip
    assert [folder for folder in ours.SLOW_FIRST if not (ROOT / folder).is_dir()] == []
