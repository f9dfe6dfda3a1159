"""Tests of models that travel as bytes."""

import pickle
from pathlib import Path
from typing import Any

from sppnet.tools.command.running.models import BUNDLED
from sppnet.tools.command.spreading.carrying import carried, digests


def names(network: Any, prefix: str, item: str) -> list[str]:
    return [prefix + item, *network.classes[:2]]


def test_a_model_arrives_where_its_folder_is_not() -> None:
    travelling = pickle.dumps(carried(names, ("the ",), [], "union", "cpu", "auto"))

    function = pickle.loads(travelling)()

    assert function("end") == ["the end", "aeroplane", "bicycle"]


def test_the_digest_tells_models_apart_by_their_content(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(content)

    one, same, other = digests([tmp_path / name for name in "abc"])

    assert one == same != other


def test_the_bundled_model_is_that_of_its_name() -> None:
    assert digests([]) == digests([Path(BUNDLED)])
