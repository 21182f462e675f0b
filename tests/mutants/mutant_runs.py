"""Running tests on a changed copy of the package, in a process of its own."""

import os
import shutil
import sys
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest
from mutant_rows import Mutant

ROOT = Path(__file__).parents[2]
LONGEST = 600
"""Seconds that the tests of one defect may take."""

# A server that has imported what is slow, and nothing of ours, forks a process a defect: 1 second each instead of 5.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["preloaded", "torch", "hypothesis", "beartype", "jaxtyping", "transformers", "pytest"]
)
# pytest warns that it came too late to rewrite the asserts of plugins that were imported before it.
UNREWRITTEN = "ignore::pytest.PytestAssertRewriteWarning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How pytest ended, and its output."""

    code: int | None
    """0 passed, 1 failed, all else no verdict; None where pytest did not end by itself."""
    output: str


def plant(mutant: Mutant, house: Path) -> None:
    """Write the defect into the copy; a row that no longer fits the code is an error, not a pass."""
    file = house / mutant.file
    text = file.read_text()
    found = text.count(mutant.source)
    if found != 1:
        raise LookupError(
            f"mutant {mutant.name!r}: its source text occurs {found} times in {mutant.file}, not once; "
            f"the code has moved on, so write the row anew: {mutant.source!r}"
        )
    file.write_text(text.replace(mutant.source, mutant.defect))


def copy_house(nodes: list[str], house: Path) -> Path:
    """A copy of the package, of these tests, their data and what stands beside and above, and of pytest's settings."""
    shutil.copytree(ROOT / "seewhy", house / "seewhy", ignore=shutil.ignore_patterns("__pycache__"))
    for shared in ("written", "formats"):
        shutil.copytree(ROOT / "tests" / shared, house / "tests" / shared, ignore=shutil.ignore_patterns("test_*"))
    shutil.copy(ROOT / "pyproject.toml", house)
    shutil.copytree(ROOT / "tests" / "data", house / "tests" / "data")
    for test in {Path(node.partition("::")[0]) for node in nodes}:
        folders = [folder for folder in test.parents if folder.parts]
        aids = [aid for folder in folders for aid in (ROOT / folder).glob("*.py") if not aid.name.startswith("test_")]
        for file in (ROOT / test, *aids):
            place = house / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    return house


def run_tests(nodes: list[str], house: Path) -> Run:
    """Run them on the copy."""
    log, verdict = house / "output.txt", house / "verdict.txt"
    process = PROCESSES.Process(target=run_on_copy, args=(nodes, house, log, verdict))
    # The server finds what it shall import first by this alone; it starts with the first process.
    os.environ["PYTHONPATH"] = os.pathsep.join(str(folder) for folder in (ROOT / "tests", Path(__file__).parent))
    process.start()
    process.join(LONGEST)
    if process.is_alive():
        process.kill()
        process.join()
    # Not the exit code of the process: Python ends with 1, as a failed test does, when it could not even start one.
    code = int(verdict.read_text()) if verdict.exists() else None
    return Run(code=code, output=log.read_text() if log.exists() else "")


def run_on_copy(nodes: list[str], house: Path, log: Path, verdict: Path) -> None:
    """In the new process: forget where our code lies, stand in the copy, run pytest and write down how it ended."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(house)
    sys.dont_write_bytecode = True
    ours = {ROOT, ROOT / "tests", Path(__file__).parent}
    # What the server imports before transformers brings a part of our package with it, from where the code is whole.
    for name in [name for name in sys.modules if name.partition(".")[0] == "seewhy"]:
        del sys.modules[name]
    sys.path[:] = [str(house), *(place for place in sys.path if Path(place or ".").resolve() not in ours)]
    drawn = ["--hypothesis-profile", "fuzz"] if all(node.startswith("tests/fuzz/") for node in nodes) else []
    code = pytest.main(["-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-W", UNREWRITTEN, *drawn, *nodes])
    verdict.write_text(str(int(code)))
