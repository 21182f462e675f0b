"""A headless Chromium that looks at the viewer, and takes down whatever a page may not do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from looked_at import TOKEN
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from seewhy.report.chromium import REMEDY, find_chromium

needs_chromium = pytest.mark.skipif(not find_chromium(), reason=f"no Chromium on this machine: {REMEDY}")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SERIOUS = {"serious", "critical"}
QUIET = ("--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-gpu")


@dataclass
class Looker:
    """A page of the browser, with what went wrong in it."""

    page: Page
    root: str
    errors: list[str] = field(default_factory=list)
    abroad: list[str] = field(default_factory=list)
    """Requests that leave the machine."""

    def __post_init__(self):
        self.page.on(
            "console", lambda said: self.errors.append(said.text) if said.type in {"error", "warning"} else None
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self._ask(request.url))

    def _ask(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1" and not url.startswith(("data:", "blob:")):
            self.abroad.append(url)

    def open(self, path: str) -> Page:
        answer = self.page.goto(self.root + path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        return self.page

    def press(self, key: str, *, moves: bool = False) -> None:
        """Press a key; with `moves` another page is waited for."""
        if not moves:
            self.page.keyboard.press(key)
            return
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press(key)

    def links(self) -> set[str]:
        """Where the links of the page lead, but those of pictures and those to other hosts."""
        found = self.page.eval_on_selector_all(
            "a[href]", "all => all.map(one => new URL(one.getAttribute('href'), location).href)"
        )
        return {
            link.removeprefix(self.root).partition("#")[0]
            for link in found if link.startswith(self.root) and "/picture/" not in link
        }  # fmt: skip

    def require_clean(self) -> None:
        """No error in the console, no request off this machine, and no markup that did not come from our templates."""
        assert (self.errors, self.abroad) == ([], []), self.page.url
        assert self.page.locator("script").count() == 1, self.page.url
        assert self.page.locator("[onerror], iframe, object, embed, img[src=x]").count() == 0, self.page.url

    def require_fits(self) -> None:
        """Nothing is wider than the window: the page does not scroll sideways."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (self.page.url, wide)

    def faults(self) -> list[str]:
        """Serious findings of axe-core: the rule and the elements."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['html'][:150]} {node.get('failureSummary', '')[:300]}"
            for one in found if one["impact"] in SERIOUS for node in one["nodes"][:2]
        ]  # fmt: skip


def picture(page: Page, path: Path, width: int, height: int) -> None:
    """The upper part of a page as a small PNG of 256 colours."""
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that this machine has."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def looking(browser: Browser, port: int, *, size: dict[str, int] = DESK, scheme: str = "light") -> Iterator[Looker]:
    """A page that has opened the printed link, in a window of this size."""
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    looker = Looker(context.new_page(), f"http://127.0.0.1:{port}")
    looker.open(f"/?token={TOKEN}")
    try:
        yield looker
    finally:
        context.close()
