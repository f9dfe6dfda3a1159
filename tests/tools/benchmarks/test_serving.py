"""The load on a server is that of real requests to a real process."""

import json
from pathlib import Path

from click.testing import CliRunner

from sppnet.tools.benchmarks.serving import command
from tests.tools.serving.conftest import square_file


def test_answers_latencies_and_memory_of_every_round_are_measured(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(square_file())
    options = ["-m", "voc07-small", "--requests", "4", "--clients", "2", "--queue", "2", "--json"]

    result = CliRunner().invoke(command, [str(tmp_path / "photo.png"), *options])

    rows = json.loads(result.stdout)["rows"]
    assert [row["what"] for row in rows] == ["SPPNet.predict", "1 client", *["2 clients"] * 3]
    assert [row["statuses"] for row in rows[1:]] == [{"200": 1}, *[{"200": 4}] * 3]
    assert min(row["p50"] for row in rows) > 0 and max(row["p95"] for row in rows) < 600_000
