"""Pictures behind URLs, fetched only where that was asked for."""

import urllib.request
from http.client import HTTPException, InvalidURL

from seewhy.records.pictures import MAX_BYTES

SECONDS = 30.0


def fetch_picture(url: str) -> bytes:
    """The bytes behind an http or https address, at most one more than `MAX_BYTES`.

    Raises:
        OSError: the server did not give them.
        ValueError: it is no address.
    """
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "seewhy"})
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            found: bytes = answer.read(MAX_BYTES + 1)
    except InvalidURL as error:
        raise ValueError(str(error)) from error
    except HTTPException as error:
        raise OSError(f"its answer is none of HTTP: {error!r}") from error
    return found
