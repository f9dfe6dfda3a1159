"""Foreign pages may not use the server, and every answer tells the browser what it may do."""

import httpx
import pytest

HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::1", "1.2.3.4", "a b"]


@pytest.mark.parametrize("host", HOSTS)
def test_names_that_others_may_lead_here_are_refused(client: httpx.Client, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8765"])
def test_the_names_of_this_machine_are_taken(client: httpx.Client, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://[", ""])
def test_requests_of_foreign_pages_are_refused(client: httpx.Client, origin: str) -> None:
    answer = client.post("/detect", content=b"x", headers={"Origin": origin, "Content-Type": "image/png"})

    assert (answer.status_code, list(answer.json())) == (403, ["error"])


def test_requests_of_our_own_page_are_answered(client: httpx.Client) -> None:
    assert client.get("/health", headers={"Origin": str(client.base_url).rstrip("/")}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/health", "/there-is-none", "/main.js"])
def test_every_answer_has_its_security_headers_and_none_allows_other_pages(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["content-security-policy"].startswith("default-src 'self'; img-src 'self' blob: data:;")
    assert (headers["x-content-type-options"], headers["cross-origin-resource-policy"]) == ("nosniff", "same-origin")
    assert not [name for name in headers if name.startswith("access-control")] and "server" not in headers
