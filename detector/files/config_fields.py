"""The fields of a model's JSON files and what each may be."""

from .fields import FIGURE, FLAG, Fields, named, number, optional, several, text, whole

LEAST = 1e-12  # of numbers that must be positive
LARGE = 1e6
LARGEST_SCALE, LARGEST_SIDE = 4096, 10_000  # pixels; images as large as that take some GB
LARGEST_LEVEL, LARGEST_ENLARGEMENT = 256, 1000.0
LEAST_POWER, LARGEST_POWER = 1e-3, 100.0
_COUNT, _SEED = whole(0, 10**9), whole(0, 2**64)
_LABELS = several(text(), 1, 100_000)
_WIDTHS = several(whole(1, 65_536), 0, 2)

PREPROCESSING: Fields = {
    "order": text("rgb", "bgr"),
    "range": number(LEAST, LARGE),
    "mean": several(number(-LARGE, LARGE), 3, 3),
    "std": several(number(LEAST, LARGE), 3, 3),
}
FINE_TUNING: Fields = {
    "widths": _WIDTHS,
    "reduction": optional(whole(1, 65_536)),
    "unfreeze": FLAG,
    "stem": optional(text()),
    **dict.fromkeys(("epochs", "images", "windows", "patience"), whole(1, 10**9)),
    "positives": number(LEAST, 1),
    "learning_rate": number(LEAST, LARGE),
    "scales": several(whole(1, LARGEST_SCALE), 0, 64),
    "weight_decay": number(0, LARGE),
    "dropout": number(0, 1),
    "flips": FLAG,
    "offsets_weight": number(0, LARGE),
}
DETECTOR: Fields = {
    "method": text(),
    "classes": _LABELS,
    "backbone": text(),
    "precision": text("float32", "bfloat16"),
    "pooling": {
        "scales": several(whole(1, LARGEST_SCALE), 1, 64),
        "max_side": whole(1, LARGEST_SIDE),
        "views": [
            {
                "levels": several(whole(1, LARGEST_LEVEL), 1, 64),
                "map": optional(text()),
                "enlargement": optional(number(LEAST, LARGEST_ENLARGEMENT)),
            }
        ],
        "geometry": text("paper", "release"),
        "power": number(LEAST_POWER, LARGEST_POWER),
    },
    "training": {
        "mining": {
            "C": number(LEAST, LARGE),
            "positive_weight": number(LEAST, LARGE),
            **dict.fromkeys(("random_negatives", "passes", "per_image", "retrain_after"), _COUNT),
            "negative_overlap": number(0, LARGE),
            "memory": whole(1, 2**60),
            "solver": text("own", "scikit-learn"),
        },
        "norm": number(LEAST, LARGE),
        "centre": FLAG,
        "standardise": FLAG,
        "penalty": number(LEAST, 1e12),
        "regression_examples": _COUNT,
        "negative_iou": number(LEAST, 1),
        "use_difficult": FLAG,
        "held_out": number(0, 1),
    },
    "layer": text("pool", "fc6", "fc7"),
    "scores": text("svm", "softmax"),
    "ranks": _WIDTHS,
    "search": {
        "mode": text(),
        "colours": several(text(), 1, 64),
        "k": several(number(LEAST, 1e12), 1, 64),
        "strategies": several(several(text(), 1, 64), 1, 64),
        "sigma": number(0, LARGE),
        **dict.fromkeys(("min_size", "min_side", "work_pixels"), _COUNT),
        "scale": number(LEAST, 1),
        "exact": FLAG,
        "limit": optional(_COUNT),
        "seed": _SEED,
    },
    "seed": _SEED,
    "confidence": number(0, 1),
    "preprocessing": PREPROCESSING,
    "calibration": {"slope": number(LEAST, LARGE), "offset": number(-LARGE, LARGE)},
    "further": whole(0, 100_000),
}
CLASSIFIER: Fields = {
    "classes": _LABELS,
    "backbone": text(),
    "levels": several(whole(1, LARGEST_LEVEL), 1, 64),
    "widths": several(whole(1, 65_536), 0, 64),
    "dropout": number(0, 1),
    "multi_label": FLAG,
    "seed": _SEED,
    "side_": whole(1, LARGEST_SCALE),
    "short_side_": whole(1, LARGEST_SCALE),
}
# Of what is known of a training: what cards and lists are made of.
METRICS: Fields = {
    "images": _COUNT,
    "objects": named(_COUNT),
    "seconds": named(FIGURE),
    "labels": named(_COUNT),
    "quality": text(),
    "history": {"losses": several(FIGURE, 0, 10**6), "scores": named(several(FIGURE, 0, 10**6))},
}
