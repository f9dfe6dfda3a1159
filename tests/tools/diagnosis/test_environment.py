"""Tests of variables and builds that make everything slower."""

import os
import sysconfig

import pytest

from sppnet.tools.diagnosis import environment
from sppnet.tools.diagnosis.environment import FEWER, SLOW


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SLOW, *FEWER):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(environment, "granted_cores", lambda: 2)


def test_an_environment_without_them_is_fine() -> None:
    assert [finding.grade for finding in environment.variables()] == ["fine"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NUMBA_DISABLE_JIT", "1"),
        ("NUMBA_OPT", "0"),
        ("NUMBA_CPU_NAME", "generic"),
        ("NUMBA_NUM_THREADS", "1"),
        ("ONEDNN_MAX_CPU_ISA", "AVX2"),
        ("OMP_WAIT_POLICY", "ACTIVE"),
        ("PYTHONDEVMODE", "1"),
        ("LD_PRELOAD", "/usr/lib/libasan.so.8"),
    ],
)
def test_a_slow_variable_is_named_and_unset(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setitem(os.environ, name, value)

    [finding] = environment.variables()

    assert (finding.grade, finding.found, finding.command) == ("slow", f"{name}={value}", f"unset {name}")
    assert finding.cost


@pytest.mark.parametrize(
    ("name", "value"),
    [("NUMBA_DISABLE_JIT", "0"), ("NUMBA_OPT", "3"), ("NUMBA_NUM_THREADS", "2"), ("LD_PRELOAD", "a.so")],
)
def test_a_harmless_value_is_fine(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setitem(os.environ, name, value)

    assert [finding.grade for finding in environment.variables()] == ["fine"]


@pytest.mark.parametrize(
    ("built", "grade"), [("'--with-pydebug' '--x'", "slow"), ("'--with-address-sanitizer'", "slow"), ("'--x'", "fine")]
)
def test_a_python_that_checks_itself_is_slow(monkeypatch: pytest.MonkeyPatch, built: str, grade: str) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: built)

    assert [finding.grade for finding in environment.python()] == [grade]
