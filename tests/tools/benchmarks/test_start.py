"""The time of a start is that of a whole process."""

import json
from pathlib import Path

from click.testing import CliRunner
from PIL import Image

from sppnet.tools.benchmarks.start import command
from tests.conftest import square_image


def test_seconds_and_bytes_of_each_model_are_measured(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(square_image(0)[0]).save(photo)

    result = CliRunner().invoke(command, [str(photo), "--models", "voc07-small", "--runs", "1", "--json"])

    [row] = json.loads(result.output)["rows"]
    assert (row["model"], row["engine"]) == ("voc07-small", "onnx")
    assert 0 < row["seconds"] < 600
    assert 1e7 < row["bytes"] < 1e10


def test_a_run_that_fails_is_no_figure(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"")

    result = CliRunner().invoke(command, [str(photo), "--models", "voc07-small", "--runs", "1"])

    assert result.exit_code == 1
    assert "sppnet detect ended with" in str(result.exception)
