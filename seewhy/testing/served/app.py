"""The served oracle's paths: chat completions, models, batches with their files, and its bill."""

import os
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seewhy.testing.served.asked import UnfitError, read_body
from seewhy.testing.served.batches import Batches
from seewhy.testing.served.chat_handler import MODEL, ChatHandler, failure
from seewhy.testing.served.parts import read_upload

Handler = Callable[[Request], Awaitable[Response]]


def app_of(handler: ChatHandler, batches: Batches) -> Starlette:
    """The application of a chat handler and its batches.

    Raises:
        ValueError: the variable that is to hold the key is not set.
    """
    paths = [*_chat_paths(handler), *_file_paths(batches), *_batch_paths(batches)]
    wanted = _key(handler.plan.key_env)
    routes = [Route(path, _guarded(respond, wanted), methods=[verb]) for verb, path, respond in paths]

    async def refuse(_: Request, error: Exception) -> Response:
        return failure(400, str(error), "invalid_request_error")

    async def miss(_: Request, error: Exception) -> Response:
        return failure(404, str(error), "invalid_request_error")

    return Starlette(routes=routes, exception_handlers={UnfitError: refuse, LookupError: miss})


def _key(name: str) -> str:
    if name and not os.environ.get(name):
        raise ValueError(f"the environment variable {name} holds no key: set it, or leave --served.key-env away")
    return os.environ[name] if name else ""


def _guarded(handler: Handler, wanted: str) -> Handler:
    async def guarded(request: Request) -> Response:
        if wanted and request.headers.get("authorization") != f"Bearer {wanted}":
            return failure(401, "Incorrect API key provided.", "invalid_request_error")
        return await handler(request)

    return guarded


def _chat_paths(handler: ChatHandler) -> list[tuple[str, str, Handler]]:
    async def chat(request: Request) -> Response:
        return handler.respond(read_body(await request.body()))

    async def models(_: Request) -> Response:
        names = dict.fromkeys((MODEL, handler.name))
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "seewhy"} for name in names]
        return JSONResponse({"object": "list", "data": rows})

    async def bill(_: Request) -> Response:
        return JSONResponse(handler.bill.summary())

    return [("POST", "/v1/chat/completions", chat), ("GET", "/v1/models", models), ("GET", "/bill", bill)]


def _file_paths(batches: Batches) -> list[tuple[str, str, Handler]]:
    async def upload(request: Request) -> Response:
        parts = read_upload(await request.body(), request.headers.get("content-type", ""))
        return JSONResponse(batches.shelf.keep(parts.content, parts.filename, parts.purpose))

    async def tell(request: Request) -> Response:
        return JSONResponse(batches.shelf.tell(request.path_params["file"]))

    async def content(request: Request) -> Response:
        return Response(batches.shelf.content(request.path_params["file"]), media_type="application/jsonl")

    return [
        ("POST", "/v1/files", upload),
        ("GET", "/v1/files/{file}", tell),
        ("GET", "/v1/files/{file}/content", content),
    ]


def _batch_paths(batches: Batches) -> list[tuple[str, str, Handler]]:
    async def submit(request: Request) -> Response:
        return JSONResponse(batches.submit(await request.body()))

    async def tell(request: Request) -> Response:
        return JSONResponse(batches.tell(request.path_params["batch"]))

    async def cancel(request: Request) -> Response:
        return JSONResponse(batches.cancel(request.path_params["batch"]))

    async def every(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": batches.every(), "has_more": False})

    return [
        ("POST", "/v1/batches", submit),
        ("GET", "/v1/batches", every),
        ("GET", "/v1/batches/{batch}", tell),
        ("POST", "/v1/batches/{batch}/cancel", cancel),
    ]
