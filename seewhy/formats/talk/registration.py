"""LLaMA-Factory's `dataset_info.json`, which registers files of rows with what their columns are called."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

INFO = "dataset_info.json"
USUAL = "alpaca"
"""What a set is that does not say its formatting."""
KNOWN = (USUAL, "sharegpt")
PLACES = {"file_name", "hf_hub_url", "ms_hub_url", "script_url", "cloud_file_name"}


def registered_sets(
    path: Path, found: Mapping[str, object], formatting: str
) -> Sequence[tuple[str, Mapping[str, object], Path]]:
    """Name, entry and file of each set of pairs of a formatting; none where `found` is no such registration.

    Raises:
        ValueError: it registers no pairs, or a set of them is of another formatting or not there.
    """
    entries = {name: cast(dict[str, object], entry) for name, entry in found.items() if isinstance(entry, dict)}
    if not entries or len(entries) != len(found) or not all(entry.keys() & PLACES for entry in entries.values()):
        return ()
    ranked = {name: entry for name, entry in entries.items() if entry.get("ranking") is True}
    if not ranked:
        raise ValueError(f"{path} registers no set with \"ranking\": true (it has {', '.join(entries)}), and "
                         "only pairs are read by a registration; name the file of a set with conversations, or write "
                         "rows of instruction and output as trl_completion (docs/data.md)")  # fmt: skip
    for name, entry in ranked.items():
        if entry.get("formatting", USUAL) not in KNOWN:
            raise ValueError(f"{path}: {name}.formatting is {entry['formatting']!r}, and {' and '.join(KNOWN)} are "
                             "read; give it one of these with the columns and tags of its rows, or take the entry "
                             "out")  # fmt: skip
    return [(name, entry, _file_of(path, name, entry)) for name, entry in ranked.items()
            if entry.get("formatting", USUAL) == formatting]  # fmt: skip


def _file_of(path: Path, name: str, entry: Mapping[str, object]) -> Path:
    if "file_name" not in entry:
        raise ValueError(f"{path}: the rows of {name} are elsewhere, and nothing is fetched here; download them and "
                         "name the file")  # fmt: skip
    file = path.parent / text_in(path, name, entry, "file_name")
    if not file.is_file():
        raise ValueError(f"{path}: {name}.file_name: there is no file {file}; mend the path, or take {name} out")
    return file


def text_in(path: Path, name: str, entry: Mapping[str, object], field: str) -> str:
    """A text of an entry of a list of sets.

    Raises:
        ValueError: it is missing, or none.
    """
    found = entry.get(field)
    if not isinstance(found, str) or not found:
        said = f"is {found!r:.80}" if field in entry else "is missing"
        raise ValueError(f"{path}: {name}.{field} {said}; give a path, or take {name} out")
    return found


def names_in(path: Path, name: str, found: object) -> dict[str, str]:
    """Names of columns or tags; empty where the registration has none.

    Raises:
        ValueError: they are no names.
    """
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"{path}: {name} must be an object of names, and is {found!r:.80}; write "
                         "a text for each name, or leave it out")  # fmt: skip
    return cast(dict[str, str], found)
