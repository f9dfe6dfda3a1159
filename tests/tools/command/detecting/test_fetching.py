"""Tests of images from the web, against servers on this machine that behave well, badly or not at all."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sppnet.data import DataError
from sppnet.tools.command.detecting.fetching import fetch, is_address

CONTENT = bytes(range(256)) * 40


class Server(BaseHTTPRequestHandler):
    """Answers /good, and what its name says of everything else."""

    def do_GET(self) -> None:
        """Answer."""
        if self.path == "/missing":
            return self.send_error(404)
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good")
        elif self.path == "/file":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT) + (self.path == "/short")))
        self.end_headers()
        if self.path == "/slow":
            for byte in CONTENT:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.01)
        elif self.path in ("/good", "/short", "/a%20%C3%A9?b=c%20"):
            self.wfile.write(CONTENT)
        return None

    def handle(self) -> None:
        """Answer, and let a client that goes away go."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.daemon_threads, running.block_on_close = True, False
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("path", ["/good", "/moved", "/a é?b=c%20"])
def test_what_is_behind_an_address_is_returned(server: str, path: str) -> None:
    assert fetch(server + path) == CONTENT


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/missing", "Not Found"), ("/short", "1 bytes early"), ("/file", "not allowed"), ("/slow", "longer than 0.3 s")],
)
def test_what_cannot_be_had_is_one_error_that_begins_with_the_address(server: str, path: str, reason: str) -> None:
    started = time.monotonic()
    with pytest.raises(DataError, match=f"^{server}{path}: cannot be had: .*{reason}"):
        fetch(server + path, seconds=0.3)
    assert time.monotonic() - started < 2


def test_more_bytes_than_the_limit_are_not_read(server: str) -> None:
    with pytest.raises(DataError, match="has more than 1,000 bytes"):
        fetch(f"{server}/good", max_bytes=1000)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ftp://example.org/a.jpg", "http:// or https://"),
        ("http://127.0.0.1:1/a.jpg", "refused"),
        ("http://[", "Invalid"),
    ],
)
def test_addresses_that_lead_nowhere_are_errors(address: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        fetch(address)


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.tools.command.detecting.fetching._read", lambda *_args: time.sleep(5))

    with pytest.raises(DataError, match=r"took longer than 0\.1 s"):
        fetch("http://example.org/a.jpg", seconds=0.1)


def test_addresses_are_told_from_paths() -> None:
    words = ["https://a.org/b.jpg", "FTP://a", "photos/a.jpg", "C:/a.jpg", "://a", "a b://c", "3d://a"]

    assert [is_address(word) for word in words] == [True, True, False, False, False, False, False]
