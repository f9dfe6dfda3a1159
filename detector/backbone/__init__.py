"""Image -> maps: layers, the maps they offer and where their cells lie, preprocessing, weights."""
