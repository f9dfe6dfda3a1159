"""Runs the application until a signal ends it: what is computed then is finished and answered."""

import logging
import signal
import socket
from collections.abc import Callable
from ipaddress import ip_address
from types import FrameType

import uvicorn
from fastapi import FastAPI

from ..command.console import USAGE, CommandError
from .turns import Turns

MOST_CONNECTIONS = 256
logging.getLogger("python_multipart").setLevel(logging.ERROR)  # malformed forms are the client's affair
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Server(uvicorn.Server):
    """A server that, once a signal has come, takes no more work but finishes what it does.

    Args:
        app: What answers.
        turns: Whose turn it is.
        ready: Called when it takes requests.
    """

    def __init__(self, app: FastAPI, turns: Turns, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                limit_concurrency=MOST_CONNECTIONS,
                log_level="warning",
                server_header=False,
                ws="none",
            )
        )
        self._turns, self._ready = turns, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and tell of it."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Refuse from now on who waits and who comes; a second SIGINT ends at once."""
        self._turns.closed = True
        super().handle_exit(sig, frame)


def is_loopback(host: str) -> bool:
    """Return whether a name or address leads to this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to a name or address; port 0 takes a free one.

    Raises:
        CommandError: If it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends answers at once, without a wait of 40 ms for the client's acknowledgement, where TCP is named.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise CommandError(f"{host}:{port} cannot be listened on: {error.strerror or error}", USAGE) from None
    return bound


def run(server: Server, bound: socket.socket) -> None:
    """Serve on a bound socket until SIGINT or SIGTERM, then return."""
    # uvicorn raises the signal once more at its end, for whoever handled it before: nobody, so that the exit code is 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    server.run([bound])
