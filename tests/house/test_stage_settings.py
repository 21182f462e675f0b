"""A new version alone makes no finished step stale: settings that come later are marked, or said to matter."""

import json
from pathlib import Path

from stage_settings import changes, stage_settings

KEPT = Path(__file__).parents[1] / "data" / "stage_settings.json"
REMEDY = """
A field with a new name changes the fingerprint of every finished step that holds it. Where its default changes no row,
mark it: `field(default=..., metadata=RARE)`. Where rows change, raise `version` of the stages that hold it. Then write
the file anew, in tests/house:
    python -c "import json, stage_settings as s; print(json.dumps(s.stage_settings(), indent=1))"
"""


def test_no_setting_came_or_changed_its_default_unmarked():
    found = changes(json.loads(KEPT.read_text(encoding="utf-8")), stage_settings())
    assert not found, "\n".join(found) + REMEDY
