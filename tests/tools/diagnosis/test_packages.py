"""Tests of what is said of packages that are missing, old, doubled or of other builds."""

from pathlib import Path

import pytest

from sppnet import detector
from sppnet.tools.diagnosis import packages
from sppnet.tools.diagnosis.finding import Finding

from .installing import Install, installer


@pytest.fixture(autouse=True)
def with_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environments that uv made have none."""
    monkeypatch.setattr("sppnet.tools.diagnosis.finding.find_spec", lambda name: name)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    return installer(tmp_path, monkeypatch)


def torches(monkeypatch: pytest.MonkeyPatch, torch: str, torchvision: str, *, gpu: bool = False) -> None:
    """Let torch and torchvision be of these builds."""
    monkeypatch.setattr(packages, "_source_version", {"torch": torch, "torchvision": torchvision}.__getitem__)
    monkeypatch.setattr(packages, "may_have_gpu", lambda: gpu)


def test_what_is_needed_is_here() -> None:
    [finding] = packages.versions()

    assert (finding.check, finding.grade) == ("versions", "fine")


def test_old_and_missing_packages_are_named_with_what_installs_them(install: Install) -> None:
    install("sppnet", "9", "Requires-Dist: old>=2", "Requires-Dist: missing>=1; python_version > '3'")
    install("old", "1.5")

    [finding] = packages.versions()

    assert finding.grade == "broken"
    assert finding.found == "old>=2 is needed, 1.5 installed, missing>=1 is needed, none installed"
    assert finding.command.endswith("pip install 'old>=2' 'missing>=1'")


def test_another_build_of_a_package_is_as_good(install: Install) -> None:
    install("sppnet", "9", "Requires-Dist: opencv-contrib-python>=5")  # which is not here; the headless one is

    assert [finding.grade for finding in packages.versions()] == ["fine"]


def test_two_builds_of_one_package_break_each_other(install: Install) -> None:
    install("opencv-python", "5.0")
    install("onnxruntime-gpu", "1.32")

    broken = [finding for finding in packages.builds() if finding.grade == "broken"]

    assert [finding.found for finding in broken] == [
        "opencv-python-headless and opencv-python are both installed",
        "onnxruntime and onnxruntime-gpu are both installed",
    ]
    assert "uninstall -y opencv-python-headless opencv-python && " in broken[0].command
    assert broken[0].command.endswith("install opencv-python-headless")


def test_one_build_of_each_is_fine() -> None:
    assert [finding.grade for finding in packages.builds()] == ["fine", "fine"]


def test_a_package_in_two_folders_is_told_with_both(install: Install, tmp_path: Path) -> None:
    install("torch", "1.0")

    [finding] = packages.copies()

    assert finding.grade == "broken"
    assert finding.found.startswith("torch is installed in ") and str(tmp_path) in finding.found


def test_copies_of_setuptools_own_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer(tmp_path / "_vendor", monkeypatch)("packaging", "99")

    assert [finding.grade for finding in packages.copies()] == ["fine"]


def test_packages_that_are_installed_once_are_fine() -> None:
    assert [finding.grade for finding in packages.copies()] == ["fine"]


def test_torch_and_torchvision_of_two_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    torches(monkeypatch, "2.15.0+cpu", "0.29.2+cu132")

    [finding] = packages.torch_and_torchvision()

    assert (finding.grade, finding.found) == ("broken", "torch 2.15.0+cpu, torchvision 0.29.2+cu132: two builds")
    assert finding.command.endswith(f"--force-reinstall torch torchvision --index-url {packages.CPU_INDEX}")


def test_torchvision_for_another_torch(monkeypatch: pytest.MonkeyPatch, install: Install) -> None:
    torches(monkeypatch, "2.15.0", "0.20.0")
    install("torchvision", "0.20.0", "Requires-Dist: torch (==2.5.0)")

    assert [finding.grade for finding in packages.torch_and_torchvision()] == ["broken"]


def test_torch_and_torchvision_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    torches(monkeypatch, "2.15.0+cpu", "0.29.2+cpu")
    monkeypatch.setattr("importlib.metadata.requires", lambda name: ["torch==2.15.0", "numpy"])

    assert [finding.grade for finding in packages.torch_and_torchvision()] == ["fine"]


def test_without_torch_nothing_is_said_of_its_build(monkeypatch: pytest.MonkeyPatch) -> None:
    torches(monkeypatch, "", "")

    assert [*packages.torch_and_torchvision(), *packages.torch_and_gpu()] == []


def test_a_build_for_gpus_without_one_takes_disk(monkeypatch: pytest.MonkeyPatch, install: Install) -> None:
    torches(monkeypatch, "2.15.0+cu132", "0.29.2+cu132")
    install("torch", "2.15.0", files="torch/lib.so,,1500000000\n")
    monkeypatch.setattr(packages, "_all_names", lambda: ["nvidia-some", "numpy"])
    install("nvidia-some", "1", files="nvidia/some.so,,1000000000\n")

    [finding] = packages.torch_and_gpu()

    assert finding.grade == "note" and finding.cost.startswith("2.5 GB of disk")
    assert "uninstall -y torch torchvision nvidia-some && " in finding.command
    assert finding.command.endswith(f"install torch torchvision --index-url {packages.CPU_INDEX}")


def test_a_build_without_gpus_beside_one_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    torches(monkeypatch, "2.15.0+cpu", "0.29.2+cpu", gpu=True)

    assert [finding.grade for finding in packages.torch_and_gpu()] == ["slow"]


@pytest.mark.parametrize(("build", "gpu"), [("cpu", False), ("cu132", True)])
def test_a_build_for_what_is_there_is_fine(monkeypatch: pytest.MonkeyPatch, build: str, gpu: bool) -> None:
    torches(monkeypatch, f"2.15.0+{build}", f"0.29.2+{build}", gpu=gpu)

    assert [finding.grade for finding in packages.torch_and_gpu()] == ["fine"]


def test_the_versions_of_torch_are_read_with_their_builds() -> None:
    import torch

    assert packages._source_version("torch") == torch.__version__
    assert packages._source_version("no_such_package") == ""


def test_models_in_the_box(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert list(packages.models()) == [Finding("models in the box", "fine", "voc07, voc07-small")]

    monkeypatch.setattr(detector, "__path__", [str(tmp_path)])

    assert [(finding.grade, finding.found) for finding in packages.models()] == [("broken", "voc07 is missing")]


def test_extras_are_there_or_told_with_what_installs_them(install: Install) -> None:
    needs = ["Requires-Dist: click>=8; extra == 'one'", "Requires-Dist: missing>=3; extra == 'two'"]
    extras = [f"Provides-Extra: {name}" for name in ("one", "two", "dev")]
    install("sppnet", "9", *extras, *needs, "Requires-Dist: tester; extra == 'dev'")

    one, two = packages.extras()

    assert one == Finding("extra one", "fine", "installed")
    assert (two.grade, two.found) == ("note", "without missing")
    assert two.command.endswith("install 'missing>=3'")
