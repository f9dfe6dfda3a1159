"""Where the server listens."""

import socket

import pytest

from sppnet.tools.command.console import CommandError
from sppnet.tools.serving.server import is_loopback, listening


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_addresses_of_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", "localhost.example.org"])
def test_addresses_that_others_reach(host: str) -> None:
    assert not is_loopback(host)


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(CommandError, match="cannot be listened on"):
        listening("256.1.1.1", 0)


def test_answers_do_not_wait_for_the_clients_acknowledgement() -> None:
    with listening("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP  # by which asyncio switches Nagle's algorithm off
