"""A card on the Hub: a README with metadata, of which only our own part and keys are written."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import yaml

BEGIN, END = "<!-- seewhy: begin -->", "<!-- seewhy: end -->"
"""Around our part of the text; all else is left as a person wrote it."""
HEAD = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"),
)  # fmt: skip
"""The Hub's words for numbers of rows below a bound."""
TAG = "seewhy"


def read_card(path: Path) -> str:
    """The text of a card's file; empty where there is none.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise ValueError(f"README.md: not UTF-8 ({error}); save it as UTF-8") from error


def card_of(before: str, facts: Sequence[str], configs: Mapping[str, Sequence[str]], rows: int, licence: str) -> str:
    """The text of a data set's card.

    Args:
        before: the card that is there; empty where there is none.
        facts: what the rows are, a sentence or figure each.
        configs: names of parts of the set to their files.
        rows: how many rows there are.
        licence: by the Hub's name for it; empty leaves that of the card that is there.

    Raises:
        ValueError: the metadata of the card that is there cannot be read.
    """
    ours: dict[str, object] = {
        "tags": [TAG],
        "size_categories": [next((word for bound, word in SIZES if rows < bound), "10M<n<100M")],
        "configs": [{"config_name": name, "data_files": list(files)} for name, files in configs.items()],
        **({"license": licence} if licence else {}),
    }
    return merged(before, ours, "\n".join(f"- {line}" for line in facts))


def parts_of(card: str) -> tuple[dict[str, object], str]:
    """The metadata of a card, and our part of its text; the whole text where no part is marked as ours."""
    metadata, text = _parted(card)
    ours = _ours(text)
    return metadata, ours[1].strip() if ours else text.strip()


def merged(before: str, ours: Mapping[str, object], text: str) -> str:
    """A card with our keys and our part of the text; tags are added, all else that a person wrote stays.

    Args:
        before: the card that is there; empty where there is none.
        ours: metadata.
        text: Markdown.

    Raises:
        ValueError: the metadata of the card that is there cannot be read.
    """
    metadata, body = _parted(before)
    tags = metadata.get("tags")
    kept = [str(tag) for tag in cast(list[object], tags)] if isinstance(tags, list) else []
    added = [str(tag) for tag in cast(list[object], ours.get("tags") or []) if str(tag) not in kept]
    whole = {**metadata, **ours, "tags": [*kept, *added]}
    head = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n{_with_part(body, text)}"


def _parted(before: str) -> tuple[dict[str, object], str]:
    found = HEAD.match(before)
    if not found:
        return {}, before
    try:
        metadata: object = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        raise ValueError(
            f"README.md: its metadata is no YAML ({why}); mend the lines between its first two ---"
        ) from error
    if not isinstance(metadata, dict):
        raise ValueError(
            "README.md: its metadata is no mapping; write one `name: value` a line between its first two ---"
        )
    return cast(dict[str, object], metadata), before[found.end() :]


def _ours(text: str) -> tuple[str, str, str] | None:
    """What is before our part, our part, and what is behind it; None where no part is marked as ours."""
    begin, end = text.find(BEGIN), text.find(END)
    return (text[:begin], text[begin + len(BEGIN) : end], text[end + len(END) :]) if 0 <= begin < end else None


def _with_part(body: str, text: str) -> str:
    part, ours = f"{BEGIN}\n\n{text}\n\n{END}", _ours(body)
    if ours:
        return f"{ours[0]}{part}{ours[2]}"
    return f"{body.rstrip()}\n\n{part}\n" if body.strip() else f"\n{part}\n"
