"""Tests of the settings of libraries below us."""

import os
import platform
import sys

import pytest

from sppnet.tools.command.libraries import SETTINGS, keep_freed_memory, set_up


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library of Linux alone is asked")
def test_the_c_library_is_asked_and_answers() -> None:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not keep_freed_memory()


def test_what_the_user_has_set_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)

    set_up()

    assert {name: os.environ[name] for name in SETTINGS} == {
        "GOMP_SPINCOUNT": "7",
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "4096",
    }
