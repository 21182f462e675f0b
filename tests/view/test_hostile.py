"""Words that mean harm in every text of every record, in names of steps and people: they stay words on every page."""

import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import pytest
from looked_at import HARM, serving, write_run
from looked_at_more import write_more

from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Style, Verdict
from seewhy.view.shelf import KINDS, Shelf

KEPT = {"id", "question_id", "path", "sha256", "answers", "rule", "judge"}
"""Joined by, or read by rules; `HARM` is the id of a question besides."""
QUOTED = f"{HARM}\"'`</p></textarea><svg onload=alert(2)>{{{{ 7*7 }}}}${{7*7}}"
STEP = "chains lr=[1e-5]*? <b onclick='alert(1)'>&#35; 50%"


def harmed(value: Any, name: str = "") -> Any:
    """A record with harmful words in its texts, whatever it holds."""
    if name in KEPT or isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return f"{value} {QUOTED}"
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: harmed(getattr(value, one.name), one.name) for one in fields(value)})
    if isinstance(value, tuple):
        return tuple(harmed(one) for one in value)
    return {f"{key} {QUOTED}": harmed(one) for key, one in value.items()} if isinstance(value, dict) else value


def skeleton(page: str) -> set[str]:
    """The elements of a page and the names of their attributes."""
    tags = re.findall(r"<([a-zA-Z][\w-]*)((?:\s[^<>]*?)?)>", page)
    return {f"{tag} {name}" for tag, words in tags for name in ("", *re.findall(r"\s([\w-]+)=\"[^\"]*\"", words))}


@pytest.mark.nightly
def test_no_word_of_any_record_becomes_an_element_or_an_attribute(tmp_path):
    runs = {name: write_more(write_run(tmp_path / name)) for name in ("plain", "harmed")}
    for unit in Shelf(runs["harmed"]).units.values():
        rows = [harmed(row) for row in read_rows(unit.folder, KINDS[unit.kind])]
        write_shard(unit.folder, 0, rows, KINDS[unit.kind])
    (runs["harmed"] / "chains").rename(runs["harmed"] / STEP)
    shown = {name: list(pages(root)) for name, root in runs.items()}
    allowed = set[str]().union(*(skeleton(text) for _, text in shown["plain"]))
    for path, text in shown["harmed"]:
        assert not {one for one in skeleton(text) - allowed if re.search(r"on\w+|script|svg|img|textarea", one)}, path
        assert "<script>alert" not in text, path
    assert len(shown["harmed"]) > 25
    assert sum("{{ 7*7 }}" in text for _, text in shown["harmed"]) > 10


def pages(root):
    """All pages of a run that its links lead to, after a person of a harmful name has marked a chain."""
    with serving(root) as served:
        chains = next(unit.ref for unit in Shelf(root).of_kind("chains") if "annotations" not in unit.ref)
        form = {"question": "q/1", "index": 0, "style": Style.REASON.value, "questions": "questions", "who": QUOTED,
                "verdict": "right"}  # fmt: skip
        path = f"/run/0/annotate/{quote(chains)}"
        assert served.post(path, urlencode(form), Origin=f"http://127.0.0.1:{served.port}").status == 303
        assert [row.judge for row in read_rows(root / "annotations" / chains, Verdict)] == [f"human:{QUOTED}"]
        seen, ahead = {"/run/0"}, ["/run/0"]
        while ahead and len(seen) < 120:
            path = ahead.pop(0)
            answer = served.get(path)
            assert answer.status == 200, (path, answer.text[:300])
            yield path, answer.text
            found = re.findall(r'<a[^>]* href="([^"#]+)', answer.text)
            links = {urljoin(path, one.replace("&amp;", "&")) for one in found if "/picture/" not in one}
            ahead += sorted(links - seen - {"/"})
            seen |= links
