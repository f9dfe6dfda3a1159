"""The application: the interface, the files of the page, and what guards both."""

from collections.abc import Collection
from functools import partial
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response

from . import refusals
from .guard import Guard
from .routes import router
from .service import Service
from .turns import Turns

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def create_app(service: Service, turns: Turns, hosts: Collection[str] | None) -> FastAPI:
    """Return the application.

    Args:
        service: What it computes.
        turns: When it computes.
        hosts: The names by which it may be called; see `Guard`.
    """
    app = FastAPI(
        title="sppnet serve",
        version=version("sppnet"),
        description="Objects in images. Whatever is refused is answered with `error`, one line that says why.",
        docs_url=None,  # it would load its scripts from elsewhere
        redoc_url=None,
    )
    app.state.service, app.state.turns = service, turns
    app.include_router(router)
    for file in sorted(PAGE.iterdir()):
        content = file.read_bytes()
        answer = partial(_file, content, f"{TYPES[file.suffix]}; charset=utf-8")
        path = "/" if file.name == "index.html" else f"/{file.name}"
        app.add_route(path, answer, methods=["GET"], include_in_schema=False)
    refusals.install(app)
    app.add_middleware(Guard, hosts=hosts)
    return app


async def _file(content: bytes, media_type: str, _request: object) -> Response:
    return Response(content, media_type=media_type)
