"""Files that rows name: within the folders that the user named, and through no link out of them."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.row import shown

HUB_SNAPSHOTS, HUB_BLOBS = "snapshots", "blobs"
"""A repository in the cache of the Hub: files of a commit are links from the one folder into the other."""


def place_of(name: str, field: str, roots: Sequence[Path]) -> tuple[Path, str]:
    """The file that a row names, and "" or, where that file is an archive, the name of a member in it.

    Args:
        name: as the row has it, relative or absolute.
        field: of the row, for errors.
        roots: folders and archives that the user named, in the order in which they are looked at.

    Raises:
        RowError: it leads out of every root, through a link, or is not there.
    """
    tried: list[Path] = []
    for root in roots:
        parts = _parts_within(name, field, root)
        if parts is None:
            continue
        if root.is_file():
            return root, "/".join(parts)
        place = root.joinpath(*parts)
        archive = _archive_above(root, parts)
        if place.is_file() or archive:
            found = archive or len(parts)
            _refuse_links(root, parts[:found], field)
            return root.joinpath(*parts[:found]), "/".join(parts[found:])
        tried.append(place)
    if not tried:
        named = ", ".join(str(root) for root in roots)
        raise RowError(Reason.PATH, f"field {field!r}: {shown(name)} is outside of {named}; name its folder with "
                       "--pictures DIR, or mend the path")  # fmt: skip
    where = " or ".join(str(place) for place in dict.fromkeys(tried))
    raise RowError(Reason.PICTURE, f"field {field!r}: there is no file {where}; name the folder of the pictures "
                   "with --pictures DIR, or take the row out")  # fmt: skip


def _parts_within(name: str, field: str, root: Path) -> tuple[str, ...] | None:
    """The path from the root on; None for an absolute one elsewhere.

    Raises:
        RowError: it climbs out, or is no path.
    """
    if "\0" in name:
        raise RowError(Reason.PATH, f"field {field!r}: {shown(name)} is no path; mend it, or take the row out")
    path = PurePosixPath(name)
    if path.is_absolute():
        bases = [base for base in (root, root.resolve()) if path.is_relative_to(base)]
        if not bases:
            return None
        path = path.relative_to(bases[0])
    kept: list[str] = []
    for part in path.parts:
        if part != "..":
            kept.append(part)
        elif kept:
            kept.pop()
        else:
            raise RowError(Reason.PATH, f"field {field!r}: {shown(name)} climbs out of {root}; name the folder above "
                           "it with --pictures DIR and mend the path, or take the row out")  # fmt: skip
    return tuple(kept)


def _archive_above(root: Path, parts: Sequence[str]) -> int:
    """How many parts of a path lead to a file that further ones cannot be below: an archive; 0 where none does."""
    place = root
    for count, part in enumerate(parts[:-1], start=1):
        place = place / part
        if place.is_file():
            return count
        if not place.is_dir():
            return 0
    return 0


def _refuse_links(root: Path, parts: Sequence[str], field: str) -> None:
    place = root
    for part in parts:
        place = place / part
        if place.is_symlink() and not _is_of_hub(root, place):
            raise RowError(Reason.PATH, f"field {field!r}: {place} is a symbolic link, which rows may not go through; "
                           "name the folder that it leads to with --pictures DIR, or copy the file")  # fmt: skip


def _is_of_hub(root: Path, link: Path) -> bool:
    """Whether a link is one that the Hub's cache makes: from a repository's snapshot to its blobs."""
    for folder in (root, *root.parents):
        if folder.name == HUB_SNAPSHOTS:
            return link.resolve().is_relative_to((folder.parent / HUB_BLOBS).resolve())
    return False
