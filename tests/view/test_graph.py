"""The graph of a run's steps: what is drawn, where, and that no line passes through a node that it does not lead to."""

import io
import re
from collections.abc import Mapping

import pytest
from browsing import chromium, looking, needs_chromium
from hypothesis import given
from hypothesis import strategies as st
from looked_at import serving, write_run
from PIL import Image, ImageChops, ImageStat

from seewhy.runs.changes import State, UnitStatus, state_of
from seewhy.runs.lock import only_writer
from seewhy.runs.plan_file import write_plan
from seewhy.view.graph import Drawing, Step, draw, lanes_of, without_detours


@st.composite
def graphs(draw_of) -> Mapping[str, tuple[str, ...]]:
    """Steps in order, each reading some of those before it."""
    count = draw_of(st.integers(1, 12))
    names = [f"s{i}" for i in range(count)]
    return {name: tuple(draw_of(st.lists(st.sampled_from(names[:i]), unique=True))) if i else ()
            for i, name in enumerate(names)}  # fmt: skip


def reached(reads: Mapping[str, tuple[str, ...]], name: str) -> set[str]:
    return {name}.union(*(reached(reads, source) for source in reads[name]))


@given(graphs())
def test_what_a_step_reads_directly_or_through_others_stays_the_same_without_detours(reads):
    direct = {name: tuple(some) for name, some in without_detours(reads).items()}
    assert all(set(direct[name]) <= set(reads[name]) for name in reads)
    assert all(reached(direct, name) == reached(reads, name) for name in reads)
    for name, sources in direct.items():
        for source in sources:
            assert not any(source in reached(direct, other) for other in sources if other != source), name


@given(graphs())
def test_a_lane_belongs_to_one_step_until_its_last_reader(reads):
    lanes, order = lanes_of(reads), list(reads)
    for source in reads:
        last = max((order.index(name) for name, some in reads.items() if source in some), default=order.index(source))
        within = order[order.index(source) + 1 : last]
        assert lanes[source] not in {lanes[name] for name in within}


def drawn(**reads: tuple[str, ...]) -> Drawing:
    return draw([Step(name=name, stage="train", state=State.FINISHED, reads=some) for name, some in reads.items()])


def test_a_line_goes_down_its_lane_and_bends_into_its_reader():
    found = drawn(a=(), b=("a",), c=("a", "b"), d=("a",))
    assert [(edge.source, edge.reader) for edge in found.edges] == [("a", "b"), ("b", "c"), ("a", "d")]
    assert [(dot.x, dot.y) for dot in found.dots] == [(12, 14), (28, 42), (28, 70), (12, 98)]
    assert [edge.path for edge in found.edges] == ["M12 20V36q0 6 6 6H22", "M28 48V64", "M12 20V92"]


def test_many_lanes_are_narrower_so_that_names_begin_within_the_width_of_a_phone():
    sources = {f"s{i}": () for i in range(20)}
    assert drawn(**sources, last=tuple(sources)).text < 220


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ((State.FINISHED, State.FINISHED), State.FINISHED), ((State.FINISHED, State.WAITING), State.STOPPED),
        ((State.WAITING,), State.WAITING), ((State.STALE, State.FINISHED, State.STOPPED), State.STALE),
        ((State.STOPPED, State.WAITING), State.STOPPED),
    ],
)  # fmt: skip
def test_a_step_is_as_far_as_its_units(states, found):
    assert state_of([UnitStatus(ref=str(i), step="s", state=state) for i, state in enumerate(states)]) is found


RECIPE = """
name: small
seed: 0
models: {base: {path: tiny}}
inputs: {questions: QUESTIONS}
steps:
  chains: {stage: sample, questions: questions, model: base}
  verdicts: {stage: judge, chains: chains, questions: questions}
  pairs: {stage: pair, chains: chains, verdicts: verdicts}
  dpo: {stage: train, data: {pairs: 1.0}, start: base, questions: questions, objective: {kind: dpo},
    fit: {learning_rate: 3.0e-5, batch_size: 32}}
"""


def test_the_page_of_a_run_draws_its_steps_each_with_its_state_in_words_and_its_link(tmp_path):
    root = write_run(tmp_path / "run")
    (root / "recipe.yaml").write_text(RECIPE.replace("QUESTIONS", str(root / "questions")))
    with serving(root) as served:
        text = served.get("/run/0").text
    graph = text.partition('<svg class="graph" role')[2].partition("</svg>")[0]
    asked = "../run/0/questions/questions?chains=chains&amp;verdicts=verdicts"
    assert re.findall(r'href="([^"]*)" aria-label="([^"]*)"', graph) == [
        (asked, "chains: sample, waiting"),
        (asked, "verdicts: judge, waiting; reads chains"),
        ("../run/0/pairs/pairs", "pairs: pair, waiting; reads chains, verdicts"),
        ("../run/0/training/dpo", "dpo: train, waiting; reads pairs"),
    ]
    edges = re.findall(r'data-from="(.*?)" data-to="(.*?)"', text)
    assert edges == [("chains", "verdicts"), ("verdicts", "pairs"), ("pairs", "dpo")]


def test_a_step_that_was_stopped_is_unfinished_and_while_a_process_writes_it_is_running(tmp_path):
    root = write_run(tmp_path / "run")
    (root / "recipe.yaml").write_text(RECIPE.replace("QUESTIONS", str(root / "questions")))
    write_plan(root / "chains", {}, [])
    with serving(root) as served:
        stopped = served.get("/run/0").text
        with only_writer(root):
            running = served.get("/run/0").text
    for page, state, shape in ((stopped, "unfinished", 'class="part"'), (running, "running", 'class="heart"')):
        link = page.partition('data-step="chains"')[2].partition("</a>")[0]
        assert f'aria-label="chains: sample, {state}"' in link
        assert shape in link
        row = page.partition('id="step-chains"')[2].partition("</tr>")[0]
        assert f'<span class="badge {state}">{state}</span>' in row


def test_the_page_of_a_run_says_why_it_stopped_and_no_longer_once_a_process_writes_it(tmp_path):
    root = write_run(tmp_path / "run")
    (root / "recipe.yaml").write_text(RECIPE.replace("QUESTIONS", str(root / "questions")))
    with pytest.raises(ValueError, match="lamp"), only_writer(root):
        raise ValueError("chains.jsonl:7: the <b>lamp</b> went out")
    with serving(root) as served:
        stopped = served.get("/run/0").text
        with only_writer(root):
            running = served.get("/run/0").text
    (alarm,) = re.findall(r'<p class="alarm">stopped (.*?)</p>', stopped)
    assert alarm.endswith("+00:00: chains.jsonl:7: the &lt;b&gt;lamp&lt;/b&gt; went out")
    assert "lamp" not in running


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_five_states_are_told_apart_without_colour(tmp_path, scheme):
    """In grey each pair of marks differs by more than a twentieth of the span of brightness, mean over its pixels."""
    root = write_run(tmp_path / "run")
    (root / "recipe.yaml").write_text(RECIPE.replace("QUESTIONS", str(root / "questions")))
    with serving(root) as served, chromium() as browser, looking(browser, served.port, scheme=scheme) as look:
        words = look.page.locator(".key").inner_text()
        marks = look.page.locator(".key svg").all()
        grey = [Image.open(io.BytesIO(one.screenshot())).convert("L") for one in marks]
    assert re.findall(r"finished|unfinished|running|waiting|stale", words.partition(".")[0]) == [
        "finished", "unfinished", "running", "waiting", "stale",
    ]  # fmt: skip
    for number, one in enumerate(grey):
        for other in grey[:number]:
            span = max(one.getextrema()[1], other.getextrema()[1]) - min(one.getextrema()[0], other.getextrema()[0])
            difference = ImageChops.difference(one, other.resize(one.size))
            assert ImageStat.Stat(difference).mean[0] > span / 20, (number, grey.index(other))


def test_a_folder_without_a_recipe_has_no_graph(tmp_path):
    with serving(write_run(tmp_path / "run")) as served:
        assert not re.search(r'<svg class="graph" role', served.get("/run/0").text)
