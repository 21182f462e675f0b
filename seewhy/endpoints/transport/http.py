"""HTTP to one server by aiohttp: connections stay open, redirects are not followed, and what comes in is bounded."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from yarl import URL

from seewhy.endpoints.transport.api import Heard, HttpResponse
from seewhy.endpoints.transport.streamed import EVENTS, read_streamed

MAX_BODY = 1 << 26
"""Bytes of a whole answer. No answer of text comes near it; a server that never ends must not fill the memory."""
MAX_HEADER = 8_190
"""Bytes of a line of the head, and of the value of a header."""
MAX_HEADERS = 128
NO_QUERY: Mapping[str, str] = {}
WRITTEN_WHOLE = 1 << 20
"""Bytes of a request that are handed to the socket at once; longer ones in pieces, so that other calls go on."""


class HttpTransport:
    """Connections to one server, over http or https; made and used in one event loop."""

    def __init__(self, base_url: str, headers: Mapping[str, str], query: Mapping[str, str] = NO_QUERY) -> None:
        """The proxy that the environment names for the address is used.

        Raises:
            ValueError: a header holds the end of a line, or the proxy is none for HTTP.
        """
        sent = {**headers, "Content-Type": "application/json"}
        if any(mark in f"{name}{value}" for name, value in sent.items() for mark in "\r\n"):
            raise ValueError("a header holds the end of a line; look at the key and at what the environment adds")
        self._root = str(URL(base_url).with_user(None)).rstrip("/")
        self._query = dict(query)
        self._proxy = proxy_for(base_url)
        is_tls = base_url.startswith("https://") or self._proxy.startswith("https://")
        # httpx2 takes the certificates of certifi or of SSL_CERT_FILE, as the `openai` library does.
        connector = aiohttp.TCPConnector(limit=0, ssl=httpx2.create_ssl_context() if is_tls else True)
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=sent,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            max_headers=MAX_HEADERS,
        )

    async def post(self, path: str, payload: bytes, deadline_s: float, heard: Heard | None = None) -> HttpResponse:
        """The answer to JSON text, whatever its status; TimeoutError where it is not complete by the deadline."""
        data = payload if len(payload) <= WRITTEN_WHOLE else io.BytesIO(payload)
        url, proxy = self._address(path), self._proxy or None
        try:
            async with (
                asyncio.timeout(deadline_s),
                self._session.post(url, data=data, allow_redirects=False, proxy=proxy) as response,
            ):
                headers = {name.lower(): value for name, value in response.headers.items()}
                if heard is not None and response.content_type == EVENTS:
                    body = await read_streamed(bounded(response), heard)
                else:
                    body = await read_body(response)
                return HttpResponse(status=response.status, headers=headers, body=body)
        except aiohttp.ClientConnectorError as error:
            raise ConnectionRefusedError(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise ConnectionError(f"{error or type(error).__name__}") from error

    async def get(self, path: str, deadline_s: float) -> HttpResponse:
        """The answer to a plain request, whatever its status; errors as in `post`."""
        try:
            async with (
                asyncio.timeout(deadline_s),
                self._session.get(self._address(path), allow_redirects=False, proxy=self._proxy or None) as response,
            ):
                headers = {name.lower(): value for name, value in response.headers.items()}
                return HttpResponse(status=response.status, headers=headers, body=await read_body(response))
        except (aiohttp.ClientError, ValueError) as error:
            raise ConnectionError(f"{error or type(error).__name__}") from error

    def _address(self, path: str) -> URL:
        url = URL(f"{self._root}{path}")
        return url.update_query(self._query) if self._query else url

    async def close(self) -> None:
        """Let all connections go."""
        await self._session.close()


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """All bytes of an answer; errors as of `bounded`."""
    return b"".join([piece async for piece in bounded(response)])


async def bounded(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The bytes of an answer as they come.

    Raises:
        ConnectionError: they are more than `MAX_BODY`; the connection is closed.
    """
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > MAX_BODY:
            response.close()
            raise ConnectionError(f"an answer of more than {MAX_BODY:,} bytes")
        yield piece


def proxy_for(base_url: str) -> str:
    """The address of the proxy that the environment names for a server; empty where there is none.

    Raises:
        ValueError: it is no proxy that speaks HTTP.
    """
    place = urlsplit(base_url)
    proxy = "" if proxy_bypass(place.hostname or "") else getproxies().get(place.scheme, "")
    if proxy and "://" not in proxy:
        return f"http://{proxy}"
    if proxy and not proxy.startswith(("http://", "https://")):
        kind = proxy.partition("://")[0]
        raise ValueError(
            f"the environment names a {kind} proxy for {place.scheme}; name one that speaks HTTP in "
            f"{place.scheme}_proxy, or the server's host in no_proxy"
        )
    return proxy
