"""The HTTP interface: what a request may ask, and what is answered."""

import math
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from . import answers
from .bodies import Upload, drained, uploaded
from .downloads import Download
from .refusals import RefusedError
from .service import Service
from .turns import Turns

IMAGE = {
    "requestBody": {
        "required": True,
        "description": "An image: JPEG, PNG, BMP, WebP, TIFF, AVIF, or HEIC where its library is installed.",
        "content": {
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {"image": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    503: {"model": answers.Problem, "description": "Too busy; `Retry-After` says for how many seconds."},
    422: {"model": answers.Problem, "description": "The image or a parameter breaks a rule."},
    404: {"model": answers.Problem, "description": "There is no such model, or no such image any more."},
}
BODIES: dict[int | str, dict[str, Any]] = REFUSALS | {
    408: {"model": answers.Problem, "description": "The body came too slowly."},
    413: {"model": answers.Problem, "description": "The body is too long."},
    415: {"model": answers.Problem, "description": "The body is neither an image nor a form."},
}
FILES: dict[int | str, dict[str, Any]] = REFUSALS | {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}

Score = Annotated[float | None, Query(ge=0, le=1, description="Least score of a detection; by default the model's.")]
Classes = Annotated[list[str] | None, Query(alias="class", description="Only objects of these; may be repeated.")]
ModelName = Annotated[str | None, Query(description="One of `/models`; by default the first.")]
BoxText = Annotated[str, Query(description="A window: x1,y1,x2,y2 in pixels of the image.")]
ObjectNumber = Annotated[int | None, Query(alias="object", ge=0, description="Number of a detection, from 0.")]
Format = Literal["picture", "json", "jsonl", "csv", "coco", "yolo", "voc", "labelme", "voc-results"]
Result = TypeVar("Result")

router = APIRouter()


@router.get("/health", response_model=answers.Health)
async def health(request: Request) -> Any:
    """Tell that the server answers, and how busy it is."""
    turns = _turns(request)
    return {"status": "ok", "version": version("sppnet"), "requests": turns.taken, "places": turns.places}


@router.get("/models", response_model=list[answers.Model])
async def models(request: Request) -> Any:
    """List the models that are served."""
    return _service(request).described()


@router.post("/detect", responses=BODIES | {200: {"model": answers.Record}}, openapi_extra=IMAGE)
async def detect(
    request: Request, model: ModelName = None, confidence: Score = None, classes: Classes = None
) -> Response:
    """Find the objects in an image, as `sppnet detect` does."""
    service = _service(request)
    return await _of_upload(request, lambda upload: service.detect(upload, model, confidence, classes))


@router.post("/look", responses=BODIES | {200: {"model": answers.Seen}}, openapi_extra=IMAGE)
async def look(request: Request, model: ModelName = None) -> Response:
    """Find the objects in an image, and keep it for the questions below."""
    service = _service(request)
    return await _of_upload(request, lambda upload: service.look(upload, model))


@router.get("/look/{id_}/pyramid", responses=REFUSALS | {200: {"model": answers.Pyramid}})
async def pyramid(request: Request, id_: str, box: BoxText) -> Response:
    """Tell what is pooled for a window: its cells, its bins, and the vector of constant length."""
    corners = _corners(box)
    return JSONResponse(await _computed(request, lambda: _service(request).pyramid(id_, corners)))


@router.get("/look/{id_}/explain", responses=REFUSALS | {200: {"model": answers.Explanation}})
async def explain(request: Request, id_: str, number: ObjectNumber = None, box: BoxText | None = None) -> Response:
    """Tell why a detection, or any window, scored what it scored."""
    corners = None if box is None else _corners(box)
    return JSONResponse(await _computed(request, lambda: _service(request).explain(id_, number, corners)))


@router.post("/look/{id_}/rcnn", responses=REFUSALS | {200: {"model": answers.Baseline}})
async def rcnn(request: Request, id_: str) -> Response:
    """Let R-CNN see the same windows; this takes a hundred times as long, and nobody else is answered meanwhile."""
    return JSONResponse(await _computed(request, lambda: _service(request).rcnn(id_)))


@router.get("/look/{id_}/image", responses=FILES, response_class=Response)
async def image(request: Request, id_: str) -> Response:
    """Return the image as JPEG."""
    return _file(await _computed(request, lambda: _service(request).picture(id_)))


@router.get("/look/{id_}/files/{form}", responses=FILES, response_class=Response)
async def download(
    request: Request, id_: str, form: Format, confidence: Score = None, classes: Classes = None
) -> Response:
    """Return the picture with the boxes, or the objects in an output format; several files come as ZIP."""
    return _file(await _computed(request, lambda: _service(request).download(id_, form, confidence, classes)))


async def _of_upload(request: Request, work: Callable[[Upload], dict[str, Any]]) -> Response:
    """Answer with what is made of the image that a request brings."""
    turns = _turns(request)
    try:
        place = turns.place()
    except RefusedError:
        await drained(request, _service(request).limits.bytes)
        raise
    with place:
        upload = await uploaded(request, _service(request).limits.bytes)
        return JSONResponse(await turns.compute(lambda: work(upload), request.is_disconnected))


async def _computed(request: Request, work: Callable[[], Result]) -> Result:
    """Return what is computed for a request without a body."""
    turns = _turns(request)
    with turns.place():
        return await turns.compute(work, request.is_disconnected)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _turns(request: Request) -> Turns:
    turns: Turns = request.app.state.turns
    return turns


def _file(download: Download) -> Response:
    return Response(download.content, media_type=download.media_type, headers=download.headers)


def _corners(box: str) -> list[float]:
    """Return the four numbers of a window."""
    try:
        corners = [float(edge) for edge in box.split(",")]
    except ValueError:
        corners = []
    if len(corners) != 4 or not all(map(math.isfinite, corners)):
        raise RefusedError(422, f"box must be four finite numbers, x1,y1,x2,y2, not {box!r}")
    return corners
