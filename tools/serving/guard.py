"""What holds for every request and every answer: whose page may ask, and what a browser may do with the answer."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .refusals import answer

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses requests that a foreign page makes a browser send, and gives every answer its security headers.

    Args:
        app: What answers the rest.
        hosts: The names by which the server may be called: a page whose own name was made to lead here (DNS rebinding)
            is refused. None for a server that others may reach, under names that it does not know.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        app = self._app
        if self._hosts is not None and _name(host) not in self._hosts:
            app = answer(421, f"the server does not go by the name {host!r}")
        elif origin is not None and _netloc(origin) != host.lower():
            app = answer(403, f"a page of {origin!r} may not use this server")
        await app(scope, receive, send_guarded)


def _netloc(address: str) -> str | None:
    """Return host and port of an address, None if it has none."""
    try:
        return urlsplit(address).netloc.lower() or None
    except ValueError:
        return None


def _name(host: str) -> str | None:
    """Return the name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
