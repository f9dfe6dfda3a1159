"""The interface over a real connection: its limits, bodies of every kind of wrong, and that it is as documented."""

import itertools
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from sppnet.data import WRITERS
from sppnet.detector import SPPNet
from sppnet.tools.serving import answers
from sppnet.tools.serving.service import Service
from sppnet.tools.serving.turns import Turns
from tests.tools.serving.conftest import MAX_BYTES, encoded, served, square_file

PNG, JPEG = {"Content-Type": "image/png"}, {"Content-Type": "image/jpeg"}
FUZZED = 1000
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def seen(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/look", files={"image": ("<b>x.png", square_file())}).json()
    return answer


def test_raw_bytes_and_a_form_are_answered_alike(client: httpx.Client) -> None:
    raw = client.post("/detect?confidence=0.1", content=square_file(), headers=PNG).json()
    form = client.post("/detect?confidence=0.1", files={"image": ("a/b.png", square_file())}).json()

    assert raw["detections"] == form["detections"] != []
    assert (raw["image"], form["image"]) == ("image", "b.png")


def test_the_answers_are_those_that_are_documented(client: httpx.Client, seen: dict[str, Any]) -> None:
    kept = f"/look/{seen['id']}"
    box = ",".join(map(str, seen["windows"][0]))

    answers.Record.model_validate(client.post("/detect", content=square_file(), headers=PNG).json())
    answers.Seen.model_validate(seen)
    answers.Pyramid.model_validate(client.get(f"{kept}/pyramid?box={box}").json())
    answers.Explanation.model_validate(client.get(f"{kept}/explain?object=0").json())
    answers.Explanation.model_validate(client.get(f"{kept}/explain?box={box}").json())
    answers.Baseline.model_validate(client.post(f"{kept}/rcnn").json())
    answers.Health.model_validate(client.get("/health").json())
    assert [answers.Model.model_validate(model).name for model in client.get("/models").json()] == ["squares"]


def test_the_interface_describes_itself(client: httpx.Client) -> None:
    description = client.get("/openapi.json").json()

    assert description["openapi"].startswith("3.1")
    assert set(description["paths"]) >= {"/detect", "/models", "/health", "/look", "/look/{id_}/pyramid"}
    detect = description["paths"]["/detect"]["post"]
    assert set(detect["requestBody"]["content"]) >= {"image/*", "multipart/form-data"}
    assert set(detect["responses"]) >= {"200", "408", "413", "415", "422", "503"}


@pytest.mark.parametrize("form", ["picture", *WRITERS])
def test_every_format_can_be_kept(client: httpx.Client, seen: dict[str, Any], form: str) -> None:
    answer = client.get(f"/look/{seen['id']}/files/{form}?confidence=0.3&class=red")

    assert answer.status_code == 200 and answer.content
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")


def test_what_is_kept_is_what_was_chosen(client: httpx.Client, seen: dict[str, Any]) -> None:
    record = client.get(f"/look/{seen['id']}/files/json?confidence=0.3&class=red").json()

    wanted = [found for found in seen["detections"] if found["score"] >= 0.3 and found["label"] == "red"]
    assert record["detections"] == wanted


def test_the_image_comes_back_for_browsers_that_cannot_read_it(client: httpx.Client, seen: dict[str, Any]) -> None:
    answer = client.get(f"/look/{seen['id']}/image")

    assert (answer.headers["content-type"], answer.content[:2]) == ("image/jpeg", b"\xff\xd8")


@pytest.mark.parametrize("query", ["box=0,0,10,10&object=0", "", "object=999", "box=500,500,600,600", "box=9,9,1,1"])
def test_questions_that_break_a_rule_are_answered_with_it(
    client: httpx.Client, seen: dict[str, Any], query: str
) -> None:
    answer = client.get(f"/look/{seen['id']}/explain?{query}")

    assert (answer.status_code, list(answer.json())) == (422, ["error"])


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_too_long_is_413_whether_or_not_its_length_is_declared(client: httpx.Client, declared: bool) -> None:
    long = b"x" * (MAX_BYTES + 1)

    answer = client.post("/detect", content=long if declared else iter([long]), headers=PNG)

    assert (answer.status_code, answer.json()) == (413, {"error": "the body must have at most 100,000 bytes"})


def test_an_image_of_too_many_pixels_is_422(client: httpx.Client) -> None:
    answer = client.post("/detect", content=encoded(np.zeros((500, 500), np.uint8)), headers=PNG)

    assert answer.status_code == 422
    assert "500 x 500 pixels, the limits are 200000 pixels" in answer.json()["error"]


def test_a_body_that_is_no_image_is_415(client: httpx.Client) -> None:
    assert client.post("/detect", json={"url": "http://example.org/photo.jpg"}).status_code == 415


def test_who_finds_no_place_is_503_at_once_and_the_others_are_answered(
    model: SPPNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, going = threading.Event(), threading.Event()

    def slow(*_arguments: object) -> dict[str, Any]:
        going.set()
        given.wait(30)
        return {}

    monkeypatch.setattr(Service, "detect", slow)
    with served(Service({"squares": model}), lambda: Turns(1)) as client, ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(client.post, "/detect", content=b"x", headers=PNG) for _ in range(2)]
        going.wait(30)
        while client.get("/health").json()["requests"] < 2:
            time.sleep(0.01)
        refused = client.post("/detect", content=b"x" * 1000, headers=PNG)
        given.set()

        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert [answer.result().status_code for answer in answers] == [200, 200]


def malformed(seed: int) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    """Yield bodies that are wrong in every way, with their headers."""
    rng = random.Random(seed)
    files = [square_file(form=form)[:2000] for form in ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF")]
    kinds = [
        "image/png",
        "image/jpeg",
        "application/octet-stream",
        "application/json",
        "multipart/form-data",
        "",
        "\xff",
    ]
    for number in itertools.count():
        body = bytearray(rng.choice(files)[: rng.choice([0, 1, 8, 40, 2000])])
        for _ in range(rng.randrange(12)):
            if body:
                body[rng.randrange(len(body))] = rng.randrange(256)
        kind = kinds[number % len(kinds)]
        if kind == "multipart/form-data":
            head = rng.choice(['name="image"; filename="x.png"', 'filename="', "name=image; filename*=x", "", "name"])
            body = bytearray(b"--b\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + body)
            body += rng.choice([b"\r\n--b--\r\n", b"\r\n--b", b"", b"\r\n--b\r\n\r\n"])
            kind += rng.choice(["; boundary=b", "; boundary=", "", ';boundary="', "; boundary=" + "b" * 100])
        yield bytes(body), {b"Content-Type": kind.encode("latin-1")}


def test_a_thousand_malformed_bodies_are_no_error_of_ours(client: httpx.Client) -> None:
    bodies = itertools.islice(malformed(0), FUZZED)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: client.post("/detect", content=body[0], headers=body[1]), bodies))

    wrong = [answer.status_code for answer in answers if answer.status_code >= 500]
    lines = [json.loads(answer.text)["error"] for answer in answers if answer.status_code != 200]
    assert (wrong, len(answers)) == ([], FUZZED)
    assert len(lines) > 0.9 * FUZZED and not [
        line for line in lines if "\n" in line or str(ROOT) in line or "Trace" in line
    ]
    assert client.post("/detect", content=square_file(), headers=PNG).status_code == 200
