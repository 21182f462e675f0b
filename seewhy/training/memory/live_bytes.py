"""Counts the bytes of tensors while they live: of real ones, or of ones on the meta device, which have no memory."""

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

OWN_ROOM: Mapping[object, int] = {torch.ops.aten.logsumexp.default: 1}
"""Operations that fill as many copies of their input inside, which no one outside sees: exp(x - max) here."""


class LiveBytes(TorchDispatchMode):
    """While entered, counts what is made; tensors that were there before do not count, nor do views of them."""

    def __init__(self, known: Iterable[Tensor]) -> None:
        """`known` are the tensors, weights above all, that are there already."""
        super().__init__()
        self.live = 0
        """Bytes of all tensors that were made and still live."""
        self.peak = 0
        """The most that `live` ever was."""
        self._known = {id(storage): storage for storage in (tensor.untyped_storage() for tensor in known)}
        self.events: list[tuple[int, int]] = []
        """Number and bytes of each tensor as it was made, and its number and 0 when it was freed."""
        self._held: dict[int, weakref.ref[torch.UntypedStorage]] = {}
        self._made = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        """Run the operation and count what it made."""
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._hold(tensor.untyped_storage())
        if func in OWN_ROOM:
            self._use_room(OWN_ROOM[func] * args[0].nbytes)
        self.peak = max(self.peak, self.live)
        return made

    def _use_room(self, size: int) -> None:
        self._made += 1
        self.events += [(self._made, size), (self._made, 0)]
        self.peak = max(self.peak, self.live + size)

    def _hold(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        if key in self._known or key in self._held:
            return

        self._made += 1
        number = self._made

        def let_go(_: object) -> None:
            self.live -= size
            self.events.append((number, 0))
            del self._held[key]

        self._held[key] = weakref.ref(storage, let_go)
        self.live += size
        self.events.append((number, size))

    def restart(self) -> None:
        """Count the peak anew, from what lives now."""
        self.peak = self.live
