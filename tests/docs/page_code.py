"""Code in the pages of `docs`: which fences there are, and how a test runs them where a reader would."""

import re
import runpy
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.testclient import TestClient

from seewhy.cli.main import main
from seewhy.model.weights import weights_place
from seewhy.view.application import application

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\w*)(?P<title>[^\n]*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
INSTALLING = ("git clone ", "cd ", "python3 -m venv ", ". .venv/", "pip install ", "make ")
"""Commands of a shell that make the environment in which the tests already run."""
LONG, NOT_RUN = "long", "not run: "


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code of a page."""

    language: str
    title: str
    """The file that the block is the content of; empty for code that runs."""
    body: str
    mark: str
    """`long` where it runs in `make nightly`; `not run: REASON`."""

    @property
    def commands(self) -> list[str]:
        """Commands of a block of bash, each in one line, without comments."""
        lines = self.body.replace("\\\n", " ").splitlines()
        return [shlex.join(shlex.split(line, comments=True)) for line in lines if shlex.split(line, comments=True)]


def fences_of(page: Path) -> list[Fence]:
    """All fences of a page, in order."""
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [Fence(one["language"], titled(one["title"]), one["body"], one["mark"] or "") for one in found]


def titled(words: str) -> str:
    """The file name of a fence's head, such as `title="mine.yaml"`."""
    found = re.search(r'title="([^"]+)"', words)
    return found[1] if found else ""


def pages_with_code() -> Iterator[Path]:
    """Pages that have code to run."""
    for page in sorted(DOCS.rglob("*.md")):
        if any(fence.language in ("bash", "python") for fence in fences_of(page)):
            yield page


def run_page(page: Path, folder: Path, small: Mapping[str, str], *, long: bool) -> int:
    """Run a page's code in order, in `folder`, which is the current one; how many commands and scripts were run.

    Args:
        page: the page.
        folder: an empty folder.
        small: options that are added to commands, by how the command begins, so that they take seconds.
        long: whether blocks that are marked as long are run.
    """
    (folder / "docs").symlink_to(DOCS)
    (folder / "models").mkdir()
    shutil.copytree(weights_place("tiny"), folder / "models" / "mine")
    ran = 0
    for fence in fences_of(page):
        if fence.title:
            (folder / fence.title).write_text(fence.body, encoding="utf-8")
        elif fence.mark.startswith(NOT_RUN) or (fence.mark == LONG and not long):
            continue
        elif fence.language == "python":
            (folder / "_block.py").write_text(fence.body, encoding="utf-8")
            runpy.run_path(str(folder / "_block.py"), run_name="__main__")
            ran += 1
        elif fence.language == "bash":
            ran += sum(run_command(command, small) for command in fence.commands)
    return ran


def run_command(command: str, small: Mapping[str, str]) -> int:
    """Run one command as the shell would; 1 where it was run, 0 where it installs."""
    if command.startswith(INSTALLING):
        return 0
    words = shlex.split(command)
    assert words[0] == "seewhy", f"no test can run: {command}"
    if words[1] == "view" and "--help" not in words:
        app, token = application([Path(word) for word in words[2:] if not word.startswith("-")])
        assert TestClient(app, base_url="http://127.0.0.1").get(f"/?token={token}").status_code == 200
        return 1
    more = next((options for start, options in small.items() if command.startswith(start)), "")
    well = (0, 1) if words[1] == "status" else (0,)  # 1: steps are waiting, as the page says
    assert main([*words[1:], *shlex.split(more)]) in well, command
    return 1
