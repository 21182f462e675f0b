"""Defects planted in what looks at servers whose weights are refreshed; and what must see them."""

from mutant_rows import Mutant

CHECK = "seewhy/sampling/refresh_check.py"
LOOKS = "tests/endpoints/test_refresh_check.py"
NAMED = f"{LOOKS}::test_what_is_wrong_is_named"

REFRESH_MUTANTS = [
    Mutant(
        name="refresh: a server that answers as before is taken for a new one",
        file=CHECK,
        source="return one.moved > _floor(before) and one.changed < UNCHANGED_SHARE * one.moved",
        defect="return one.moved > _floor(before) and one.changed < 0",
        seen_by=NAMED,
    ),
    Mutant(
        name="refresh: a gap is not held against what moved",
        file=CHECK,
        source="return one.gap > max(SURE, GAP_RISE * before.first_gap, GAP_SHARE * one.moved)",
        defect="return one.gap > max(SURE, GAP_RISE * before.first_gap, 2 * one.moved)",
        seen_by=NAMED,
    ),
    Mutant(
        name="refresh: each look forgets what moved too little to tell",
        file=CHECK,
        source="if before is None or one.moved > _floor(before):",
        defect="if before is None or one.moved >= 0:",
        seen_by=f"{LOOKS}::test_small_steps_add_up_until_a_server_that_takes_none_is_found",
    ),
    Mutant(
        name="refresh: a server's precision is blamed",
        file=CHECK,
        source="return max(FLOOR, 2 * before.first_gap)",
        defect="return FLOOR",
        seen_by=f"{LOOKS}::test_small_steps_add_up_until_a_server_that_takes_none_is_found",
    ),
]
