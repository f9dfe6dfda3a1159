"""Tests of the scripts that complete the command in a shell."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from sppnet.tools.cli import COMMANDS, cli

BASH = shutil.which("bash")


def offered(*words: str) -> list[str]:
    """Return what is offered for the last word."""
    *before, begun = words
    return [item.value for item in ShellComplete(cli, {}, "sppnet", "").get_completions(list(before), begun)]


@pytest.mark.parametrize(
    ("shell", "begins"), [("bash", "_sppnet_completion() {"), ("zsh", "#compdef sppnet"), ("fish", "function _sppnet")]
)
def test_the_script_of_a_shell_is_printed(shell: str, begins: str) -> None:
    assert CliRunner().invoke(cli, ["completion", shell]).stdout.startswith(begins)


def test_another_shell_is_a_wrong_use() -> None:
    assert CliRunner().invoke(cli, ["completion", "ksh"]).exit_code == 2


def test_verbs_are_offered() -> None:
    assert offered("") == list(COMMANDS)
    assert offered("re") == ["remove-class", "rename-class", "represent"]


def test_options_of_a_verb_and_their_names_are_offered() -> None:
    assert "--backbone" in offered("train", "--b")
    assert offered("train", "--backbone", "efficientnet_lite0") == ["efficientnet_lite0"]
    assert offered("eval", "--metrics", "voc07,") == ["voc07,voc12", "voc07,coco"]
    assert offered("detect", "x.jpg", "--format", "json,js") == ["json,jsonl"]
    assert offered("proposals", "recall", "--mode", "t") == ["turbo"]


def test_an_old_name_of_an_option_says_nothing_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    offered("train", "--trunk", "small", "--s")

    assert capsys.readouterr().err == ""


def test_verbs_are_offered_without_importing_any() -> None:
    code = (
        "import sys; from sppnet.tools.cli import main\ntry: main()\nexcept SystemExit: pass\n"
        "print(*[name for name in sys.modules if name.startswith('sppnet.tools.') or name == 'numpy'], file=sys.stderr)"
    )
    environment = os.environ | {"_SPPNET_COMPLETE": "bash_complete", "COMP_WORDS": "sppnet de", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)

    assert done.stdout.split() == ["plain,detect", "plain,demo"]
    imported = set(done.stderr.split())
    assert "sppnet.tools.cli" in imported
    assert imported & {"numpy", *(f"sppnet.tools.{name}" for name in COMMANDS)} == set()


@pytest.mark.skipif(BASH is None, reason="needs bash")
def test_bash_completes(tmp_path: Path) -> None:
    program = tmp_path / "sppnet"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sppnet "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(sppnet completion bash)"; COMP_WORDS=(sppnet doc); COMP_CWORD=1; _sppnet_completion sppnet; '
        'echo "${COMPREPLY[@]}"'
    )
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    done = subprocess.run([str(BASH), "-c", script], env=environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("doctor\n", "")
