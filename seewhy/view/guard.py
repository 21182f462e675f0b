"""What keeps the pages on this machine: a token, the host's name, a content security policy, and no other method."""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "seewhy-view"
"""What the name of the cookie begins with."""
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
HOSTS = {"127.0.0.1", "localhost", "::1"}


class Guard:
    """Lets a request through that names this machine and holds the token, in its link or in the cookie that it sets.

    A page of another site can reach a port of this machine, by another name too: it holds no token, and its origin and
    host are others.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 403 or 405."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        if refusal := self._refusal(request):
            response = PlainTextResponse(refusal, status_code=403, headers=HEADERS)
            await response(scope, receive, send)
        elif (given := request.query_params.get("token")) is not None:
            query = request.url.remove_query_params("token").query
            last = request.scope["raw_path"].rpartition(b"/")[2].decode("ascii")
            redirect = RedirectResponse(f"./{last}?{query}" if query else f"./{last}", 303, headers=HEADERS)
            redirect.set_cookie(cookie_of(self.token), given, httponly=True, samesite="strict")
            await redirect(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send))

    def _refusal(self, request: Request) -> str:
        if _host_of(request) not in HOSTS:
            return "This address is served under the name of this machine alone: 127.0.0.1 or localhost."
        given = request.query_params.get("token") or request.cookies.get(cookie_of(self.token)) or ""
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return "Open the link that `seewhy view` printed: it holds a token without which nothing is shown."
        if request.method == "POST" and not _is_own(request):
            return "A form of another page is not taken."
        return ""


def _host_of(request: Request) -> str:
    """The name under which a request asks, without the port; empty where it is none."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:  # brackets that do not close
        return ""


def cookie_of(token: str) -> str:
    """The name of the cookie: another one for each viewer, since cookies of a host are sent to all of its ports."""
    return f"{COOKIE}-{sha256(token.encode()).hexdigest()[:12]}"


def _is_own(request: Request) -> bool:
    """Whether a form was sent by one of our pages.

    Behind a proxy the origin is that of the proxy; a browser that says `Sec-Fetch-Site` (no script can) has compared.
    """
    site = request.headers.get("sec-fetch-site")
    return site == "same-origin" or (not site and request.headers.get("origin") == f"http://{request.headers['host']}")


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return sent
