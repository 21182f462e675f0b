"""A stand-in for the Hub on loopback: one repository in memory; files come as base64, weights as large files (LFS)."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class HubState:
    """What the server holds."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.created: list[dict[str, object]] = []
        self.commits: list[list[str]] = []
        self.fail: list[int] = []
        """Status of the next answers to commits."""
        self.infos: list[tuple[int, str]] = []
        """Status and error code of the next answers to questions about the repository."""
        self.down = ""
        """Part of the paths of what is not given: status 403."""
        self.large: dict[str, bytes] = {}
        """Uploaded large files by their SHA-256."""

    @property
    def revision(self) -> str:
        """Of what is there."""
        return sha1(f"{self.commits} {sorted(self.files.items())}".encode()).hexdigest()


class HubHandler(BaseHTTPRequestHandler):
    """Answers the part of the Hub's API that sending and fetching a data set needs."""

    protocol_version = "HTTP/1.1"
    state: HubState

    def answer(self, body: object, status: int = 200, **headers: str) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_POST(self) -> None:
        path, held = urlsplit(self.path).path, self.body()
        if path == "/api/repos/create":
            self.state.created.append(json.loads(held))
            self.answer({"url": f"http://{self.headers['Host']}/datasets/me/set", "id": "me/set"})
        elif path == "/api/validate-yaml":
            self.answer({"errors": [], "warnings": []})
        elif "/preupload/" in path:
            files = json.loads(held)["files"]
            self.answer({"files": [
                {"path": one["path"], "uploadMode": "lfs" if one["path"].endswith(".safetensors") else "regular",
                 "shouldIgnore": False, "oid": None} for one in files
            ]})  # fmt: skip
        elif path.endswith("/info/lfs/objects/batch"):
            place = f"http://{self.headers['Host']}/large"
            self.answer({"transfer": "basic", "objects": [
                {**one, "actions": {"upload": {"href": f"{place}/{one['oid']}"}}} for one in json.loads(held)["objects"]
            ]})  # fmt: skip
        elif "/commit/" in path:
            if self.state.fail:
                self.answer({"error": "later"}, self.state.fail.pop(0), Retry_After="0")
                return
            self.commit([json.loads(line) for line in held.splitlines()])
            self.answer({"success": True, "commitOid": self.state.revision, "commitUrl":
                         f"http://{self.headers['Host']}/datasets/me/set/commit/{self.state.revision}"})  # fmt: skip
        else:
            self.answer({"error": path}, 404)

    def do_PUT(self) -> None:
        held = self.body()
        self.state.large[sha256(held).hexdigest()] = held
        self.answer(b"")

    def commit(self, lines: list[dict[str, object]]) -> None:
        sent = [line["value"] for line in lines if line["key"] == "file"]
        for one in sent:
            self.state.files[one["path"]] = base64.b64decode(one["content"])
        large = [line["value"] for line in lines if line["key"] == "lfsFile"]
        for one in large:
            self.state.files[one["path"]] = self.state.large[one["oid"]]
        self.state.commits.append([one["path"] for one in (*sent, *large)])

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.state.down and self.state.down in path:
            self.answer(b"", 403)
        elif "/resolve/" in path:
            name = path.split("/resolve/", 1)[1].split("/", 1)[1]
            if name not in self.state.files:
                self.answer(b"", 404, X_Error_Code="EntryNotFound")
                return
            held = self.state.files[name]
            self.answer(held, ETag=f'"{sha1(held).hexdigest()}"', X_Repo_Commit=self.state.revision)
        elif "/tree/" in path:
            self.answer([{"type": "file", "path": name, "size": len(held), "oid": sha1(held).hexdigest()}
                         for name, held in self.state.files.items()])  # fmt: skip
        elif path.startswith(("/api/datasets/", "/api/models/")):
            status, code = self.state.infos.pop(0) if self.state.infos else (200, "")
            if status != 200 or code:
                self.answer(b"", status, X_Error_Code=code)
                return
            self.answer({"id": "me/set", "sha": self.state.revision, "private": True, "tags": [],
                         "siblings": [{"rfilename": name} for name in self.state.files]})  # fmt: skip
        else:
            self.answer({"name": "me", "type": "user", "orgs": []})

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def standing_in() -> Iterator[tuple[str, HubState]]:
    """Address and state of a running stand-in."""
    state = HubState()
    handler = type("Handler", (HubHandler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", state
        finally:
            server.shutdown()
            thread.join()
