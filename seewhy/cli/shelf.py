"""Opens models, and keeps the last few open so that stages of one run share them."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from seewhy.model.families import tiny
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.adapters import base_of
from seewhy.model.loading.prompt_cache import PromptCache
from seewhy.model.plan import FLOAT32, AdapterPlan, ComputePlan
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.records.files import hash_file

NO_ADAPTER = AdapterPlan()
OPEN = 4
"""Models in memory at once."""


def place_of(name: str) -> str:
    """Folder or Hub name of a model's name in a recipe; `tiny` is the one that ships with seewhy."""
    return str(tiny.SHIPPED) if name == "tiny" else name


def identity_of(name: str) -> str:
    """What stands for a model in fingerprints: the hash of its weight files, its base's too, or its Hub name."""
    files, base = sorted(Path(place_of(name)).glob("*.safetensors")), base_of(place_of(name))
    hashes = [*map(hash_file, files), *([identity_of(base)] if base else [])]
    return " ".join(hashes) if files else name


@dataclass(frozen=True, slots=True)
class ModelPool:
    """Open models by name."""

    compute: ComputePlan = field(default_factory=ComputePlan)
    models: OrderedDict[tuple[str, bool], HubModel] = field(default_factory=OrderedDict)
    """By name, and whether they hold float32 weights in any precision."""
    prompts: dict[str, PromptCache] = field(default_factory=dict)
    """Encoded prompts by processor: models of one run encode a question once."""
    features: FeatureCache | None = None
    """What vision encoders made of pictures: models of one run that share an encoder run it once a picture."""

    def open(self, name: str, label: str, adapter: AdapterPlan | None = None) -> HubModel:
        """The model of a folder or Hub name, called `label` in the rows it makes; never one whose weights moved.

        With `adapter`, its weights lie as those of a model that is about to be trained with it: such a model's
        reference.
        """
        key = (name, adapter is not None and not adapter.rank and self.compute.precision != FLOAT32)
        if key not in self.models:
            self.models[key] = self._load(name, label, masters=key[1])
            self.models[key].image_features.freeze()
            if len(self.models) > OPEN:
                self.models.popitem(last=False)
        self.models.move_to_end(key)
        return self.models[key]

    def load_trainable(self, name: str, label: str, adapter: AdapterPlan = NO_ADAPTER) -> HubModel:
        """The model anew from its files, to be trained: itself, or an adapter."""
        model = self._load(name, label, masters=not adapter.rank)
        model.adapt(adapter)
        return model

    def _load(self, name: str, label: str, masters: bool) -> HubModel:
        place = place_of(name)
        try:
            model = HubModel.load(place, label=label, compute=self.compute, masters=masters)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"model {name!r} cannot be opened ({error}); give `tiny`, a folder in Hugging Face format with its "
                "processor, or the name of a vision-language model on the Hub"
            ) from error
        model.prompts = self.prompts.setdefault(model.processor_fingerprint, model.prompts)
        model.image_features.cache = self.features
        return model
