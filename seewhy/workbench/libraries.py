"""Versions of seewhy and of the libraries that it uses, against what it asks for; extras that are there or missing."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

import seewhy
from seewhy.runs.discovery import install_hint
from seewhy.workbench.checks import Check, failed, passed, warned

BASE = ""
"""What is not an extra."""
USES = {
    "train": "local models, training", "teacher": "models behind servers", "view": "pages in a browser",
    "hub": "push and pull", "serve": "the oracle as a server", "xlsx": "result files of suites",
    "torchvision": "image processors of some families",
}  # fmt: skip
"""What an extra is for; extras of developers are left out."""


def library_checks() -> Iterator[Check]:
    """A line for seewhy and its base libraries, one for torch and transformers each, and one an extra."""
    needs = wanted()
    yield passed("seewhy", f"{seewhy.__version__} at {Path(seewhy.__file__).parent}")
    yield _group("libraries", needs[BASE], is_base=True)
    for name in ("torch", "transformers"):
        found = version_of(name)
        yield passed(name, found) if found else warned(name, "not installed", _remedy("train"))
    for extra, use in USES.items():
        yield _group(f"extra {extra}", needs.get(extra, []), use=use, extra=extra)


def wanted() -> Mapping[str, list[Requirement]]:
    """What seewhy asks for, by extra: of the clone that is running, else as it was installed."""
    clone = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if clone.is_file():
        project = tomllib.loads(clone.read_text(encoding="utf-8"))["project"]
        groups = {BASE: project["dependencies"], **project["optional-dependencies"]}
        return {extra: [Requirement(line) for line in lines] for extra, lines in groups.items()}
    found: dict[str, list[Requirement]] = {BASE: []}
    for line in requires("seewhy") or ():
        mark = re.search(r"extra == ['\"](\w+)['\"]", line)
        found.setdefault(mark[1] if mark else BASE, []).append(Requirement(line.partition(";")[0]))
    return found


def version_of(name: str) -> str:
    """The installed version of a distribution; empty where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def misfits(needs: list[Requirement]) -> tuple[list[str], list[str]]:
    """Distributions that are missing, and those of a version that is not asked for, each with both versions."""
    missing = [need.name for need in needs if not version_of(need.name)]
    other = [
        f"{need.name} {version_of(need.name)}, not {need.specifier}" for need in needs
        if version_of(need.name) and not need.specifier.contains(version_of(need.name), prereleases=True)
    ]  # fmt: skip
    return missing, other


def _group(name: str, needs: list[Requirement], *, use: str = "", extra: str = "", is_base: bool = False) -> Check:
    missing, other = misfits(needs)
    if other:
        return failed(name, "; ".join(other), f"pip install {' '.join(map(_quoted, needs))}")
    if missing and is_base:
        return failed(name, f"missing: {', '.join(missing)}", f"pip install {' '.join(map(_quoted, needs))}")
    if missing:
        return warned(name, f"missing: {', '.join(missing)} ({use})", _remedy(extra))
    there = ", ".join(f"{need.name} {version_of(need.name)}" for need in needs)
    return passed(name, there)


def _quoted(need: Requirement) -> str:
    return f"'{need}'" if str(need.specifier) else str(need)


def _remedy(extra: str) -> str:
    return f"{install_hint(extra)} brings it"
