"""The pages: a run, its questions, one question with all its chains, pairs, credit, curves and transitions."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import duckdb
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from seewhy.records.pictures import PictureError, as_png, check_picture, read_pixels
from seewhy.view import credited, drawn, measured, overview, paired, ranked, trained
from seewhy.view.contexts import Context, Looks
from seewhy.view.demo import LONGEST, Demo
from seewhy.view.filling import filled, in_place_of, root_of
from seewhy.view.forms import keep_form
from seewhy.view.guard import Guard
from seewhy.view.shelf import Shelf
from seewhy.view.tables import Tables

LONGEST_FORM = 100_000
SHOWN = {"PNG", "JPEG", "WEBP", "GIF", "BMP"}
"""Formats of pictures that browsers show."""
PROBLEMS = {404: "Not found", 405: "Not found", 500: "seewhy failed", 503: "Not readable", 507: "Not kept"}
"""Titles of the pages of problems, by status."""
REPLIES = Markup("<!-- replies -->")
"""Where a page is cut to let the replies of models in."""
ASSETS: Mapping[str, tuple[str, Sequence[str]]] = {
    "view.css": ("text/css", ("report/colours.css", "view/assets/view.css")),
    "view.js": ("text/javascript", ("view/assets/view.js", "view/assets/zoom.js", "view/assets/tokens.js")),
    "icon.svg": ("image/svg+xml", ("view/assets/icon.svg",)),
}
"""By name: the media type, and the files of the package whose text it is."""


Make = Callable[[Looks, str, QueryParams], Context]
OF_RUN: Mapping[str, Make] = {
    "scores": measured.scores, "agreement": measured.agreement, "transitions": measured.transitions,
}  # fmt: skip
"""Pages of a whole run, by the names of their templates."""
OF_UNIT: Mapping[str, Make] = {
    "questions": Looks.questions, "question": Looks.question, "pairs": paired.pairs, "credit": credited.credit,
    "rows": Looks.rows, "groups": ranked.groups, "curves": measured.curves, "training": trained.training,
    "rollouts": trained.rollouts, "sample": drawn.sample,
}  # fmt: skip
"""Pages of a unit of rows or of a training."""


def application(roots: Sequence[Path], token: str = "", demo: Demo | None = None) -> tuple[ASGIApp, str]:
    """The application over runs, and the token that its links need; with `demo` a page that asks models.

    Raises:
        ValueError: a directory is no run with rows.
    """
    pages = Viewer([Shelf(root) for root in roots], demo)
    run = "/run/{run:int}"
    routes = [
        Route("/", pages.runs),
        Route("/assets/{name}", asset),
        Route(run, pages.shown("run", overview.run)),
        *(Route(f"{run}/{name}", pages.shown(name, make)) for name, make in OF_RUN.items()),
        *(Route(f"{run}/{name}/{{ref:path}}", pages.shown(name, make)) for name, make in OF_UNIT.items()),
        Route(f"{run}/picture/{{sha256}}", pages.picture),
        Route(f"{run}/annotate/{{ref:path}}", pages.annotate, methods=["POST"]),
        *([Route("/ask", pages.ask, methods=["GET", "POST"]), Route("/ask/{name}", pages.asked)] if demo else []),
    ]
    token = token or secrets.token_urlsafe(24)
    problems: Mapping[Any, Any] = {HTTPException: pages.problem, Exception: pages.failure}
    return Guard(Starlette(routes=routes, exception_handlers=problems), token), token


class Viewer:
    """Answers requests; what a page shows is put together by `Looks`."""

    def __init__(self, shelves: Sequence[Shelf], demo: Demo | None = None) -> None:
        self.shelves = shelves
        self.demo = demo
        self.looks = [Looks(shelf, Tables()) for shelf in shelves]
        for one in self.looks:
            one.all = self.looks

    async def runs(self, request: Request) -> Response:
        """The list of runs; the run itself where there is one."""
        if len(self.shelves) == 1:
            return RedirectResponse("./run/0", 303)
        if self.demo and not self.shelves:
            return RedirectResponse("./ask", 303)
        return self._page(request, "runs", {"runs": list(enumerate(self.shelves)), "number": None, "title": "Runs"})

    def _page(self, request: Request, name: str, context: Context) -> HTMLResponse:
        return HTMLResponse(self._filled(request, name, context))

    def _filled(self, request: Request, name: str, context: Context) -> str:
        return filled(name, {**context, "asks": self.demo is not None, "root": root_of(request)})

    async def ask(self, request: Request) -> Response:
        """The form that asks models; sent, the same page with their replies as they come."""
        demo = self.demo
        assert demo is not None, "the route is there with a demo alone"
        form = {"title": "Ask", "number": None, "names": demo.names, "mark": REPLIES}
        if request.method == "GET":
            return self._page(request, "ask", {**form, **demo.form(None)})
        body = await body_of(request, LONGEST)
        asked = await run_in_threadpool(attempt, demo.asked, request.headers.get("content-type", ""), body)
        question = await run_in_threadpool(attempt, demo.question, asked)
        head, _, tail = self._filled(request, "ask", {**form, **demo.form(asked)}).partition(REPLIES)

        async def pieces() -> AsyncIterator[str]:
            yield head
            async for piece in demo.pieces(asked, question):
                yield str(piece)
            yield tail

        return StreamingResponse(pieces(), media_type="text/html")

    def shown(self, name: str, make: Make) -> Any:  # noqa: ANN401
        """The endpoint of a page: its context is made in a thread, for it reads files."""

        async def endpoint(request: Request) -> Response:
            number = int(request.path_params["run"])
            looks, ref = self._looks(number), request.path_params.get("ref", "")
            await run_in_threadpool(attempt, self.shelves[number].look_again)
            context = await run_in_threadpool(attempt, make, looks, ref, request.query_params)
            return self._page(request, name, {**context, "number": number, "run": self.shelves[number].name})

        return endpoint

    async def picture(self, request: Request) -> Response:
        """A picture of the run by the hash of its bytes, where a question of the run names it."""
        looks = self._looks(int(request.path_params["run"]))
        path = await run_in_threadpool(looks.picture, str(request.path_params["sha256"]))
        if path is None:
            raise HTTPException(404, "No question on the pages shown names such a picture.")
        return await self._shown_picture(path)

    async def asked(self, request: Request) -> Response:
        """A picture that models were asked about, by the hash of its bytes."""
        path = self.demo.kept(str(request.path_params["name"])) if self.demo else None
        if path is None:
            raise HTTPException(404, "No model was asked about such a picture.")
        return await self._shown_picture(path)

    async def _shown_picture(self, path: Path) -> Response:
        """A file as a picture that browsers show; in its place its path and the reason where it is none."""
        try:
            kind = await run_in_threadpool(check_picture, path)
        except (PictureError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else ""
            return Response(in_place_of(path, why or str(error)), media_type="image/svg+xml")
        if kind not in SHOWN:
            return Response(await run_in_threadpool(png_of, path), media_type="image/png")
        return FileResponse(path, media_type=f"image/{kind.lower()}")

    async def annotate(self, request: Request) -> Response:
        """Keep what a person says, and go on from there."""
        number, ref = int(request.path_params["run"]), str(request.path_params["ref"])
        form = parse_qs((await body_of(request)).decode("utf-8", "replace"), keep_blank_values=True)
        path = await run_in_threadpool(attempt, keep_form, self._looks(number), ref, form)
        return RedirectResponse(f"{root_of(request)}run/{number}/{path}", 303)

    async def problem(self, request: Request, error: HTTPException) -> Response:
        """The page of a link or a form that cannot be answered, with the reason and the way back."""
        given = request.path_params.get("run")
        number = given if isinstance(given, int) and given < len(self.shelves) else None
        name = self.shelves[number].name if number is not None else ""
        title = PROBLEMS.get(error.status_code, "This was not done")
        page = self._filled(request, "problem", {"title": title, "why": error.detail, "number": number, "run": name})
        return HTMLResponse(page, error.status_code, error.headers)

    async def failure(self, request: Request, error: Exception) -> Response:
        """The page of an error of the program, which the terminal shows with its trace."""
        why = f"{type(error).__name__}: {error}. The terminal of `seewhy view` shows where; please report it."
        return await self.problem(request, HTTPException(500, why))

    def _looks(self, number: int) -> Looks:
        if number >= len(self.looks):
            raise HTTPException(404, "There is no such run.")
        return self.looks[number]


def attempt(make: Any, *values: object) -> Any:  # noqa: ANN401
    """What a function gives; what a link names wrongly is an answer with its words, not a trace."""
    try:
        return make(*values)
    except LookupError as error:
        raise HTTPException(404, f"There is no {error.args[0] if error.args else 'such page'}.") from error
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    except duckdb.Error as error:
        raise HTTPException(
            503, f"The rows cannot be read: {error}. Load the page again, or look at the file."
        ) from error
    except OSError as error:
        raise HTTPException(507, f"This could not be kept: {error}. Nothing was changed.") from error


def png_of(path: Path) -> bytes:
    """A picture of a format that browsers do not show, as one that they do."""
    return as_png(read_pixels(path))


async def body_of(request: Request, most: int = LONGEST_FORM) -> bytes:
    """The body of a request, up to `most` bytes."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(
                413, f"The form has more than {most:,} bytes: choose a smaller picture or shorter texts."
            )
    return body


async def asset(request: Request) -> Response:
    """Style sheet, script and icon, which the package holds."""
    name = str(request.path_params["name"])
    if name not in ASSETS:
        raise HTTPException(404, "There is no such file.")
    kind, sources = ASSETS[name]
    return Response("".join((files("seewhy") / path).read_text(encoding="utf-8") for path in sources), media_type=kind)
