"""What the site's build adds to the pages of `docs`: the reference, formulas as MathML, the notebook, `llms.txt`."""

import json
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files
from reference_pages import pages

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"^\$\$\n(.+?)\n\$\$$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"\$`(.+?)`\$")
SCROLLS = '<div style="overflow-x: auto" tabindex="0" role="group" aria-label="formula">{}</div>'
"""A formula that is wider than a phone scrolls by itself, and the page does not."""
LLMS = "llms.txt"
NO_PROSE = ("#", "|", "!", "<", "- ", "    ", "Status: ")
"""How paragraphs begin that say nothing of the page."""


def on_config(config: Any) -> Any:
    """List pages that the navigation leaves out under "More", so that each of them is found."""
    docs = Path(config["docs_dir"])
    named = {place for _, group in sections(config["nav"]) for place in group}
    unnamed = [name for page in sorted(docs.rglob("*.md")) if (name := str(page.relative_to(docs))) not in named]
    if unnamed:
        config["nav"].append({"More": unnamed})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for name, text in pages().items():
        files.append(File.generated(config, f"reference/{name}", content=text))
    for notebook in Path(config["docs_dir"]).glob("*.ipynb"):
        files.append(File.generated(config, f"{notebook.stem}.md", content=notebook_page(notebook)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Formulas between lines of `$$`, and within $`...`$, as MathML, which browsers show without a script."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"\x00{len(kept) - 1}\x00"

    text = FENCE.sub(keep, markdown)
    text = FORMULA.sub(lambda found: SCROLLS.format(convert(found[1], display="block")), text)
    # Bare, a formula at the start of a line would end the paragraph.
    text = INLINE.sub(lambda found: f"<span>{convert(found[1])}</span>", text)
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], text)


def on_post_build(config: Any) -> None:
    """Write `llms.txt` (llmstxt.org) and the pages' Markdown beside the site."""
    site, docs, made = Path(config["site_dir"]), Path(config["docs_dir"]), pages()
    lines = [f"# {config['site_name']}", "", f"> {config['site_description']}"]
    for title, group in sections(config["nav"]):
        lines += ["", f"## {title}", ""]
        for place in group:
            source = docs / place
            text = (made[place.removeprefix("reference/")] if place.startswith("reference/")
                    else source.read_text(encoding="utf-8") if source.is_file()
                    else notebook_page(source.with_suffix(".ipynb")))  # fmt: skip
            copy = site / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, encoding="utf-8")
            lines.append(f"- [{heading_of(text)}]({place}): {first_sentence(text)}")
    (site / LLMS).write_text("\n".join([*lines, ""]), encoding="utf-8")


def sections(nav: list[Any]) -> list[tuple[str, list[str]]]:
    """The navigation's sections with the paths of their pages; pages of no section come first."""
    first: list[str] = []
    found = [("Start", first)]
    for entry in nav:
        if isinstance(entry, str):
            first.append(entry)
            continue
        ((title, value),) = entry.items()
        if isinstance(value, str):
            first.append(value)
        else:
            found.append((title, [one if isinstance(one, str) else next(iter(one.values())) for one in value]))
    return found


def notebook_page(path: Path) -> str:
    """A notebook as a page: its texts, and its code without outputs."""
    parts = []
    for one in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(one["source"])
        parts.append(f"```python\n{source}\n```" if one["cell_type"] == "code" else source)
    return "\n\n".join([*parts, ""])


def heading_of(text: str) -> str:
    """A page's first heading."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def first_sentence(text: str) -> str:
    """The first sentence below a page's heading, in one line."""
    body = FENCE.sub("", text).partition("\n")[2]
    paragraph = next((one for one in body.strip().split("\n\n") if one and not one.startswith(NO_PROSE)), "")
    words = " ".join(re.sub(r"\[(.+?)\]\(.+?\)", r"\1", paragraph).split())
    return re.split(r"(?<=[.!?]) (?=[A-Z`\"])", words)[0].replace("**", "")
