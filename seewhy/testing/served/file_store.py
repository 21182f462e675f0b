"""Files as the batch API keeps them: real ones, in a folder, that a restarted server finds again."""

import json
from dataclasses import dataclass
from pathlib import Path

from seewhy.records.files import write_bytes_atomically, write_text_atomically


@dataclass(frozen=True, slots=True)
class FileStore:
    """A folder of files, each with a note next to it that the API returns."""

    folder: Path

    def keep(self, content: bytes, filename: str, purpose: str) -> dict[str, object]:
        """Keep a file under a new id; returns its note."""
        place = f"file-{len(list(self.folder.glob('file-*.json'))) + 1}"
        summary: dict[str, object] = {
            "id": place, "object": "file", "bytes": len(content), "created_at": 0, "filename": filename,
            "purpose": purpose, "status": "processed",
        }  # fmt: skip
        write_bytes_atomically(self.folder / f"{place}.content", content)
        write_text_atomically(self.folder / f"{place}.json", json.dumps(summary))
        return summary

    def tell(self, place: str) -> dict[str, object]:
        """What a file is; LookupError where there is none of this id."""
        return read_note(self.folder, place)

    def content(self, place: str) -> bytes:
        """A file's bytes; LookupError where there is none of this id."""
        self.tell(place)
        return (self.folder / f"{place}.content").read_bytes()


def read_note(folder: Path, place: str) -> dict[str, object]:
    """The JSON object kept under an id; LookupError where there is none."""
    if place not in {path.stem for path in folder.glob("*.json")}:
        raise LookupError(f"there is no {place!r} here")
    return json.loads((folder / f"{place}.json").read_text(encoding="utf-8"))
