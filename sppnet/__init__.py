"""A fast SPP-net object detector (He et al. 2015, Spatial Pyramid Pooling in Deep Convolutional Networks).

The folders `detector`, `proposals`, `data` and `tools` at the top of the repository are linked here, so that nothing of
ours is imported, or installed, under a name that a user's own file may have. Names are imported when they are first
used, because torch takes seconds.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
