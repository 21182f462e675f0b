"""Would a flipped sign be seen? Each row plants one defect in a copy of the package, and one test must then fail."""

import pytest
from every_mutant import ALL_MUTANTS
from mutant_rows import Mutant
from mutant_runs import copy_house, plant, run_tests

pytestmark = pytest.mark.mutant


PASSED, FAILED = 0, 1
"""Exit codes of pytest; all others mean that no verdict was reached (no such test, an import that broke)."""


def test_without_a_defect_all_these_tests_pass(tmp_path):
    nodes = sorted({node for mutant in ALL_MUTANTS for node in mutant.nodes})
    run = run_tests(nodes, copy_house(nodes, tmp_path))
    assert run.code == PASSED, run.output


@pytest.mark.parametrize("mutant", ALL_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_defect_is_seen(mutant, tmp_path):
    house = copy_house(mutant.nodes, tmp_path)
    plant(mutant, house)
    run = run_tests(mutant.nodes, house)
    assert run.code == FAILED, f"{' and '.join(mutant.nodes)} did not see {mutant.name!r}\n{run.output}"


def test_a_row_whose_source_text_is_gone_is_an_error_that_says_so(tmp_path):
    mutant = Mutant(name="old", file="old.py", source="x = 1", defect="x = 2", seen_by="none")
    (tmp_path / "old.py").write_text("y = 1\n")
    with pytest.raises(LookupError, match=r"mutant 'old': its source text occurs 0 times in old\.py"):
        plant(mutant, tmp_path)
