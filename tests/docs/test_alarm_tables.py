"""The pages on what trainings log name every figure with an alarm, and no other as one."""

import re

import pytest
from docs.page_code import DOCS
from docs.settings import tables

from seewhy.training.monitor.online_rules import ONLINE_RULES
from seewhy.training.monitor.rules import RULES

ONLINE = {rule.figure for rule in ONLINE_RULES}


@pytest.mark.parametrize(
    ("page", "alarms"), [("training-log.md", {rule.figure for rule in RULES} - ONLINE), ("online.md", ONLINE)]
)
def test_the_table_of_figures_marks_those_with_an_alarm(page, alarms):
    found = [(row[0], row[-1]) for head, rows in tables((DOCS / page).read_text(encoding="utf-8"))
             if head[0] == "figure" for row in rows]  # fmt: skip
    marked = {name for names, alarm in found if alarm != "–" for name in re.findall(r"`([\w/]+)`", names)}
    assert marked == alarms
