"""SVMs of whole images against scikit-learn, and a cross-validation that keeps to its images."""

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.svm import LinearSVC

from sppnet.detector import InputError
from sppnet.detector.classification.svms import ImageSVMs, Labels
from sppnet.detector.types import Floats


def examples(images: int = 80, dimensions: int = 20, noise: float = 2.0, seed: int = 0) -> tuple[Floats, Labels]:
    """Return vectors of two overlapping classes and their labels, the second column the opposite of the first."""
    random = np.random.default_rng(seed)
    labels = np.where(random.random(images) < 0.4, 1, -1)
    vectors = 5 + noise * random.standard_normal((images, dimensions))
    vectors[:, 0] += labels
    return vectors.astype(np.float32), np.stack([labels, -labels], axis=1).astype(np.int8)


def right(margins: Floats, labels: Labels) -> float:
    """Return the share of labels, of those that count, whose sign the margins have."""
    return float((np.sign(margins) == labels)[labels != 0].mean())


def standardised(vectors: Floats) -> npt.NDArray[np.float64]:
    centred = vectors - vectors.mean(axis=0, dtype=np.float64)
    return np.asarray(centred / np.sqrt((centred**2).sum(axis=1).mean()))


@pytest.fixture
def exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Solve to the end."""
    monkeypatch.setattr("sppnet.detector.classification.svms.TOLERANCE", 1e-5)


@pytest.mark.usefixtures("exactly")
@pytest.mark.parametrize("dimensions", [20, 300], ids=["fewer values than images", "more values than images"])
def test_margins_are_those_of_scikit_learn(dimensions: int) -> None:
    vectors, labels = examples(dimensions=dimensions)

    classifier = ImageSVMs(right, costs=(0.3,)).fit([vectors], labels)

    machine = LinearSVC(loss="hinge", C=0.3, intercept_scaling=1, tol=1e-8, max_iter=1_000_000, random_state=0)
    machine.fit(standardised(vectors), labels[:, 0])
    margins = machine.decision_function(standardised(vectors))
    np.testing.assert_allclose(classifier.scores([vectors])[:, 0], margins, atol=0.01)


def test_layers_bring_in_the_same_variance_whatever_their_scale() -> None:
    (first, labels), (second, _) = examples(), examples(seed=1)

    margins = [
        ImageSVMs(right).fit([first, factor * second], labels).scores([first, factor * second])
        for factor in (np.float32(1), np.float32(1000))
    ]

    np.testing.assert_allclose(margins[0], margins[1], atol=1e-3)


def test_a_layer_that_is_always_the_same_changes_nothing() -> None:
    vectors, labels = examples()
    constant = np.ones((len(vectors), 3), np.float32)

    alone = ImageSVMs(right, costs=(1,)).fit([vectors], labels)
    both = ImageSVMs(right, costs=(2,)).fit([vectors, constant], labels)  # half the variance, twice the cost

    np.testing.assert_allclose(both.weights_[:, 20:], 0)
    assert both.qualities_[2] == pytest.approx(alone.qualities_[1], abs=0.1)


def test_the_cost_that_does_best_on_images_held_out_is_chosen() -> None:
    vectors, labels = examples(noise=0.5)

    classifier = ImageSVMs(right, costs=(1e-6, 1.0)).fit([vectors], labels)

    assert classifier.qualities_[1e-6] < classifier.qualities_[1.0] - 0.05
    assert classifier.C_ == 1.0


def test_of_equally_good_costs_the_first_is_chosen() -> None:
    vectors, labels = examples()

    classifier = ImageSVMs(lambda margins, labels: 1.0, costs=(0.3, 1.0)).fit([vectors], labels)

    assert classifier.C_ == 0.3


@pytest.mark.parametrize("image", [0, 7, 79])
def test_the_label_of_an_image_has_no_part_in_its_margin_of_cross_validation(image: int) -> None:
    vectors, labels = examples()
    turned = labels.copy()
    turned[image] *= -1

    before, after = (ImageSVMs(right, costs=(1,)).fit([vectors], known).margins_ for known in (labels, turned))

    np.testing.assert_array_equal(before[image], after[image])
    assert (before != after).any()


def test_random_labels_cannot_be_told_in_cross_validation_but_by_heart() -> None:
    vectors, _ = examples(images=100, dimensions=400)
    labels = np.random.default_rng(1).choice(np.array([-1, 1], np.int8), (100, 3))

    classifier = ImageSVMs(right, costs=(10,)).fit([vectors], labels)

    assert classifier.qualities_[10] < 0.65
    assert right(classifier.scores([vectors]), labels) > 0.99


@pytest.mark.usefixtures("exactly")
def test_an_image_labelled_0_is_left_out_of_the_class() -> None:
    vectors, labels = examples()
    labels[:10] = 0

    classifier = ImageSVMs(right, costs=(1,)).fit([vectors], labels)

    machine = LinearSVC(loss="hinge", C=1, intercept_scaling=1, tol=1e-8, max_iter=1_000_000, random_state=0)
    machine.fit(standardised(vectors)[10:], labels[10:, 0])
    margins = machine.decision_function(standardised(vectors))
    np.testing.assert_allclose(classifier.scores([vectors])[:, 0], margins, atol=0.01)


def test_a_class_that_no_image_shows_is_never_found() -> None:
    vectors, labels = examples()
    labels[:, 1] = -1

    classifier = ImageSVMs(right).fit([vectors], labels)

    assert (classifier.scores([vectors])[:, 1] == -1).all()


def test_the_same_seed_gives_the_same_margins() -> None:
    vectors, labels = examples()

    one, again = (ImageSVMs(right, seed=3).fit([vectors], labels).margins_ for _ in range(2))

    np.testing.assert_array_equal(one, again)


def test_no_images_have_no_scores() -> None:
    vectors, labels = examples()

    classifier = ImageSVMs(right).fit([vectors], labels)

    assert classifier.scores([np.zeros((0, 20), np.float32)]).shape == (0, 2)


def test_training_data_that_cannot_be_learned_is_refused() -> None:
    vectors, labels = examples()
    classifier = ImageSVMs(right)

    with pytest.raises(InputError, match="matrices of 80 rows"):
        classifier.fit([vectors[:3]], labels)
    with pytest.raises(InputError, match="matrices of 80 rows"):
        classifier.fit([], labels)
    with pytest.raises(InputError, match="must be finite"):
        classifier.fit([np.full_like(vectors, np.nan)], labels)
    with pytest.raises(InputError, match="5 folds need at least as many images, not 4"):
        classifier.fit([vectors[:4]], labels[:4])
    with pytest.raises(InputError, match="no class with images of it and images without it"):
        classifier.fit([vectors], np.ones_like(labels))


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"costs": ()}, {"seed": -1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="needs 2 folds or more"):
        ImageSVMs(right, **wrong)  # type: ignore[arg-type]
