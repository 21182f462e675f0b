"""Opens models, and keeps the last few open so that stages of one run share them."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from seewhy.model.families import tiny
from seewhy.model.families.hub import HubModel
from seewhy.model.features import FeatureCache
from seewhy.model.prompt_cache import PromptCache
from seewhy.records.files import hash_file

OPEN = 4
"""Models in memory at once."""


def place_of(name: str) -> str:
    """Folder or Hub name of a model's name in a recipe; `tiny` is the one that ships with seewhy."""
    return str(tiny.SHIPPED) if name == "tiny" else name


def identity_of(name: str) -> str:
    """What stands for a model in fingerprints: the hash of its weight files, or its Hub name."""
    files = sorted(Path(place_of(name)).glob("*.safetensors"))
    return " ".join(hash_file(path) for path in files) if files else name


@dataclass(frozen=True, slots=True)
class Shelf:
    """Open models by name."""

    models: OrderedDict[str, HubModel] = field(default_factory=OrderedDict)
    prompts: dict[str, PromptCache] = field(default_factory=dict)
    """Encoded prompts by processor: models of one run encode a question once."""
    features: FeatureCache | None = None
    """What vision encoders made of pictures: models of one run that share an encoder run it once a picture."""

    def open(self, name: str, label: str) -> HubModel:
        """The model of a folder or Hub name, called `label` in the rows it makes; never one whose weights moved."""
        if name not in self.models:
            self.models[name] = self.fresh(name, label)
            self.models[name].sight.stand()
            if len(self.models) > OPEN:
                self.models.popitem(last=False)
        self.models.move_to_end(name)
        return self.models[name]

    def fresh(self, name: str, label: str) -> HubModel:
        """The model anew from its files, to be trained."""
        place = place_of(name)
        try:
            model = HubModel.load(place, label=label)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"model {name!r} cannot be opened ({error}); give `tiny`, a folder in Hugging Face format with its "
                "processor, or the name of a vision-language model on the Hub"
            ) from error
        model.prompts = self.prompts.setdefault(model.processor_fingerprint, model.prompts)
        model.sight.cache = self.features
        return model
