"""The page that asks models, of models behind servers: replies side by side, votes, credit, and what a server lacks."""

import re
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from browsing import Looker, chromium, looking, needs_chromium
from engine_server import LOWER, Engine, Native, Scoring
from loopback import DONE, Answer, Asked, LoopServer, chunk, events
from playwright.sync_api import Page, expect
from test_demo import asking

from seewhy.records.types import Chain, FinishReason, Style
from seewhy.view.demo import Asked as Form
from seewhy.view.demo import Demo
from seewhy.workbench.asking import AskPlan, opened_model
from seewhy.workbench.questions import typed_question

PAGE = Path("docs/examples/pages/sum.png")
ASKED = "What is the sum of row 1?"


class OfLlamaCpp(Engine):
    """As llama.cpp's: a reply that is given as the last message is continued, and fields that it lacks are left."""

    def __call__(self, asked: Asked) -> Answer:
        return choices("12") if b"prompt_logprobs" in asked.content else super().__call__(asked)


def ask(look: Looker, *names: str, samples: int = 1, credit: bool = False) -> None:
    page = look.page
    for box in page.locator("input[name=model]").all():
        box.set_checked(box.get_attribute("value") in names)
    page.fill("input[name=question]", ASKED)
    page.set_input_files("input[name=picture]", PAGE)
    page.fill("input[name=tokens]", "16")
    page.fill("input[name=samples]", str(samples))
    page.set_checked("input[name=credit]", credit)
    with page.expect_navigation(wait_until="load", timeout=120_000):
        page.click("button")
    look.require_clean()
    look.require_fits()


@needs_chromium
@pytest.mark.nightly
def test_models_behind_servers_answer_side_by_side_with_votes_and_credit_and_what_they_lack_is_named(tmp_path):
    question = typed_question(ASKED, (PAGE,))
    with ExitStack() as stack:
        tiny = stack.enter_context(opened_model("tiny", "", []))
        rules = [Scoring(tiny, [question]), Scoring(tiny, [question]), *(
            kind(tiny, [question]) for kind in (Native, OfLlamaCpp))]  # fmt: skip
        rules[1].lower = 0.0
        vllm, base, sglang, llama = (f"tiny@{stack.enter_context(LoopServer(rule)).url}" for rule in rules)
        names = [vllm, base, sglang, llama, "tiny"]
        port = stack.enter_context(asking(Demo(names, tmp_path)))
        look = stack.enter_context(looking(stack.enter_context(chromium()), port))
        page = look.page
        ask(look, *names)
        assert page.locator("article h2").all_inner_texts() == names
        assert page.locator("article h3").all_inner_texts() == ["direct", "reason"] * 5
        assert page.locator("[role=alert]").count() == 0
        assert look.faults() == []
        ask(look, *names, samples=3)
        assert len(re.findall(r"votes of 3: .+ × \d", "\n".join(page.locator(".votes").all_inner_texts()))) == 10
        for one, other in ((vllm, base), (sglang, "tiny")):
            ask(look, one, other, credit=True)
            assert page.locator(".wide h2").first.inner_text() == f"credit of {one} over {other}"
            marked = page.locator(".heat").inner_html()
            found = [float(value) for value in re.findall(r"credit ([+-][\d.]+) nats", marked)]
            assert len(found) > 3
            assert {round(abs(value - found[0]), 2) for value in found} == {0.0, LOWER}
            assert look.faults() == []
        for lacking in (sglang, llama):
            ask(look, vllm, lacking, credit=True)
            name, _, url = lacking.partition("@")
            alarm = page.locator("[role=alert]").inner_text()
            assert alarm.startswith(f"{name} at {url} gives no log-probabilities of a given reply")
            assert "vLLM" in alarm
            assert "folder of its weights" in alarm
            assert page.locator("article h3").count() == 4, "the replies stay"
            assert look.faults() == []


def begun(look: Looker) -> Page:
    """The page once its model has been asked for a direct answer, which may still come."""
    page = look.page
    page.fill("input[name=question]", ASKED)
    page.set_input_files("input[name=picture]", PAGE)
    page.uncheck("input[value=reason]")
    page.click("button", no_wait_after=True)
    return page


class Letters:
    """What decodes any token as one letter."""

    def decode(self, ids: list[int], *, skip_special_tokens: bool) -> str:
        return "a" * len(ids)


class Drawing:
    """A model that draws tokens while `goes_on` says so."""

    name, watch, tokenizer = "drawing", None, Letters()

    def __init__(self, goes_on: Callable[[int], bool]) -> None:
        self.goes_on = goes_on
        self.drawn, self.is_stopped = 0, threading.Event()

    def generate(self, asks, sampling):
        drawn = 0
        try:
            while self.goes_on(drawn):
                drawn += 1
                self.drawn += 1
                if self.watch is not None:
                    self.watch(1)
        finally:
            self.is_stopped.set()
        return [(Chain(question_id="q", index=0, style=Style.DIRECT, text="a" * drawn, stop=FinishReason.LENGTH,
                       sampler="", seed=0),)]  # fmt: skip


class DemoOf(Demo):
    """A demo of one model that is there already."""

    def __init__(self, model: Drawing, folder: Path) -> None:
        super().__init__([model.name], folder)
        self.model = model

    def _opened(self, name: str):
        return self.model, []


@needs_chromium
@pytest.mark.nightly
def test_tokens_are_seen_while_the_model_has_not_drawn_the_rest(tmp_path):
    gate = threading.Event()
    model = Drawing(lambda drawn: drawn < 5 or (gate.wait(60) and drawn < 9))
    with asking(DemoOf(model, tmp_path)) as port, chromium() as browser, looking(browser, port) as look:
        page = begun(look)
        expect(page.locator("article .chain")).to_have_text("aaaaa", timeout=60_000)
        assert page.evaluate("document.readyState") == "loading"
        assert model.drawn == 5
        gate.set()
        expect(page.locator("article .chain")).to_have_text("aaaaaaaaa", timeout=60_000)
        page.wait_for_load_state("load")
        look.require_clean()


@needs_chromium
@pytest.mark.nightly
def test_pieces_of_a_served_model_are_seen_while_the_server_has_not_sent_the_rest(tmp_path):
    words = [f"word{number} " for number in range(60)]
    body = b"".join(chunk(word) for word in words) + chunk(end="stop") + DONE
    with LoopServer(lambda _: events(body, drip_s=0.0005)) as server, ExitStack() as stack:
        port = stack.enter_context(asking(Demo([f"m@{server.url}"], tmp_path)))
        look = stack.enter_context(looking(stack.enter_context(chromium()), port))
        page = begun(look)
        expect(page.locator("article .chain")).to_contain_text("word9", timeout=60_000)
        assert page.evaluate("document.readyState") == "loading"
        assert "word59" not in page.locator("article .chain").inner_text()
        expect(page.locator("article .chain")).to_have_text("".join(words).strip(), timeout=60_000)
        page.wait_for_load_state("load")
        look.require_clean()


@pytest.mark.anyio
async def test_a_server_whose_browser_has_gone_is_read_no_further(tmp_path):
    body = b"".join(chunk(f"word{number} ") for number in range(10_000)) + chunk(end="stop") + DONE
    with LoopServer(lambda _: events(body, drip_s=0.0001)) as server:
        name = f"m@{server.url}"
        form = Form(text=ASKED, names=(name,), plan=AskPlan(styles=(Style.DIRECT, Style.REASON)))
        demo = Demo([name], tmp_path)
        pieces = demo.pieces(form, typed_question(ASKED, (PAGE,)))
        seen = [await anext(pieces) for _ in range(4)]
        assert "word0 " in seen
        await pieces.aclose()
        for thread in threading.enumerate():
            if thread.name.endswith("(work)"):
                thread.join(60)
                assert not thread.is_alive()
        demo.close()
        assert len(server.asked) == 1


@pytest.mark.anyio
async def test_a_model_is_stopped_where_the_browser_has_gone_and_the_next_question_is_answered(tmp_path):
    model = Drawing(lambda drawn: drawn < 100_000 and time.sleep(0.001) is None)
    question = typed_question(ASKED, (PAGE,))
    demo = DemoOf(model, tmp_path)
    form = Form(text=ASKED, names=("drawing",), plan=AskPlan(styles=(Style.DIRECT,)))
    for _ in range(2):
        model.is_stopped.clear()
        pieces = demo.pieces(form, question)
        seen = [await anext(pieces) for _ in range(4)]
        assert "a" in seen
        await pieces.aclose()
        assert model.is_stopped.wait(20)
    assert model.drawn < 60_000


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_an_error_that_no_one_foresaw_ends_the_replies_in_words(tmp_path):
    """It is raised on in its thread besides, so that the terminal shows where."""

    def fails(drawn: int) -> bool:
        raise RuntimeError("the lamp <b>went</b> out")

    form = Form(text=ASKED, names=("drawing",), plan=AskPlan(styles=(Style.DIRECT,)))
    pieces = DemoOf(Drawing(fails), tmp_path).pieces(form, typed_question(ASKED, (PAGE,)))
    said = "".join([piece async for piece in pieces])
    for thread in threading.enumerate():
        if thread.name.endswith("(work)"):
            thread.join(60)
    assert '<p class="alarm" role="alert">RuntimeError: the lamp &lt;b&gt;went&lt;/b&gt; out</p>' in said
