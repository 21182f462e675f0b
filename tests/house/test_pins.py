"""Versions are said once, in constraints.txt: the locks hold these and their hashes, and pyproject.toml allows them."""

import re
import tomllib

import pytest
from house_sources import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REMEDY = "constraints.txt names the versions; after a change there or in pyproject.toml: make lock"
PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
ENTRY = re.compile(r"^([\w.-]+==[^\s;]+)[^\n\\]*((?: \\\n +--hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)
RUN, TEST = "lock-run.txt", "lock-test.txt"


def words_of(name: str) -> str:
    return (ROOT / name).read_text()


def pins_of(words: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(words)}


def entries_of(lock: str) -> dict[str, set[str]]:
    """The hashes of each pin of a lock."""
    return {pin: set(hashes.split("\\\n")) - {""} for pin, hashes in ENTRY.findall(words_of(f"requirements/{lock}"))}


CONSTRAINTS = pins_of(words_of("constraints.txt"))
LOCKS = sorted(path.name for path in (ROOT / "requirements").glob("lock-*.txt"))
UNHASHED = set(re.findall(r"^[\w.-]+", words_of("requirements/unhashed.in"), re.MULTILINE))


def needs_of(*extras: str) -> list[Requirement]:
    """What the package asks for, and what these of its extras do."""
    project = tomllib.loads(words_of("pyproject.toml"))["project"]
    rows = [*project["dependencies"], *(row for extra in extras for row in project["optional-dependencies"][extra])]
    return [need for need in map(Requirement, rows) if need.name != "seewhy"]


def test_the_locks_hold_every_version_that_is_named_and_no_other():
    held = {name: version for lock in LOCKS for name, version in pins_of(words_of(f"requirements/{lock}")).items()}
    assert held == {name: version for name, version in CONSTRAINTS.items() if name not in UNHASHED}, REMEDY


@pytest.mark.parametrize("lock", LOCKS)
def test_each_pin_of_a_lock_has_a_hash_and_a_version_that_constraints_name(lock):
    entries, pins = entries_of(lock), pins_of(words_of(f"requirements/{lock}"))
    assert entries.keys() == {f"{name}=={version}" for name, version in pins.items()}
    assert all(entries.values()), [pin for pin, hashes in entries.items() if not hashes]
    assert pins.items() <= CONSTRAINTS.items(), REMEDY


def test_what_a_run_installs_is_a_part_of_what_the_tests_install():
    run, test = entries_of(RUN), entries_of(TEST)
    assert {pin: test.get(pin) for pin in run} == run


@pytest.mark.parametrize(
    ("lock", "extras"), [(RUN, ("train", "view")), (TEST, ("train", "teacher", "serve", "xlsx", "dev"))]
)
def test_each_need_of_the_package_is_locked_at_a_version_that_it_allows(lock, extras):
    held = pins_of(words_of(f"requirements/{lock}"))
    for need in needs_of(*extras):
        name = canonicalize_name(need.name)
        assert name in held or name in UNHASHED, f"{need}: not in {lock}. {REMEDY}"
        assert need.specifier.contains(CONSTRAINTS[name]), f"{need}: constraints.txt has {CONSTRAINTS[name]}"
