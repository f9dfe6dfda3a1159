"""A small model that is served on this machine, for as long as the tests take."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from sppnet.detector import CONTEXT, Mining, Pooling, SPPNet, Training, View
from sppnet.proposals import SelectiveSearch
from sppnet.tools.serving.app import create_app
from sppnet.tools.serving.server import LOOPBACK, Server, listening
from sppnet.tools.serving.service import Limits, Service
from sppnet.tools.serving.turns import Turns
from tests.conftest import square_image

MAX_BYTES, MAX_PIXELS = 100_000, 200_000


@pytest.fixture(scope="session")
def model(pooled_name: str, squares: list[Any]) -> SPPNet:
    return SPPNet(
        ("red", "blue"),
        backbone=pooled_name,
        weights="random",
        pooling=Pooling(scales=(96,), views=(View((1, 2, 3)), *CONTEXT)),
        training=Training(mining=Mining(C=0.01, memory=50_000_000)),
        search=SelectiveSearch(limit=60),
    ).fit(squares, workers=0)


@pytest.fixture
def service(model: SPPNet) -> Service:
    return Service({"squares": model}, Limits(MAX_BYTES, MAX_PIXELS))


@contextmanager
def served(service: Service, turns: Callable[[], Turns] = lambda: Turns(16)) -> Iterator[httpx.Client]:
    """Serve on a free port, and give a client of it."""
    ours, ready = turns(), threading.Event()
    server = Server(create_app(service, ours, set(LOOPBACK)), ours, ready.set)
    bound = listening("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([bound],))
    thread.start()
    ready.wait(60)
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    try:
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def client(model: SPPNet) -> Iterator[httpx.Client]:
    with served(Service({"squares": model}, Limits(MAX_BYTES, MAX_PIXELS))) as client:
        yield client


def square_file(number: int = 99, form: str = "PNG") -> bytes:
    """Return the file of an image of squares."""
    return encoded(square_image(number)[0], form)


def encoded(image: Any, form: str = "PNG") -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(image)).save(file, form)
    return file.getvalue()
