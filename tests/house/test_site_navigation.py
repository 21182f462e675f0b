"""The documentation's site: entries of mkdocs.yml are pages, and every link leads to a file.

The build lists pages without an entry under "More".
"""

import re
from urllib.parse import urldefrag, urlsplit

import yaml
from house_sources import ROOT

DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
BUILT = re.compile(r"reference/[\w-]+\.md|notebook\.md")
"""Pages that the build makes (docs/site/)."""


def leaves(nav):
    for entry in nav:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        yield from leaves(value) if isinstance(value, list) else [value]


def test_every_entry_of_the_navigation_is_a_page_and_is_there_once():
    named = list(leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert [name for name in named if not BUILT.fullmatch(name) and not (DOCS / name).is_file()] == []
    assert len(named) == len(set(named))


def test_links_between_pages_lead_to_files():
    dead = []
    for page in sorted(DOCS.rglob("*.md")):
        for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            place = urldefrag(link).url
            if not place or urlsplit(link).scheme:
                continue
            found = (page.parent / place).resolve()
            if not found.is_file() and not BUILT.fullmatch(str(found.relative_to(DOCS))):
                dead.append(f"{page.relative_to(DOCS)}: {link}")
    assert dead == []
