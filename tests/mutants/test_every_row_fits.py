"""Every planted defect still fits the code: its source text occurs once, and the test that must see it is there."""

from collections import Counter

import pytest
from every_mutant import ALL_MUTANTS
from mutant_runs import ROOT


@pytest.mark.parametrize("mutant", ALL_MUTANTS, ids=lambda mutant: mutant.name)
def test_the_source_text_of_a_defect_occurs_once_and_its_test_is_there(mutant):
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.source) == 1
    assert mutant.defect != mutant.source
    file, _, test = mutant.seen_by.partition("::")
    assert (ROOT / file).exists()
    assert not test or f"def {test.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8")


def test_no_two_defects_have_one_name():
    assert [name for name, count in Counter(mutant.name for mutant in ALL_MUTANTS).items() if count > 1] == []


def test_the_table_of_drawn_kinds_holds_each_of_their_defects_once():
    table = (ROOT / "tests" / "fuzz" / "README.md").read_text(encoding="utf-8").splitlines()
    shown = [line.split(" | ")[0].removeprefix("| ") for line in table if line.startswith("| ") and "`test_" in line]
    drawn = [mutant.name.removeprefix("drawn: ") for mutant in ALL_MUTANTS if mutant.name.startswith("drawn: ")]
    assert sorted(shown) == sorted(drawn)
