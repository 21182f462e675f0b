"""What training asks of a model: prompts, differentiable log-probabilities, and its weights by part."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path as FilePath
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from seewhy.model.api import Generates
from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.scores import Path
from seewhy.model.plan import ComputePlan
from seewhy.model.vision.image_features import ImageFeatures
from seewhy.records.types import Question, Response, Style


@runtime_checkable
class ScoresGroups(Protocol):
    """Anything that encodes prompts and scores the responses of question groups."""

    def prompt(self, question: Question, style: Style, blind: bool = False) -> Prompt:
        """The question as token ids and picture tensors."""
        ...

    def response_ids(self, response: Response) -> tuple[int, ...]:
        """Ids as sampled where the response has them, else its text tokenised, with the end of turn."""
        ...

    def group_logps(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        """For each group, for each response, the float32 log-probabilities of its tokens, differentiable."""
        ...

    def group_tokens(self, group: Group) -> int:
        """Tokens of the group's packed row."""
        ...


@runtime_checkable
class Trainable(ScoresGroups, Protocol):
    """A vision-language model whose weights can be moved."""

    @property
    def net(self) -> nn.Module:
        """The network; training moves its float32 weights in place."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the weights as they are now, and of the processor."""
        ...

    @property
    def settings(self) -> Mapping[str, str]:
        """What else decides what training makes of the weights, by name: "adapter" and "precision", where not usual."""
        ...

    @property
    def has_adapter(self) -> bool:
        """Whether what is trained is an adapter and not the weights."""
        ...

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """All weights under "tower" (what sees), "projector" and "language"."""
        ...

    def save(self, directory: FilePath) -> None:
        """Writes the model, whole, so that it can be opened again by its path."""
        ...

    def save_adapter(self, directory: FilePath) -> None:
        """Writes the adapter alone; called where `has_adapter`."""
        ...


@runtime_checkable
class Probed(Trainable, Generates, Protocol):
    """A trainable model that replies as well: what a probe asks of it."""


@runtime_checkable
class DrawsRollouts(Probed, Protocol):
    """A trainable model that draws rollouts, and scores them by the distribution that they were drawn from."""

    @property
    def compute(self) -> ComputePlan:
        """Device and precision of its forward passes."""
        ...

    def as_drawn(self, temperature: float) -> AbstractContextManager[None]:
        """While it lasts, log-probabilities are at this temperature, and without what may not be drawn."""
        ...

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token; joined they are the text."""
        ...

    def path_of(self, prompts: Sequence[Prompt]) -> Path:
        """How groups of these prompts run: packed, or in separate rows."""
        ...


@runtime_checkable
class EncodesInThreads(Protocol):
    """A model whose prompts may be encoded by one thread while another one computes with it, or encodes replies."""

    @property
    def encoding(self) -> AbstractContextManager[object]:
        """Held while words become tokens."""
        ...


@runtime_checkable
class Drops(Protocol):
    """A model that may drop values while it is trained."""

    def dropping(self, address: str) -> AbstractContextManager[None] | None:
        """While it lasts, values are dropped by this address and by example; None where nothing ever is."""
        ...


def drops(model: object) -> bool:
    """Whether the model drops values while it is trained."""
    return isinstance(model, Drops) and model.dropping("") is not None


def dropping(model: object, address: str) -> AbstractContextManager[None]:
    """While it lasts, the model drops by this address and by example, where it drops at all."""
    return (isinstance(model, Drops) and model.dropping(address)) or nullcontext()


@runtime_checkable
class KeepsFeatures(Protocol):
    """A model that can keep what its vision encoder computes of a picture while that encoder is frozen."""

    @property
    def image_features(self) -> ImageFeatures:
        """Which hands prompts on with the features of their pictures."""
        ...


def assume_frozen(model: ScoresGroups, moved: Iterable[nn.Parameter] = ()) -> AbstractContextManager[None]:
    """While it lasts no weight of the model moves but `moved`, so a model that can may keep what a still part made."""
    return model.image_features.assume_frozen(moved) if isinstance(model, KeepsFeatures) else nullcontext()
