"""Tests of a training whose windows and maps are computed on a cluster; here by a copy of the model in this process."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sppnet.data import open_data
from sppnet.detector import PREPROCESSINGS, FineTuning, InputError, Mining, SPPNet, Training, save_weights
from sppnet.detector.backbone.weights import load_backbone
from sppnet.detector.training.images import TrainingImages
from sppnet.proposals import SelectiveSearch
from sppnet.tools.command.inputs.items import Items
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.command.spreading.cluster import Cluster
from sppnet.tools.command.spreading.preparing import Fresh, Prepared
from tests.detector.tuned import SMALL, WIDTHS


def there(cluster: Cluster, items: Iterable[Any]) -> Iterator[Any]:
    """Do the work of a cluster in this process, with copies of what would travel."""
    work = pickle.loads(pickle.dumps(cluster.make))()
    return (work(pickle.loads(pickle.dumps(cluster.pack(item)))) for item in items)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What went to the cluster."""
    packed: list[Any] = []

    def noted(cluster: Cluster, items: Iterable[Any]) -> Iterator[Any]:
        def pack(item: Any) -> Any:
            packed.append(cluster.pack(item))
            return packed[-1]

        return there(replace(cluster, pack=pack), items)

    monkeypatch.setattr("sppnet.tools.command.spreading.preparing.on_ray", noted)
    return packed


@pytest.fixture
def items(tmp_path: Path) -> Items:
    write_shapes(tmp_path / "shapes", train=5, val=1)
    return Items(open_data(tmp_path / "shapes", split="train"))


@pytest.fixture
def model(pooled_name: str) -> Callable[..., SPPNet]:
    def make(weights: str | Path = "random", fine_tuning: FineTuning | None = None) -> SPPNet:
        return SPPNet(
            ("disc", "ring", "square", "triangle"),
            backbone=pooled_name,
            weights=weights,
            pooling=SMALL,
            training=Training(mining=Mining(C=0.01, memory=5_000_000)),
            fine_tuning=fine_tuning,
            search=SelectiveSearch(limit=40),
        )

    return make


@pytest.mark.parametrize("fine_tuning", [None, replace(WIDTHS, unfreeze=True)])
def test_a_model_of_a_cluster_is_that_of_one_process(
    items: Items,
    model: Callable[..., SPPNet],
    sent: list[Any],
    tmp_path: Path,
    fine_tuning: FineTuning | None,
) -> None:
    model(fine_tuning=fine_tuning).fit(items, cache=tmp_path / "here", workers=0).save(tmp_path / "one")

    other = model(fine_tuning=fine_tuning)
    given = Prepared(items, other, tmp_path / "there", "auto")
    passed = list(given)
    files = {file.name for file in (tmp_path / "there").rglob("*")}
    other.fit(given, cache=tmp_path / "there", workers=0).save(tmp_path / "many")

    one, many = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "many"))
    assert one == many
    assert len(given) == len(passed) == 5
    assert files <= {file.name for file in (tmp_path / "here").rglob("*")}
    assert sum(item is not None for item in sent) == 5  # not again what the cache had


def test_what_comes_from_a_cluster_is_not_computed_here(
    items: Items, model: Callable[..., SPPNet], sent: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = model()
    list(Prepared(items, network, tmp_path / "cache", "auto"))
    monkeypatch.setattr(SelectiveSearch, "__call__", None)
    monkeypatch.setattr("sppnet.detector.pooling.features.WindowFeatures.maps", None)

    network.fit(Prepared(items, network, tmp_path / "cache", "auto"), cache=tmp_path / "cache", workers=0)

    assert network.metrics_["images"] == 5


def test_a_bad_target_is_refused_by_the_training_with_its_number(
    items: Items, model: Callable[..., SPPNet], sent: list[Any], tmp_path: Path
) -> None:
    class Bad(Items):
        def numbered(self) -> Iterator[Any]:
            for number, (image, target) in super().numbered():
                yield number, (image, {**target, "labels": target["labels"] + 9 * (number == 3)})

    bad = Bad(items._data)

    with pytest.raises(InputError, match=r"^image 3: the label"):
        model().fit(Prepared(bad, model(), tmp_path / "cache", "auto"), cache=tmp_path / "cache", workers=0)


@pytest.mark.parametrize("folder", [False, True])
def test_weights_travel_as_bytes(
    items: Items, model: Callable[..., SPPNet], pooled_name: str, tmp_path: Path, folder: bool
) -> None:
    weights = tmp_path / ("trained" if folder else "weights.safetensors")
    if folder:
        model().fit(items, workers=0).save(weights)
    else:
        backbone = load_backbone(pooled_name, "random", seed=4)
        save_weights(weights, backbone.layers, PREPROCESSINGS["caffe"], {})
    network = model(weights)
    image, target = next(iter(items))
    wanted = network.preparer().files(image, target)
    travelling = pickle.dumps(Fresh.of(network))
    weights.rename(tmp_path / "gone")

    found = pickle.loads(travelling)()((image, target))

    assert found == wanted != {}


def test_what_a_worker_cannot_use_is_left_to_the_training(items: Items, model: Callable[..., SPPNet]) -> None:
    image, target = next(iter(items))
    files = Fresh.of(model())()

    assert files((image[:0], target)) == files(None) == {}


def test_a_file_of_maps_that_is_missing_makes_an_image_one_to_prepare(
    items: Items, model: Callable[..., SPPNet], tmp_path: Path
) -> None:
    preparer, (image, target) = model().preparer(), next(iter(items))
    images: TrainingImages = preparer.images(tmp_path)
    assert not preparer.has(tmp_path, image, target)

    preparer.fill(images, [(image, target)])
    assert preparer.has(tmp_path, image, target)

    next((tmp_path / "maps").iterdir()).unlink()
    assert not preparer.has(tmp_path, image, target)
    np.testing.assert_array_equal(images.windows(0)[-len(target["boxes"]) :], target["boxes"])
