"""Bodies are counted while they come, and forms give a file with a plain name."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from fastapi import Request
from starlette.types import Message

from sppnet.tools.serving.bodies import Upload, drained, read_body, uploaded
from sppnet.tools.serving.refusals import RefusedError

FORM = "multipart/form-data; boundary=b"


def request(chunks: Sequence[bytes | None], **headers: str) -> Request:
    """Return a request whose body comes in chunks; at None the client goes, and after the last chunk nothing comes."""
    messages: Iterator[Message] = iter(
        [
            {"type": "http.disconnect"}
            if chunk is None
            else {"type": "http.request", "body": chunk, "more_body": bool(chunk)}
            for chunk in chunks
        ]
    )

    async def receive() -> Message:
        message = next(messages, None)
        if message is None:
            await asyncio.sleep(60)
        assert message is not None
        return message

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw}, receive)


def form(name: str = "photo.png", content: str = "pixels", field: str = "image") -> bytes:
    return (
        f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        f"Content-Type: image/png\r\n\r\n{content}\r\n--b--\r\n"
    ).encode()


def refusal(given: Request, *, limit: int = 100, seconds: float = 5) -> int:
    with pytest.raises(RefusedError) as error:
        asyncio.run(read_body(given, limit, seconds))
    return error.value.status


def test_a_body_in_chunks_comes_together() -> None:
    assert asyncio.run(read_body(request([b"ab", b"c", b""]), 3)) == b"abc"


def test_a_body_that_is_declared_too_long_is_refused() -> None:
    assert refusal(request([b"ab", b""], content_length="101")) == 413


def test_a_body_of_no_declared_length_is_refused_where_it_becomes_too_long() -> None:
    assert refusal(request([b"x" * 60, b"x" * 60, b""])) == 413


def test_an_endless_body_is_not_read_to_its_end() -> None:
    read = []

    def chunks() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield b"x" * 50

    endless = chunks()

    async def receive() -> Message:
        return {"type": "http.request", "body": next(endless), "more_body": True}

    given = Request({"type": "http", "method": "POST", "headers": []}, receive)

    assert refusal(given) == 413
    assert len(read) <= 9


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    assert refusal(request([b"ab"]), seconds=0.05) == 408


def test_a_client_that_goes_is_no_error_of_ours() -> None:
    assert refusal(request([b"ab", None])) == 400


def test_what_is_not_wanted_is_dropped_whatever_it_is() -> None:
    asyncio.run(drained(request([b"x" * 500, None]), 100))


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", "IMAGE/PNG; q=1"])
def test_an_image_is_taken_as_it_is(kind: str) -> None:
    assert asyncio.run(uploaded(request([b"pixels", b""], content_type=kind), 100)) == Upload("image", b"pixels")


def test_a_form_gives_its_file_and_what_it_is_called() -> None:
    given = request([form(), b""], content_type=FORM)

    assert asyncio.run(uploaded(given, 1000)) == Upload("photo.png", b"pixels")


def test_of_several_files_the_first_is_taken_whatever_stands_before() -> None:
    text = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nvoc07\r\n'
    given = request([text + form().replace(b"--b--", form("other.png", "others").rstrip()), b""], content_type=FORM)

    assert asyncio.run(uploaded(given, 1000)) == Upload("photo.png", b"pixels")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\photos\\\\cat.jpg", "cat.jpg"),
        ("<img src=x>.png", "_img src=x_.png".replace("=", "_")),
        ("..", "image"),
        ("", "image"),
        ("a" * 300 + ".png", "a" * 96 + ".png"),
        ("Käse 1.png", "Käse 1.png"),
    ],
)
def test_names_have_no_folders_and_no_letters_that_control_anything(name: str, plain: str) -> None:
    given = request([form(name), b""], content_type=FORM)

    assert asyncio.run(uploaded(given, 1000)).name == plain


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"a=b", 415),
        ("multipart/form-data", form(), 422),
        ("multipart/form-data; boundary=other", form(), 422),
        (FORM, form()[:-30], 422),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\ntext\r\n--b--\r\n', 422),
    ],
)
def test_what_is_neither_image_nor_form_with_a_file_is_refused(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(RefusedError) as error:
        asyncio.run(uploaded(request([body, b""], content_type=kind), 1000))

    assert error.value.status == status
