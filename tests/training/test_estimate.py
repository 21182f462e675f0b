"""What a step will hold at most is known before: predicted from the net's shape, and measured in fresh processes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import measured_steps
import pytest
import torch
from measured_steps import LARGER, SETTINGS, Setting, run_of
from torch import nn

from seewhy.model.packed import cpu_kernel
from seewhy.training.grouping import forwards_of
from seewhy.training.memory.estimate import PassBytes, WeightBytes, checked_bytes, step_bytes
from seewhy.training.memory.live_bytes import LiveBytes
from seewhy.training.memory.peak import PROCESS, StepPeak
from seewhy.training.memory.trace import meta_net, trace_memory, weight_bytes
from seewhy.training.step import take_step

FAR = 0.25
"""Of the memory above the base: what the library's heap holds without use is the unknown in it."""
NEAR = 0.1
"""The same where the heap gives back at once: `MALLOC_MMAP_THRESHOLD_` keeps large blocks out of it. What is left is
what the kernels of matrix products keep for themselves."""
LONG = "long rows of many branches"
SHORT = ("a large vocabulary", "many parameters, short rows", "an adapter")
"""Settings whose steps take a second or two; the others are measured at night."""
LONGER = tuple(name for name in SETTINGS if name not in SHORT)
SMALL = Setting(width=64, layers=2, feed_forward=128, vocabulary=320, questions=2, prompt=30, responses=3, response=8)
WEIGHTS = WeightBytes(total=100, moved=80, largest=30)
PASS = PassBytes(saved=500, saved_in_layers=480, largest_layer=60, layer_inputs=40, peak=520, peak_again=600, tokens=7)


def told_by_processes(place: Path, *names: str, **more: str) -> dict[str, dict[str, float]]:
    """What `measured_steps.py` found of these settings, all of them where none is named."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, measured_steps.__file__, str(place), *names], check=False, capture_output=True, text=True,
        env={**settings, "OMP_NUM_THREADS": "1", **more},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {path.stem: json.loads(path.read_text()) for path in place.glob("*.json")}


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict[str, dict[str, float]]:
    return told_by_processes(tmp_path_factory.mktemp("measured"), *SHORT)


@pytest.fixture(scope="module")
def measured_at_night(tmp_path_factory) -> dict[str, dict[str, float]]:
    return told_by_processes(tmp_path_factory.mktemp("measured"), *LONGER)


@pytest.mark.parametrize("name", SHORT)
def test_the_predicted_peak_of_a_step_is_near_the_measured_one(measured, name):
    require_near(measured[name])


@pytest.mark.nightly
@pytest.mark.parametrize("name", LONGER)
def test_the_predicted_peak_of_a_step_of_seconds_is_near_the_measured_one(measured_at_night, name):
    require_near(measured_at_night[name])


def require_near(found: dict[str, float]) -> None:
    assert found["measured"] - found["base"] > 250, "a setting too small to mean anything"
    assert found["predicted"] - found["base"] == pytest.approx(found["measured"] - found["base"], rel=FAR)
    assert found["predicted"] == pytest.approx(found["measured"], rel=FAR)
    assert found["rehearsed"] <= found["tokens"]


@pytest.mark.soak
@pytest.mark.parametrize("name", LARGER)
def test_the_predicted_peak_of_a_longer_step_is_near_the_measured_one(tmp_path, name):
    found = told_by_processes(tmp_path, name)[name]
    assert found["predicted"] - found["base"] == pytest.approx(found["measured"] - found["base"], rel=FAR)


@pytest.mark.nightly
def test_what_lives_is_predicted_nearly_exactly_where_the_heap_holds_nothing_back(tmp_path):
    found = told_by_processes(tmp_path, LONG, MALLOC_MMAP_THRESHOLD_="65536")[LONG]
    assert found["live"] - found["base"] == pytest.approx(found["measured"] - found["base"], rel=NEAR)


@pytest.mark.nightly
def test_the_settings_differ_in_what_dominates(measured, measured_at_night):
    terms = {name: found["terms"] for name, found in {**measured, **measured_at_night}.items()}
    long, seen = terms[LONG], terms["pictures, and the tower is trained"]
    words, many = terms["a large vocabulary"], terms["many parameters, short rows"]
    assert long["passes"] > 10 * long["weights"]
    assert words["passes"] > 10 * words["held"], "chunks of log-probabilities, which no pass saves"
    assert many["optimiser"] > many["passes"] + many["held"]
    assert seen["passes"] > 3 * seen["weights"]
    passes = measured_at_night["several passes a step"]
    assert passes["rehearsed"] < passes["tokens"]


def test_a_rehearsal_counts_the_bytes_that_the_same_pass_makes_for_real():
    """The same count over real tensors, by the real forward from token ids: the paper net leaves nothing out."""
    longer = replace(SMALL, prompt=cpu_kernel.LONG - 1, response=60)
    paper = meta_net(longer.config())
    run, _ = run_of(paper, longer)
    groups = [shared.group for shared in forwards_of(run.model, run.questions, run.examples, 4096)[0]]
    told = trace_memory(paper, groups)
    real, _ = run_of(measured_steps.AutoModelForImageTextToText.from_config(longer.config()).eval(), longer)
    net = real.model.net
    counter = LiveBytes([*net.parameters(), *net.buffers()])
    with counter:
        scored = real.model.group_logps(groups)
        torch.cat([row for rows in scored for row in rows]).sum().backward()
    assert told.peak == pytest.approx(counter.peak, rel=0.05)
    assert told.tokens == sum(map(real.model.group_tokens, groups))


def test_live_bytes_rise_and_fall_with_the_tensors():
    """Two tensors of 4,000 bytes and their sum are 12,000; the view and what was there before cost nothing."""
    before = torch.ones(1000)
    counter = LiveBytes([before])
    with counter:
        one = before + 1
        view = one[:10]
        total = one + (before + 2)
        assert counter.live == 8000
        assert counter.peak == 12000
        del one
        assert counter.live == 8000, "the view keeps it"
        del view
        assert counter.live == 4000
        del total
    assert counter.live == 0


def test_frozen_weights_have_no_gradient_and_no_moments():
    net = meta_net(SMALL.config())
    run_of(net, SMALL)
    moved = sum(p.nbytes for name, p in net.named_parameters() if "vision_tower" not in name)
    assert weight_bytes(net).moved == moved
    assert weight_bytes(net).moments == 2 * moved
    assert weight_bytes(net).total == sum(p.nbytes for p in net.parameters())


def test_few_moved_weights_take_less_than_all_of_them():
    """As under LoRA: activations stay, gradients go, and inputs of frozen matrices need not be kept."""
    net = meta_net(SMALL.config())
    run, _ = run_of(net, SMALL)
    groups = [shared.group for shared in forwards_of(run.model, run.questions, run.examples, 4096)[0]]
    whole = trace_memory(net, groups)
    for name, parameter in net.named_parameters():
        parameter.requires_grad_("q_proj" in name)
    few = trace_memory(net, groups)
    assert few.saved < whole.saved
    assert few.peak_again - few.peak < whole.peak_again - whole.peak


def test_checkpointed_layers_keep_their_inputs_and_one_layer_at_a_time():
    """500 - 480 + 40 + 60 = 120, and both peaks fall by the 380 that are no longer kept."""
    kept = PASS.checkpointed()
    assert (kept.saved, kept.peak, kept.peak_again) == (120, 140, 220)


def test_the_terms_add_up_and_the_larger_of_passes_and_optimiser_counts():
    """1000 + 100 + 2 * 80 + max(520 + 0.5 * 500, 80 + 2 * 30), or on CUDA max(520, 2 * 80)."""
    told = step_bytes(WEIGHTS, PASS, passes=1, base=1000)
    assert told.peak == 1000 + 100 + 160 + 770
    assert step_bytes(WEIGHTS, PASS, passes=1, base=0, is_cuda=True).peak == 100 + 160 + 520
    assert step_bytes(WEIGHTS, PASS, passes=2, base=0, others=7, is_cuda=True).peak == 7 + 100 + 160 + 600
    saved = PASS.checkpointed()
    told = step_bytes(WEIGHTS, PASS, passes=1, base=0, is_checkpointed=True)
    assert told.peak == 100 + 160 + max(saved.peak + 250, 80 + 60), "the heap holds as much as without checkpoints"
    short = step_bytes(WEIGHTS, PassBytes(saved=10, saved_in_layers=8, largest_layer=4, layer_inputs=4, peak=20,
                                          peak_again=90, tokens=1), passes=1, base=0)  # fmt: skip
    assert short.peak == 100 + 160 + 80 + 60
    assert checked_bytes(100, base=1000, gradients=7) == 1000 + 100 + 2 * 7


def test_a_step_tells_its_own_peak_and_the_most_of_all_steps(tmp_path):
    run, optimizer = run_of(measured_steps.AutoModelForImageTextToText.from_config(SMALL.config()).eval(), SMALL)
    log, _ = take_step(run, optimizer, 0, {})
    assert 0 < log.terms["peak_mb"] <= log.terms["resident_mb"]


def test_the_peak_of_a_step_forgets_what_was_held_before_it_and_the_process_does_not():
    large = torch.ones(50 << 20)
    before = PROCESS.max_mb()
    del large
    peak = StepPeak.begin(torch.device("cpu"))
    assert peak.is_own
    assert peak.figures()["peak_mb"] < before - 150
    assert PROCESS.max_mb() > before - 1
    held = nn.Parameter(torch.ones(25 << 20))
    assert peak.figures()["peak_mb"] > before - 150
    del held
