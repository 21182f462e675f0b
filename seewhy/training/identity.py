"""The fingerprint of a model's weights, hashed again only after a weight has changed."""

from itertools import chain
from weakref import WeakKeyDictionary

from torch import Tensor

from seewhy.training.api import Trainable

Versions = tuple[tuple[int, int], ...]

_HASHED: WeakKeyDictionary[Trainable, tuple[Versions, str]] = WeakKeyDictionary()
"""The last fingerprint of each open model, with the versions of the tensors that it was computed from."""


def _version(tensor: Tensor) -> tuple[int, int]:
    """Where a tensor's values are, and how often autograd has seen them change in place."""
    return tensor.data_ptr(), tensor._version


def weights_fingerprint(model: Trainable) -> str:
    """`model.fingerprint`, computed once for each state of the weights: 14 GB take some 15 s to hash.

    In-place operations, an optimiser's step and loading a checkpoint are noticed. Values written through
    `tensor.data` of the same storage are not.
    """
    net = model.net
    versions = tuple(map(_version, chain(net.parameters(), net.buffers())))
    found = _HASHED.get(model)
    if found is None or found[0] != versions:
        found = versions, model.fingerprint
        _HASHED[model] = found
    return found[1]
