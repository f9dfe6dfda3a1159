"""Tests of `sppnet serve` as a process: what it says, and how it ends."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from sppnet.tools import serve
from sppnet.tools.cli import cli
from tests.tools.serving.conftest import square_file


def failed(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the last line of a call that does not serve."""
    result = CliRunner().invoke(cli, ["serve", *arguments])
    return result.exit_code, result.stderr.splitlines()[-1]


def test_without_the_extra_the_line_for_pip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "uvicorn" else find_spec(name))

    assert failed() == (2, "error: serve needs uvicorn: pip install 'sppnet[serve]'")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        code, message = failed("-m", "voc07-small", "--port", str(port))

    assert (code, message) == (2, f"error: 127.0.0.1:{port} cannot be listened on: Address already in use")


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    code, message = failed("-m", str(tmp_path))

    assert code == 4 and str(tmp_path) in message


@pytest.fixture
def process() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server, and its address."""
    call = [sys.executable, "-m", "sppnet", "serve", "-m", "voc07-small", "--port", "0"]
    with subprocess.Popen(call, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        lines = iter(running.stderr.readline, "")
        address = next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
        yield running, address
        running.kill()


def test_a_signal_lets_it_finish_what_it_computes_and_end_with_0(
    process: tuple["subprocess.Popen[str]", str],
) -> None:
    running, address = process
    statuses: list[int] = []

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=120) as client:
            headers = {"Content-Type": "image/png"}
            statuses.append(client.post(f"{address}/detect", content=square_file(), headers=headers).status_code)

    with httpx.Client(trust_env=False, timeout=120) as client:
        thread = threading.Thread(target=ask)
        thread.start()
        while client.get(f"{address}/health").json()["requests"] == 0 and thread.is_alive():
            pass
        running.send_signal(signal.SIGTERM)
        thread.join()

    assert running.wait(120) == 0
    assert statuses == [200]
