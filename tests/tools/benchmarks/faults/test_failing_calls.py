"""Saves leave the old or the new, whichever system call fails; and one that does not is found out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sppnet.tools.benchmarks.faults.failing_calls import WAYS, compiled, missing, outcomes

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "all is there")
CARELESS = """
import json, sys
from pathlib import Path
from sppnet.tools.benchmarks.faults import failing_calls, saves
save = saves.Save("file", lambda path, version: path.write_bytes(b"ab" + version * b"c"))
saves.SAVES["careless"] = lambda scratch: save
print(json.dumps(list(failing_calls.rows("careless", Path(sys.argv[1]), False))))
"""


def test_a_folder_is_old_or_new() -> None:
    found = list(outcomes(0, quick=True, names=("folder",)))

    assert [row.note for row in found if row.survived < row.tried] == []
    assert len(found) == 2 * len(WAYS) and min(row.tried for row in found) > 30


def test_a_file_that_is_written_over_is_found_out(tmp_path: Path) -> None:
    environment = os.environ | {"LD_PRELOAD": str(compiled(tmp_path))}
    call = [sys.executable, "-c", CARELESS, str(tmp_path)]

    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=True)

    [fails, full, killed] = json.loads(done.stdout)
    assert fails[1] == 3 and 0 < fails[2] < 3
    assert "write: " in full[3] and killed[2] < killed[1]
