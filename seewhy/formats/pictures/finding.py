"""The pictures of rows, however a row gives them: each found within its root, decoded once, known by its hash."""

import base64
import binascii
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from seewhy.benchmarks.release.pictures import SUFFIXES, decode, from_base64
from seewhy.formats.pictures.archives import Archive
from seewhy.formats.pictures.paths import place_of
from seewhy.formats.rows.example import Picture
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.row import shown
from seewhy.records.files import hash_file, is_file

KEPT = 16_384
"""Pictures whose hash is remembered: sets show one picture in many rows."""
NO_PATH = 256
"""Characters from which a text that is base64 is taken for a picture and no path."""
SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
HEADS = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
"""How PNG, JPEG, GIF and WebP begin in base64."""
BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")


class PictureFinder:
    """Finds pictures under some roots.

    Args:
        roots: folders and archives; paths of rows are looked for in each, in this order.
        fetch: how a URL is fetched; None where URLs are refused.
    """

    def __init__(self, roots: Sequence[Path], fetch: Callable[[str], bytes] | None = None) -> None:
        self._roots = tuple(roots)
        self._fetch = fetch
        self._archives: dict[Path, Archive] = {}
        self._known: OrderedDict[str, Picture] = OrderedDict()
        self._suffixes: OrderedDict[str, str] = OrderedDict()

    def close(self) -> None:
        """Close open archives."""
        for archive in self._archives.values():
            archive.close()

    def find(self, value: object, field: str) -> Picture:
        """The picture of a path, of bytes, of `{"bytes", "path"}`, of base64 or of a data URI.

        Raises:
            RowError: it is not there, not allowed, or no picture.
        """
        match value:
            case bytes():
                return self._held(value, field, "bytes")
            case Mapping():
                payload = value.get("bytes")
                if isinstance(payload, bytes) and payload:
                    return self._held(payload, field, "bytes")
                if isinstance(payload, str) and payload:
                    return self._held(_decoded(payload, field), field, "bytes")
                inner = next((value[key] for key in ("path", "image", "url") if value.get(key)), None)
                if isinstance(inner, str | bytes):
                    return self.find(inner, field)
            case str() if value:
                return self._of_text(value, field)
            case _:
                pass
        raise RowError(
            Reason.TYPE,
            f"field {field!r} must hold a picture or its path, and is {shown(value)}; mend it, or take the row out",
        )

    def stored(self, path: Path, digest: str, field: str) -> Picture:
        """The picture of a file that our own rows name with its hash, wherever it is.

        Raises:
            RowError: it is not there, or has other bytes.
        """
        key = f"{digest} {path}"
        found = self._known.get(key)
        if found is None:
            if not is_file(path) or hash_file(path) != digest:
                said = "has other bytes than its row was written for" if is_file(path) else "is not there"
                raise RowError(
                    Reason.PICTURE, f"field {field!r}: {path} {said}; put the picture back, or take the row out"
                )
            found = self._keep(key, Picture(sha256=digest, suffix=self._checked(path, field, str(path)), path=path))
        return found

    def _keep(self, key: str, found: Picture) -> Picture:
        """Remember a picture by what a row says of it; one that is held as bytes would stay in memory."""
        if found.path is not None:
            self._known[key] = found
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def _of_text(self, text: str, field: str) -> Picture:
        if text.startswith("data:"):
            return self._held(_decoded(text, field), field, "a data URI")
        if (len(text) >= NO_PATH or text.startswith(HEADS)) and BASE64.fullmatch(text):
            return self._held(_decoded(text, field), field, "base64")
        return self._known.get(text) or self._keep(text, self._looked_up(text, field))

    def _looked_up(self, text: str, field: str) -> Picture:
        scheme = SCHEME.match(text)
        if scheme and scheme[1].lower() in ("http", "https"):
            if self._fetch is None:
                raise RowError(Reason.PATH, f"field {field!r}: {shown(text)} is a URL, and URLs are fetched with "
                               "--fetch alone; give it, or take the row out")  # fmt: skip
            return self._held(self._fetched(text, field), field, shown(text))
        if scheme and scheme[1].lower() != "file":
            raise RowError(Reason.PATH, f"field {field!r}: {shown(text)} is in a store that is not read; copy it to "
                           "a folder and name that with --pictures DIR")  # fmt: skip
        try:
            path, member = place_of(text.removeprefix("file://"), field, self._roots)
        except OSError as error:
            raise RowError(Reason.PATH, f"field {field!r}: {shown(text)} cannot be looked for ({error.strerror}); mend "
                           "it, or take the row out") from error  # fmt: skip
        if not member:
            suffix = self._checked(path, field, str(path))
            return Picture(sha256=hash_file(path), suffix=suffix, path=path)
        archive = self._archives.setdefault(path, Archive(path))
        return self._held(archive.read(member, field), field, f"{path}, {shown(member)},")

    def _fetched(self, url: str, field: str) -> bytes:
        assert self._fetch is not None
        try:
            return self._fetch(url)
        except OSError as error:
            raise RowError(Reason.PICTURE, f"field {field!r}: {shown(url)} could not be fetched ({error}); fetch it "
                           "again later, or take the row out") from error  # fmt: skip
        except ValueError as error:
            raise RowError(Reason.PATH, f"field {field!r}: {shown(url)} is no address ({error}); mend it, with %20 for "
                           "a blank and the like, or take the row out") from error  # fmt: skip

    def _held(self, payload: bytes, field: str, place: str) -> Picture:
        digest = sha256(payload).hexdigest()
        suffix = self._suffixes.get(digest)
        if suffix is None:
            suffix = self._suffixes[digest] = self._checked(payload, field, place)
            if len(self._suffixes) > KEPT:
                self._suffixes.popitem(last=False)
        return Picture(sha256=digest, suffix=suffix, payload=payload)

    def _checked(self, source: Path | bytes, field: str, place: str) -> str:
        try:
            kind = decode(source, field, place)
        except ValueError as error:
            raise RowError(Reason.PICTURE, str(error)) from error
        return SUFFIXES.get(kind, kind.lower())


def _decoded(text: str, field: str) -> bytes:
    """Bytes of base64, with or without the head of a data URI."""
    head, comma, rest = text.partition(",") if text.startswith("data:") else ("", "", text)
    if comma and not head.endswith(";base64"):
        raise RowError(Reason.PICTURE, f"field {field!r}: {shown(text)} is a data URI without base64; give base64")
    try:
        return from_base64("".join(rest.split()), field)
    except (ValueError, binascii.Error) as error:
        raise RowError(Reason.PICTURE, f"{error}; write the picture's bytes in base64, or its path") from error


def as_data_uri(picture: Picture) -> str:
    """The picture as a data URI."""
    kinds = {"jpg": "jpeg", "tif": "tiff"}
    kind = kinds.get(picture.suffix, picture.suffix)
    return f"data:image/{kind};base64,{base64.b64encode(picture.content()).decode()}"
