"""Tests of model folders: what is written, and that nothing bad is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from sppnet.detector import FineTuning, Mining, ModelError, Pooling, SPPNet, Training, View, load_detector
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.stored import conv_bytes
from sppnet.detector.files.model_folder import BUNDLED
from sppnet.proposals import SelectiveSearch
from tests.conftest import square_image, windows_near, with_windows


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    model = SPPNet(
        ("red", "blue"),
        backbone="zf5",
        weights="random",
        pooling=Pooling(scales=(160,), views=(View((1, 2)),)),
        training=Training(mining=Mining(C=0.01, memory=20_000_000), held_out=0),
        search=SelectiveSearch(limit=40),
    )
    model.fit([square_image(number) for number in range(4)], workers=0).save(folder)
    return folder


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_a_model_is_a_folder_of_five_files(saved: Path) -> None:
    assert sorted(file.name for file in saved.iterdir()) == [
        "README.md",
        "config.json",
        "conv.json",
        "metrics.json",
        "model.safetensors",
    ]


def test_the_card_tells_classes_and_objects(saved: Path) -> None:
    card = (saved / "README.md").read_text()

    assert "| red | 4 |" in card and "Trained on 4 images" in card


def test_saving_replaces_a_model(copy: Path) -> None:
    model = SPPNet.load(copy)

    model.save(copy)

    assert SPPNet.load(copy).classes == ("red", "blue")


def test_half_precision_halves_the_file_and_stays_close(saved: Path, tmp_path: Path) -> None:
    SPPNet.load(saved).save(tmp_path / "half", half=True)

    sizes = [(folder / "model.safetensors").stat().st_size for folder in (saved, tmp_path / "half")]
    assert sizes[1] < 0.51 * sizes[0]
    [(_, exact), (_, close)] = [SPPNet.load(folder).fitted() for folder in (saved, tmp_path / "half")]
    np.testing.assert_allclose(close.weights, exact.weights, rtol=1e-3, atol=1e-7)


def test_values_beyond_half_precision_are_named(copy: Path, tmp_path: Path) -> None:
    model = SPPNet.load(copy)
    model.fitted()[1].biases[0] = 1e6

    with pytest.raises(ModelError, match=r"'biases' holds 1e\+06, which float16 does not"):
        model.save(tmp_path / "half", half=True)


def test_a_bundled_model_is_loaded_by_name(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.files.model_folder.BUNDLED", saved.parent)
    monkeypatch.chdir(tmp_path)

    assert SPPNet.load(saved.name).classes == ("red", "blue")


def test_a_folder_goes_before_a_bundled_model(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.files.model_folder.BUNDLED", saved.parent)
    monkeypatch.chdir(tmp_path)
    (tmp_path / saved.name).mkdir()

    with pytest.raises(ModelError, match=r"config\.json: is missing"):
        SPPNet.load(saved.name)


def test_a_name_that_is_neither_is_told_what_is_bundled(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.files.model_folder.BUNDLED", saved.parent)

    with pytest.raises(ModelError, match="nor a bundled model; there is model"):
        SPPNet.load("nothing")


def test_other_folders_are_not_written_to(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")

    with pytest.raises(ModelError, match=r"holds 'holiday\.jpg', which is no part of a model"):
        SPPNet.load(saved).save(tmp_path)


def test_a_file_is_no_model_folder(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ModelError, match="a model is a folder"):
        SPPNet.load(saved).save(tmp_path / "file")


def test_a_method_that_does_not_exist_is_named(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"method": "yolo"}))

    with pytest.raises(ModelError, match="there is no method 'yolo'; this version knows sppnet, rcnn"):
        load_detector(copy)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such model folder"):
        SPPNet.load(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()

    with pytest.raises(ModelError, match=name):
        SPPNet.load(copy)


def test_metrics_may_be_missing(copy: Path) -> None:
    (copy / "metrics.json").unlink()

    assert SPPNet.load(copy).metrics_ == {}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 99}', '{"format": 1}', "\x00"])
def test_a_damaged_config_is_one_clear_error(copy: Path, content: str) -> None:
    (copy / "config.json").write_text(content)

    with pytest.raises(ModelError, match=str(copy)):
        SPPNet.load(copy)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("backbone", "vgg"),
        ("classes", ["red"]),
        ("pooling", {"scales": [160], "views": [{"levels": [1, 2, 3]}]}),
        ("pooling", {"scales": [160], "views": [{"levels": [1, 2], "map": "fire5"}]}),
        ("pooling", {"scales": [0]}),
        ("training", {"held_out": "some"}),
        ("calibration", {"slope": 1, "curve": 2}),
        ("search", {"unknown": 1}),
        ("fine_tuning", []),
        ("fine_tuning", {"epochs": "3"}),
        ("pooling", {"scales": [20_000]}),
        ("calibration", {"slope": [1], "offset": 0}),
        ("training", {"mining": {"C": 1, "unknown": 1}}),
        ("preprocessing", {"order": "rgb"}),
    ],
)
def test_settings_that_do_not_fit_are_one_clear_error(copy: Path, key: str, value: object) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, key: value}))

    with pytest.raises(ModelError):
        SPPNet.load(copy)


def test_damaged_metrics_are_named(copy: Path) -> None:
    (copy / "metrics.json").write_text('{"seconds": {"SVMs": "long"}}')

    with pytest.raises(ModelError, match=r"metrics\.json: seconds must be an object of values, each a number"):
        SPPNet.load(copy)


@pytest.mark.parametrize("length", [0, 4, 100, 5000])
def test_truncated_tensors_are_one_clear_error(copy: Path, length: int) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:length])

    with pytest.raises(ModelError, match="the model's tensors cannot be read"):
        SPPNet.load(copy)


def test_tensors_that_are_not_finite_are_refused(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    tensors["weights"] = np.full_like(tensors["weights"], np.nan)
    save_file(tensors, copy / "model.safetensors")

    with pytest.raises(ModelError, match="'weights' must be finite float32"):
        SPPNet.load(copy)


def test_a_missing_tensor_is_named(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["biases"]
    save_file(tensors, copy / "model.safetensors")

    with pytest.raises(ModelError, match="the tensor 'biases' is missing"):
        SPPNet.load(copy)


def test_a_failed_save_leaves_the_old_model(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, before = SPPNet.load(copy), (copy / "model.safetensors").read_bytes()

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(ModelError, match="cannot be written"):
        model.save(copy)

    assert (copy / "model.safetensors").read_bytes() == before
    assert not [file for file in copy.parent.iterdir() if "partial" in file.name]


def test_the_card_says_when_scores_are_no_probabilities(saved: Path) -> None:
    assert "Scores are no probabilities" in (saved / "README.md").read_text()


@pytest.fixture(scope="module")
def saved_with_layers(pooled_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "layers"
    model = SPPNet(
        ("red", "blue"),
        backbone=pooled_name,
        weights="random",
        pooling=Pooling(scales=(96,), views=(View((1, 2)),)),
        training=Training(held_out=0),
        scores="softmax",
        fine_tuning=FineTuning(widths=(6, 4), reduction=5, epochs=1, windows=8),
    )
    squares = with_windows(map(square_image, range(4)), map(windows_near, range(4)))
    model.fit(squares, workers=0).save(folder)
    return folder


@pytest.fixture
def layers(saved_with_layers: Path, tmp_path: Path) -> Path:
    for file in saved_with_layers.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_fully_connected_layers_are_loaded(layers: Path) -> None:
    assert SPPNet.load(layers).fine_tuning == FineTuning(widths=(6, 4), reduction=5, epochs=1, windows=8)


HEAD = ["layers.0.weight", "layers.1.bias", "classes.weight", "offsets.bias", "mean", "factors"]


@pytest.mark.parametrize("name", HEAD)
def test_a_missing_tensor_of_the_layers_is_named(layers: Path, name: str) -> None:
    tensors = load_file(layers / "model.safetensors")
    del tensors[f"head.{name}"]
    save_file(tensors, layers / "model.safetensors")

    with pytest.raises(ModelError, match=rf"model\.safetensors: the tensor 'head\.{name}' is missing$"):
        SPPNet.load(layers)


def not_finite(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.full_like(array, np.inf)


def longer(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.concatenate([array, array])


def double(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.float64)


@pytest.mark.parametrize("name", HEAD)
@pytest.mark.parametrize("damage", [not_finite, longer, double])
def test_a_damaged_tensor_of_the_layers_is_named(
    layers: Path, name: str, damage: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
) -> None:
    tensors = load_file(layers / "model.safetensors")
    tensors[f"head.{name}"] = damage(tensors[f"head.{name}"])
    save_file(tensors, layers / "model.safetensors")

    with pytest.raises(ModelError, match=rf"model\.safetensors: 'head\.{name}' must be finite float32 \(.*\), not .*$"):
        SPPNet.load(layers)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fine_tuning", {"widths": [6, 5]}),
        ("fine_tuning", {"widths": [10**12, 4], "reduction": 5}),
        ("fine_tuning", {"widths": [6, 4], "reduction": -5}),
        ("fine_tuning", {"widths": [6, 4], "reduction": 5, "epochs": 0}),
        ("fine_tuning", {"widths": "wide", "reduction": 5}),
        ("fine_tuning", {"widths": [6, 4], "reduction": 5, "surprise": 1}),
        ("fine_tuning", {"reduction": 5}),
        ("fine_tuning", [1]),
        ("fine_tuning", None),
        ("ranks", [2, 2]),
        ("ranks", [2]),
        ("layer", "fc8"),
        ("scores", "bogus"),
        ("method", "bogus"),
        ("precision", "float16"),
    ],
)
def test_settings_that_do_not_fit_the_layers_are_one_clear_error(layers: Path, key: str, value: object) -> None:
    config = json.loads((layers / "config.json").read_text())
    (layers / "config.json").write_text(json.dumps({**config, key: value}))

    with pytest.raises(ModelError, match=r"^[^\n]*$"):
        SPPNet.load(layers)


def test_a_model_that_was_saved_before_graphs_detects_the_same_and_says_why_it_starts_slowly(copy: Path) -> None:
    image, windows = square_image(0)[0], windows_near(0)
    (copy / "conv.json").rename(copy / "README.md")
    before = SPPNet.load(copy)
    before.save(copy)

    after = SPPNet.load(copy)

    assert "saved without the graph of its conv layers" in before.remark and after.remark == ""
    [found], [expected] = (model.predict([image], windows=[windows]) for model in (after, before))
    np.testing.assert_array_equal(found["boxes"], expected["boxes"])


def test_a_damaged_graph_is_one_clear_error(copy: Path) -> None:
    (copy / "conv.json").write_text('{"maps": []}')

    with pytest.raises(ModelError, match=r"conv\.json: the conv layers are damaged, or do not fit their weights"):
        SPPNet.load(copy)


def test_a_graph_of_other_layers_is_one_clear_error(copy: Path) -> None:
    (copy / "conv.json").write_bytes((BUNDLED / "voc07" / "conv.json").read_bytes())

    with pytest.raises(ModelError, match=r"conv\.json: the conv layers are damaged, or do not fit their weights"):
        SPPNet.load(copy)


def test_torch_takes_no_notice_of_the_graph(copy: Path) -> None:
    (copy / "conv.json").write_bytes(b"")

    assert SPPNet.load(copy, engine="torch").fitted()[0].backbone.engine == "torch"


def test_the_bundled_graph_is_that_of_the_bundled_layers() -> None:
    backbone = SPPNet.load("voc07").layered()[0].backbone

    assert isinstance(backbone, Backbone)
    assert conv_bytes(backbone) == (BUNDLED / "voc07" / "conv.json").read_bytes()
