"""What vision encoders made of pictures, kept in bounded memory and then, where a plan says so, on bounded disk."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor

from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.feature_files import FeatureFiles, raw

MIB = 1 << 20


def feature_key(encoder: str, pictures: Mapping[str, Tensor]) -> str:
    """Hash of the encoder's identity and of the very tensors it is handed: names, shapes, precision and bytes.

    The tensors are all that the encoder learns of picture, processor and pixel budget, so no change of these can be
    missed.
    """
    digest = hashlib.sha256(encoder.encode())
    for name, tensor in sorted(pictures.items()):
        digest.update(f"/{name}/{tensor.dtype}/{tuple(tensor.shape)}/".encode())
        digest.update(raw(tensor))
    return digest.hexdigest()


def bytes_of(tensors: Mapping[str, Tensor]) -> int:
    """Memory of the tensors' numbers."""
    return sum(tensor.element_size() * tensor.numel() for tensor in tensors.values())


class FeatureCache:
    """The most recently used features, up to a number of bytes; models may share it, for a key separates them."""

    def __init__(self, plan: FeaturePlan, folder: Path | None = None) -> None:
        """An empty memory; `folder` holds the files where the plan names none and wants some.

        Raises:
            ValueError: the plan wants files and there is no folder for them.
        """
        self.plan = plan
        self.max_bytes = plan.memory_mib * MIB
        self.held_bytes = 0
        self._held: OrderedDict[str, Mapping[str, Tensor]] = OrderedDict()
        place = Path(plan.folder) if plan.folder else folder
        if plan.disk_mib and place is None:
            raise ValueError("FeaturePlan: disk_mib is above 0 and no folder is named: give one")
        self.files = FeatureFiles(place, plan.disk_mib * MIB) if plan.disk_mib and place is not None else None

    def get(self, key: str, see: Callable[[], Mapping[str, Tensor]], uses_files: bool = False) -> Mapping[str, Tensor]:
        """The features of a key: from memory, else from a file where these are used, else seen now and kept."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        files = self.files if uses_files else None
        found = files.read(key) if files is not None else None
        if found is None:
            found = see()
            if files is not None:
                files.write(key, found)
        self._keep(key, found)
        return found

    def _keep(self, key: str, tensors: Mapping[str, Tensor]) -> None:
        if bytes_of(tensors) > self.max_bytes:
            return
        self._held[key] = tensors
        self.held_bytes += bytes_of(tensors)
        while self.held_bytes > self.max_bytes:
            self.held_bytes -= bytes_of(self._held.popitem(last=False)[1])
