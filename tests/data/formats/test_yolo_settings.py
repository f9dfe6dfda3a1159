"""data.yaml and classes.txt: names as lists and maps, ways that lead to images, and what is wrong with a file."""

from pathlib import Path

import pytest

from sppnet.data import DataError
from sppnet.data.formats.yolo_settings import Settings, find_settings

from .drawn import picture, write


def settings(root: Path, text: str) -> Settings:
    write(root / "data.yaml", text)
    found = find_settings(root)
    assert found is not None
    return found


@pytest.mark.parametrize("names", ["[ant, no]", "{0: ant, 1: no}", "\n  0: ant\n  1: no", "\n- ant\n- 'no'"])
def test_names_are_a_list_or_a_map_and_never_truth_values(tmp_path: Path, names: str) -> None:
    assert settings(tmp_path, f"names: {names}\ntrain: images\n").names == {0: "ant", 1: "no"}


def test_ways_start_at_the_path_or_at_the_file(tmp_path: Path) -> None:
    for folder in ("base/images/train", "images/val"):
        (tmp_path / folder).mkdir(parents=True)

    found = settings(tmp_path, "names: [a]\npath: base\ntrain: images/train\nval: images/val\n")

    assert found.parts == {"train": [tmp_path / "base/images/train"], "val": [tmp_path / "images/val"]}


def test_ways_may_be_absolute_several_and_of_roboflow(tmp_path: Path) -> None:
    for folder in ("set/train/images", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)

    found = settings(tmp_path / "set", f"names: [a]\ntrain: [../train/images, {tmp_path}/elsewhere]\ntest:\n")

    assert found.parts == {"train": [tmp_path / "set/train/images", tmp_path / "elsewhere"]}


def test_a_key_of_any_name_is_a_split_if_it_leads_somewhere(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()

    found = settings(tmp_path, "names: [a]\ntrain: images\nextra: more\nlicence: free\nroboflow: {version: 1}\n")

    assert list(found.parts) == ["train", "extra"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("names: [a\ntrain: x", r"data\.yaml: no readable YAML: "),
        ("names: 3\ntrain: x", "names must be a list of different names"),
        ("names: [a, a]\ntrain: x", "names must be a list of different names"),
        ("names: {x: a}\ntrain: x", "names must be a list of different names"),
        ("names: []\ntrain: x", "names must be a list of different names"),
        ("names: [a]\nnc: 2\ntrain: x", "nc must be the number of names, 1, got '2'"),
        ("names: [a]\n", "must say where the images are"),
        ("names: " + "[" * 2000, "nested too deeply"),
        ("names: [a]\n#" + "-" * (1 << 20), "must have at most 1,048,576 bytes, has 1,048,588"),
    ],
)
def test_a_broken_file_is_named_with_the_rule(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(DataError, match=rule):
        settings(tmp_path, text)


def test_of_several_files_the_usual_one_counts(tmp_path: Path) -> None:
    write(tmp_path / "other.yaml", "names: [b]\ntrain: images\n")

    assert settings(tmp_path, "names: [a]\ntrain: images\n").names == {0: "a"}
    (tmp_path / "data.yaml").rename(tmp_path / "third.yaml")
    with pytest.raises(DataError, match=r"holds several data sets, choose one of .*other\.yaml, .*third\.yaml"):
        find_settings(tmp_path)


def test_labels_without_names_are_an_error(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.png")
    write(tmp_path / "labels" / "a.txt", "")

    with pytest.raises(DataError, match=r"classes\.txt or data\.yaml must name the classes"):
        find_settings(tmp_path)
