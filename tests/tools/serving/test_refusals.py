"""Every error is one line of JSON, without a traceback and without a path."""

import httpx
import pytest

from sppnet.detector import SPPNet
from sppnet.tools.serving.service import Service
from tests.tools.serving.conftest import served, square_file


def test_an_error_of_ours_is_not_told_to_the_client(
    model: SPPNet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("in /home/someone/secret.py")

    monkeypatch.setattr(Service, "detect", fail)

    with served(Service({"squares": model})) as client:
        answer = client.post("/detect", content=square_file(), headers={"Content-Type": "image/png"})

    assert answer.status_code == 500
    assert answer.json() == {"error": "internal error; the terminal of the server shows it"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/there-is-none", 404),
        ("/../app.py", 404),
        ("/%2e%2e/app.py", 404),
        ("/page/index.html", 404),
        ("/detect", 405),
        ("/docs", 404),
        ("/look/none/pyramid?box=1,2,3,4", 404),
        ("/look/none/pyramid", 422),
        ("/look/none/pyramid?box=1,2,3", 422),
        ("/look/none/pyramid?box=1,2,3,nan", 422),
        ("/look/none/explain?object=x", 422),
        ("/look/none/explain?object=-1", 422),
        ("/look/none/files/exe", 422),
        ("/look/none/files/json?confidence=2", 422),
        ("/look/none/image", 404),
    ],
)
def test_what_is_not_there_or_breaks_a_rule_has_its_status(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)

    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert "\n" not in answer.json()["error"] and len(answer.json()["error"]) <= 300
