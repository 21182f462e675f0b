"""The viewer behind a proxy that puts a prefix before its paths, and beside another viewer of the same machine."""

import re
from urllib.parse import urljoin

import pytest
from looked_at import TOKEN, write_run
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from seewhy.records.shards import read_rows
from seewhy.records.types import Verdict
from seewhy.view.application import application
from seewhy.view.guard import cookie_of


def proxied(root, prefix="/user/me/proxy/7777"):
    """A client of a proxy that puts a prefix before all paths, under its own name, and asks as 127.0.0.1."""
    app, _ = application([root], TOKEN)

    async def strip(scope, receive, send):
        path = scope["raw_path"].removeprefix(prefix.encode())
        headers = [(name, b"127.0.0.1:7777" if name == b"host" else value) for name, value in scope["headers"]]
        inner = {**scope, "root_path": "", "path": scope["path"].removeprefix(prefix), "raw_path": path}
        await app({**inner, "headers": headers}, receive, send)

    return TestClient(Starlette(routes=[Mount(prefix, app=strip)]), base_url=f"https://hub.example{prefix}")


@pytest.mark.nightly
def test_every_address_holds_behind_a_prefix_of_a_proxy(tmp_path):
    client = proxied(write_run(tmp_path / "run"))
    client.cookies.set(cookie_of(TOKEN), TOKEN)
    start = client.get("/")
    base = str(client.base_url)
    assert str(start.url) == f"{base}run/0"
    seen, ahead = set[str](), [str(start.url)]
    while ahead:
        page = client.get(ahead.pop())
        assert page.status_code == 200, page.url
        if "text/html" not in page.headers["content-type"]:
            continue
        found = re.findall(r'(?:href|src|action)="([^"#]+)', page.text)
        links = {urljoin(str(page.url), one.replace("&amp;", "&")) for one in found if "annotate" not in one}
        assert all(one.startswith(base) for one in links), page.url
        ahead += sorted(links - seen)
        seen |= links
    assert {one.removeprefix(base).split("/")[0] for one in seen} == {"", "assets", "run"}


def test_the_link_and_a_mark_hold_behind_a_proxy_and_other_sites_are_refused(tmp_path):
    root = write_run(tmp_path / "run")
    client = proxied(root)
    linked = client.get(f"run/0?token={TOKEN}", follow_redirects=False)
    assert urljoin(str(linked.url), linked.headers["location"]) == f"{client.base_url}run/0"
    client.cookies.set(cookie_of(TOKEN), TOKEN)
    form = {"question": "q/1", "index": "1", "style": "reason", "questions": "questions", "verdict": "wrong"}
    origin = {"Origin": "https://hub.example"}
    for site, status in (("cross-site", 403), ("same-site", 403), (None, 403), ("same-origin", 200)):
        headers = {**origin, **({"Sec-Fetch-Site": site} if site else {})}
        assert client.post("run/0/annotate/chains", data=form, headers=headers).status_code == status, site
    assert len(list(read_rows(root / "annotations" / "chains", Verdict))) == 1


def test_two_viewers_of_one_machine_keep_their_own_cookies(tmp_path):
    """Cookies of 127.0.0.1 are sent to every port of it."""
    run = write_run(tmp_path / "run")
    clients = TestClient(application([run], "one")[0], base_url="http://127.0.0.1")
    clients.get("/?token=one")
    other = TestClient(application([run], "two")[0], base_url="http://127.0.0.1", cookies=clients.cookies)
    other.get("/?token=two")
    clients.cookies = other.cookies
    assert [one.get("/run/0").status_code for one in (clients, other)] == [200, 200]
