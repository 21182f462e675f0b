"""What a person does on a page with keys and pointer, in a browser: pictures get larger, tokens tell their values."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from browsing import chromium, looking, needs_chromium
from looked_at import Served, serving, write_run
from looked_at_more import write_more
from playwright.sync_api import Browser, expect

pytestmark = needs_chromium
QUESTION = f"/run/0/question/questions?{urlencode({'id': 'q/1', 'chains': 'chains'})}"


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with serving(write_more(write_run(tmp_path_factory.mktemp("acts") / "run"))) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def test_a_picture_gets_larger_by_keys_and_pointer_and_goes_away_again(served, browser):
    with looking(browser, served.port) as look:
        page = look.open(QUESTION)
        page.keyboard.press("z")
        scale = page.locator("dialog output")
        picture = page.locator("dialog img")
        expect(scale).not_to_be_empty()
        fitted = picture.bounding_box()
        assert fitted is not None
        assert fitted["width"] > 100, "8 pixels are shown as large as the window allows"
        page.keyboard.press("1")
        assert scale.inner_text() == "100 %"
        for _ in range(2):
            page.keyboard.press("+")
        page.keyboard.press("-")
        page.keyboard.press("+")
        assert scale.inner_text() == "200 %"
        assert picture.evaluate("one => [one.clientWidth, getComputedStyle(one).imageRendering]") == [16, "pixelated"]
        assert look.faults() == []
        page.keyboard.press("r")
        assert page.locator("dialog[open]").count() == 1, "keys that mark chains do nothing behind the picture"
        pane = page.locator(".pane")
        for _ in range(14):
            page.keyboard.press("+")
        before = pane.evaluate("one => [one.scrollLeft, one.scrollTop]")
        middle = pane.bounding_box()
        assert middle is not None
        page.mouse.move(middle["x"] + 100, middle["y"] + 100)
        page.mouse.wheel(0, -400)
        page.mouse.down()
        page.mouse.move(middle["x"] + 40, middle["y"] + 60)
        page.mouse.up()
        assert pane.evaluate("one => [one.scrollLeft, one.scrollTop]") != before
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page.locator(".picture:focus")).to_have_count(1)
        look.require_clean()


def test_values_of_tokens_are_told_to_keys_and_pointer(served, browser):
    with looking(browser, served.port) as look:
        page = look.open("/run/0/credit/credit")
        told = page.locator(".readout")
        page.locator(".token[tabindex='0']").focus()
        assert told.inner_text() == "I: credit +0.500 nats: policy -0.250, reference -1.250, difference +1.000"
        page.keyboard.press("ArrowRight")
        assert told.inner_text().startswith("see: credit -0.500 nats: policy -2.000, reference -1.000")
        page.locator(".heat .praise").hover()
        assert told.inner_text().startswith("I: ")
        background = "one => getComputedStyle(one).backgroundColor"
        assert page.locator(".heat .praise").evaluate(background).startswith("oklab")
        assert look.faults() == []
        look.require_clean()
