"""Tests of README.md and docs: what they show runs, the options they name exist, and so does what they link to."""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from matplotlib.cbook import get_sample_data

from sppnet.tools.cli import COMMANDS, cli
from sppnet.tools.command.shapes import write_shapes
from tests.films import even, write_film

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))}
# What the README tells to do once, before anything runs, with the network, or until Ctrl-C (see tests/tools/serving).
NOT_RUN = {
    "make demo",
    "python3 -m venv .venv && .venv/bin/pip install -e . && . .venv/bin/activate",
    ".venv/bin/sppnet train --data my-data -o my-model",
    "sppnet serve -m my-model",
}
CHECKS = """
import os
assert found.boxes.shape == (len(found.names), 4) and found.scores.shape == (len(found),)
assert os.path.getsize("drawn.jpg") > 0
assert windows.dtype == "float32" and windows.shape[0] > 0 and windows.shape[1:] == (4,)
"""


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a document that are in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def shown(text: str) -> list[str]:
    """Return the commands of a document's console blocks, without comments."""
    lines = "".join(blocks(text, "console")).replace("\\\n", "").splitlines()
    return [re.sub(r"\s+#.*|\s+$", "", line) for line in lines]


def spans(text: str) -> list[str]:
    """Return what a document has between backticks in its sentences and tables."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def targets(text: str) -> list[str]:
    """Return the links and pictures of a document that are not addresses."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def headings(text: str) -> set[str]:
    """Return the names under which the headings of a document can be linked to."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def furnished(folder: Path) -> Path:
    """Put what the README names into a folder: drawn shapes for a data set, the officer for all photographs."""
    for data in ("my-data", "new-data"):
        write_shapes(folder / data, train=12, val=4)
    for file in (folder / "new-data" / "Annotations").iterdir():
        file.write_text(file.read_text().replace("<name>disc<", "<name>coin<"))
    photograph = get_sample_data("grace_hopper.jpg", asfileobj=False)
    for name in ("photo.jpg", "photos/one.jpg", "holiday/two.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(str(photograph), folder / name)
    write_film(folder / "film.mp4", even(3))
    return folder


RUN = [command for command in shown(README) if command not in NOT_RUN]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Return the results of the README's commands, run one after the other in one folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(furnished(tmp_path_factory.mktemp("readme")))
        return {command: CliRunner().invoke(cli, shlex.split(command)[1:]) for command in RUN}


@pytest.mark.parametrize("command", RUN)
def test_a_command_of_the_readme_runs(ran: dict[str, Result], command: str) -> None:
    assert shlex.split(command)[0].removeprefix(".venv/bin/") == "sppnet"
    assert (ran[command].exit_code, ran[command].exception) == (0, None), ran[command].stderr


def test_what_is_not_run_is_still_in_the_readme() -> None:
    assert set(shown(README)) >= NOT_RUN


def test_the_python_of_the_readme_is_a_script_that_works_offline(tmp_path: Path) -> None:
    code = "".join(blocks(README, "python")) + CHECKS
    (furnished(tmp_path) / "script.py").write_text(code)
    offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "TORCH_HOME": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=os.environ | offline, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    files = {"model.safetensors", "config.json", "conv.json", "README.md", "metrics.json"}
    assert {path.name for path in (tmp_path / "my-model").iterdir()} == files


@pytest.fixture
def unrun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands look at their options and do nothing."""
    monkeypatch.setattr(click.Command, "invoke", lambda self, context: None)


def complaint(call: str) -> str:
    """Return what a command of ours has against its options, first what is wrong, then what is missing."""
    found = re.fullmatch(r"(?:.*[ /])?(?:sppnet (\w.*)|python -m (sppnet\.[\w.]+)(.*))", call)
    if not found:
        return ""
    program, words = (benchmark(found[2]), found[3]) if found[2] else (cli, found[1])
    result = CliRunner().invoke(program, [word for word in shlex.split(words) if word != "..."])
    return "".join(f"{call}: {line}" for line in result.stderr.splitlines()[-1:])


def benchmark(module: str) -> click.Command:
    """Return the command that a module is."""
    members = vars(importlib.import_module(module)).values()
    return next(member for member in members if isinstance(member, click.Command))


@pytest.mark.usefixtures("unrun")
def test_the_commands_of_the_documents_are_complete_and_take_their_options() -> None:
    complaints = [complaint(call) for text in DOCUMENTS.values() for call in shown(text)]

    assert list(filter(None, complaints)) == []


@pytest.mark.usefixtures("unrun")
def test_commands_named_in_passing_take_their_options() -> None:
    complaints = [complaint(call) for text in DOCUMENTS.values() for call in spans(text)]

    assert [wrong for wrong in complaints if wrong and ": Error: Missing " not in wrong] == []


def test_options_named_alone_are_those_of_some_command() -> None:
    alone = [span for text in DOCUMENTS.values() for span in spans(text) if span.startswith("--")]
    named = {option for span in alone for option in re.findall(r"(?<!\S)--[\w-]+", span)}
    commands = [importlib.import_module(f"sppnet.tools.{name.replace('-', '_')}").command for name in COMMANDS]

    assert named - {option for command in commands for option in options(command)} == set()


def options(command: click.Command) -> Iterator[str]:
    """Yield the names of a command's options, and those of the commands in it."""
    yield from (name for parameter in command.params for name in parameter.opts)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from options(inner)


def test_what_make_is_told_to_make_is_in_the_makefile() -> None:
    named = {target for text in DOCUMENTS.values() for target in re.findall(r"`make ([\w-]+)", text)}
    makefile = (ROOT / "Makefile").read_text()

    assert named - set(re.findall(r"[\w-]+", makefile.partition(".PHONY:")[2].partition("\n")[0])) == set()


def test_links_lead_somewhere() -> None:
    links = [(ROOT / name, link) for name, text in DOCUMENTS.items() for link in targets(text)]

    assert [(str(document), link) for document, link in links if not leads_somewhere(document, link)] == []


def leads_somewhere(document: Path, link: str) -> bool:
    file, _, heading = link.partition("#")
    target = document.parent / file if file else document
    return target.exists() and (not heading or heading in headings(target.read_text()))
