"""Requests that are not answered as was hoped: a status of HTTP and one line, never a traceback or a path."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sppnet.data import DataError
from sppnet.detector import InputError

LONGEST = 300  # characters of a message


class RefusedError(Exception):
    """A request that is refused: the status says why, the message names the rule and the value."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


def busy(reason: str) -> RefusedError:
    """Return the refusal of what the server has no time for now."""
    return RefusedError(503, f"{reason}; try again in a few seconds", **{"Retry-After": "5"})


def answer(status: int, message: str, headers: Any = None) -> JSONResponse:
    """Return a message as all refusals are answered: `{"error": MESSAGE}`."""
    line = " ".join(message.split())
    line = line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."
    return JSONResponse({"error": line}, status, headers=headers)


def install(app: FastAPI) -> None:
    """Let an application answer every error so."""

    @app.exception_handler(RefusedError)
    async def refused(_request: Request, error: RefusedError) -> JSONResponse:
        return answer(error.status, str(error), error.headers)

    @app.exception_handler(HTTPException)
    async def failed(_request: Request, error: HTTPException) -> JSONResponse:
        return answer(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return answer(422, f"{first['loc'][-1]}: {first['msg']}, not {first.get('input')!r}")

    @app.exception_handler(DataError)
    @app.exception_handler(InputError)
    async def wrong(_request: Request, error: ValueError) -> JSONResponse:
        return answer(422, str(error))

    @app.exception_handler(Exception)
    async def unforeseen(_request: Request, _error: Exception) -> JSONResponse:
        return answer(500, "internal error; the terminal of the server shows it")
