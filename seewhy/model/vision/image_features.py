"""Image features: cached while the vision encoder is frozen, computed anew otherwise."""

import logging
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.scores import separate_logps
from seewhy.model.vision.encoders import (
    Shape,
    encode,
    encoder_identity,
    encoder_place,
    needed,
    picture_features,
    recalling,
)
from seewhy.model.vision.feature_cache import FeatureCache, feature_key

EXACT, ROUGH = 1e-5, 5e-2
"""Largest gap of a log-probability that kept features may make: in float32 and above, and in half precision."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was found out, on the first picture, of an encoder whose output can be kept."""

    place: str
    """Name of the encoder in the net."""
    identity: str
    shape: Shape
    names: tuple[str, ...]
    """Of the encoder's tensors, those that the features are made of."""
    uses_files: bool


@dataclass(slots=True, kw_only=True)
class _Stand:
    """A time in which no weight moves but `moved`; what is found out of the encoder holds as long."""

    moved: frozenset[int]
    is_settled: bool = False
    kept: Kept | None = None


class ImageFeatures:
    """Adds the features of their pictures to prompts while the net's vision encoder is frozen.

    What the encoder gives is kept in `cache`; the projector, and whatever else follows the encoder, runs in each
    pass and may be trained. Prompts are handed on as they are where no cache is set, where nothing was said to stand
    still, where the encoder is trained or small, and where the first picture shows that kept features do not give the
    log-probabilities of a pass of the net's own. A prompt's pictures are always seen by themselves, so that their
    features do not depend, even in rounding, on what was kept before.
    """

    def __init__(self, net: PreTrainedModel) -> None:
        """Keeps nothing yet."""
        self.net = net
        self.cache: FeatureCache | None = None
        self._stand: _Stand | None = None

    def freeze(self, moved: Iterable[nn.Parameter] = ()) -> None:
        """From now on no weight of the net moves but `moved`; for a while only, see `standing`.

        Raises:
            ValueError: a weight is to move that was declared frozen.
        """
        moves = frozenset(map(id, moved))
        if self._stand is None:
            self._stand = _Stand(moved=moves)
        elif not moves <= self._stand.moved:
            raise ValueError("the weights of this model were declared frozen: open it anew to train it")

    @contextmanager
    def assume_frozen(self, moved: Iterable[nn.Parameter] = ()) -> Generator[None]:
        """While the context lasts no weight of the net moves but `moved`."""
        before = self._stand
        self.freeze(moved)
        try:
            yield
        finally:
            self._stand = before

    def groups(self, groups: Sequence[Group]) -> list[Group]:
        """The groups with the features of their pictures where these can be kept."""
        prompts = self.prompts([group.prompt for group in groups])
        return [replace(group, prompt=prompt) for group, prompt in zip(groups, prompts, strict=True)]

    def prompts(self, prompts: Sequence[Prompt]) -> list[Prompt]:
        """The prompts with the features of their pictures where these can be kept."""
        return [self._seen(prompt) if prompt.pictures and not prompt.features else prompt for prompt in prompts]

    def _seen(self, prompt: Prompt) -> Prompt:
        if self.cache is None or self._stand is None or self.net.training:
            return prompt
        if not self._stand.is_settled:
            self._stand.kept = _Trial(self.net, self.cache, prompt).settle(self._stand.moved)
            self._stand.is_settled = True
        return prompt if self._stand.kept is None else recalled(self.net, self._stand.kept, self.cache, prompt)


def recalled(net: PreTrainedModel, kept: Kept, cache: FeatureCache, prompt: Prompt) -> Prompt:
    """The prompt with features made of what the encoder gave before, or gives now and is kept."""
    tensors = cache.get(feature_key(kept.identity, prompt.pictures), lambda: made(net, kept, prompt), kept.uses_files)
    with recalling(net, kept.place, kept.shape.build(tensors, net.device)):
        return replace(prompt, features=picture_features(net, prompt))


def made(net: PreTrainedModel, kept: Kept, prompt: Prompt) -> dict[str, Tensor]:
    """What is kept of what the encoder gives for the prompt's pictures now."""
    _, tensors = encode(net, kept.place, prompt)
    return {name: tensors[name] for name in kept.names}


@dataclass(frozen=True, slots=True)
class _Trial:
    """Finds out on a prompt with pictures whether and how a net's features are kept, and says it once."""

    net: PreTrainedModel
    cache: FeatureCache
    prompt: Prompt

    def settle(self, moved: frozenset[int]) -> Kept | None:
        """How they are kept; None where the encoder runs in each pass."""
        place = encoder_place(self.net)
        why = self._why_not(place, moved)
        if place is None or why:
            LOG.info("%s: %s, so it runs in each pass", type(self.net).__name__, why)
            return None
        try:
            return self._try(place)
        except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
            LOG.warning(
                "%s: what its vision encoder sees cannot be kept (%s), so it runs in each pass",
                type(self.net).__name__, error,
            )  # fmt: skip
            return None

    def _why_not(self, place: str | None, moved: frozenset[int]) -> str:
        if place is None:
            return "it has no vision encoder of its own"
        parameters = list(self.net.get_submodule(place).parameters())
        weights = sum(parameter.numel() for parameter in parameters)
        if any(id(parameter) in moved for parameter in parameters):
            return "its vision encoder is trained"
        if weights < self.cache.plan.least_weights:
            return f"its vision encoder is small ({weights:,} weights)"
        return ""

    def _try(self, place: str) -> Kept:
        shape, tensors = encode(self.net, place, self.prompt)
        names = tuple(needed(self.net, place, self.prompt, shape, tensors))
        halves = torch.is_autocast_enabled(self.net.device.type)
        identity = encoder_identity(self.net, place, names) + (" in bf16" if halves else "")
        kept = Kept(place=place, identity=identity, shape=shape, names=names, uses_files=False)
        began = time.perf_counter()
        tensors = made(self.net, kept, self.prompt)
        running = time.perf_counter() - began
        self._compare(kept, tensors)
        self.cache.get(feature_key(identity, self.prompt.pictures), lambda: tensors)
        kept = replace(kept, uses_files=self._reads_faster(kept, tensors, running))
        LOG.info(
            "%s: what its vision encoder sees is kept (it takes %.1f ms a prompt)%s", type(self.net).__name__,
            1e3 * running, ", also in files" if kept.uses_files else "",
        )  # fmt: skip
        return kept

    @torch.no_grad()
    def _compare(self, kept: Kept, tensors: Mapping[str, Tensor]) -> None:
        """Raises ValueError where features of what was kept are not those of a pass of the net's own."""
        with recalling(self.net, kept.place, kept.shape.build(tensors, self.net.device)):
            first, again = (picture_features(self.net, self.prompt) for _ in range(2))
        if not all(torch.equal(a, b) for a, b in zip(first, again, strict=True)):
            raise ValueError("it writes into what its vision encoder gave")
        trial = Group(prompt=self.prompt, responses=(self.prompt.ids[-1:] * 4,))
        with_features = replace(trial, prompt=replace(self.prompt, features=first))
        [[expected]], [[found]] = (separate_logps(self.net, [group]) for group in (trial, with_features))
        gap = float((expected - found).abs().max())
        if not gap <= (EXACT if self.net.dtype in (torch.float32, torch.float64) else ROUGH):
            raise ValueError(f"a log-probability would change by {gap:.2g}")

    def _reads_faster(self, kept: Kept, tensors: Mapping[str, Tensor], running: float) -> bool:
        """Whether reading a prompt's features from the disk takes less than making them; found out by doing it."""
        files = self.cache.files
        if files is None:
            return False
        key = feature_key(kept.identity, self.prompt.pictures)
        files.write(key, tensors)
        files.cool(key)
        began = time.perf_counter()
        found = files.read(key)
        reading = time.perf_counter() - began
        if found is None or reading >= running:
            LOG.info("features stay out of files: reading takes %.1f ms a prompt, making them %.1f ms",
                     1e3 * reading, 1e3 * running)  # fmt: skip
            return False
        return True
