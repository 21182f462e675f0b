"""Pictures behind URLs, fetched only where that was asked for."""

import urllib.request

from seewhy.records.pictures import MAX_BYTES

SECONDS = 30.0


def fetch_picture(url: str) -> bytes:
    """The bytes behind an http or https address, at most `MAX_BYTES`.

    Raises:
        OSError: the server did not give them.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "seewhy"})
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        found: bytes = answer.read(MAX_BYTES + 1)
    if len(found) > MAX_BYTES:
        raise OSError(f"it has more than {MAX_BYTES:,} bytes")
    return found
