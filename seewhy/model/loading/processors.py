"""A model's processor by its folder or Hub name; torchvision is not needed where pictures can do without it."""

import importlib
import json
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoImageProcessor, AutoProcessor, AutoTokenizer, ProcessorMixin
from transformers.models.auto.auto_mappings import PROCESSOR_MAPPING_NAMES
from transformers.models.auto.configuration_auto import model_type_to_module_name
from transformers.utils.hub import cached_file
from transformers.video_processing_utils import VideoProcessorMixin

from seewhy.model.loading.reading import reading

LOG = logging.getLogger(__name__)
VIDEO = "video_processor"
CONFIGS = ("processor_config.json", "video_preprocessor_config.json")
TORCHVISION = "torchvision"
HELPERS = {
    "num2words": "pip install num2words",
    TORCHVISION: "pip install --no-deps torchvision in the version of your torch (0.28.0 for torch 2.13), which works "
    "beside a CPU build too",
}
"""Libraries that some processors insist on, and how they are installed."""


class UnusedVideoProcessor(VideoProcessorMixin):
    """Takes the place of a processor for videos, which needs torchvision: keeps the settings, takes no video."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        """`settings` as the model's files have them; they are written back as they are."""
        super().__init__()
        self.settings = settings
        # SmolVLM's processor reads these two of its video part while it renders a conversation without a video.
        self.num_frames, self.fps = settings.get("num_frames", 1), settings.get("fps", 1)

    def to_dict(self) -> dict[str, Any]:
        """The settings of the model's files."""
        return dict(self.settings)

    def preprocess(self, videos: object, **kwargs: Any) -> Any:  # noqa: ANN401
        """Refuse."""
        raise ValueError(f"videos need torchvision, which is not installed: {HELPERS[TORCHVISION]}")


class _AnyVideoPart:
    """A processor that does not ask of which class its video part is: without torchvision there is none."""

    def check_argument_for_proper_class(self, argument_name: str, argument: object) -> object:
        if argument_name == VIDEO:
            return type(argument)
        return super().check_argument_for_proper_class(argument_name, argument)  # pyright: ignore[reportAttributeAccessIssue]


def open_processor(place: str | Path) -> ProcessorMixin:
    """The processor of a folder in Hugging Face format or of a model on the Hub.

    Where torchvision is not installed, pictures are prepared by transformers' image processors on Pillow: up to one
    step of 255 a value, mostly, from those on torchvision.

    Raises:
        ValueError: there is none, it does not fit, or it needs a library that is not installed.
    """
    with reading(place):
        found = _opened(place)
        lacks = [part for part in ("tokenizer", "image_processor") if not hasattr(found, part)]
        if lacks:
            raise ValueError(
                f"{place}: its processor is {type(found).__name__}, which has no {lacks[0]}: correct processor_class "
                "in its processor_config.json, or copy the processor of the model again"
            )
    return found


def _opened(place: str | Path) -> Any:  # noqa: ANN401
    """What transformers opens: a tokenizer alone where it knows no such processor."""
    try:
        return AutoProcessor.from_pretrained(place, trust_remote_code=False)
    except ImportError as error:
        if find_spec(TORCHVISION) is not None or TORCHVISION not in str(error).lower():
            raise ValueError(_missing(error)) from error
    try:
        return _without_videos(str(place))
    except ImportError as error:
        raise ValueError(_missing(error)) from error


def _missing(error: ImportError) -> str:
    found = next((name for name in HELPERS if name in str(error).lower()), "")
    remedy = HELPERS.get(found, "install it beside seewhy")
    said = " ".join(str(error).split())
    return f"its processor needs {found or 'a library'}, which is not installed ({said:.160}): {remedy}"


def _without_videos(place: str) -> ProcessorMixin:
    """The processor with its picture and text parts, and a stand-in for videos."""
    kind = _class_of(place)
    settings, _ = kind.get_processor_dict(place)
    parts: list[object] = []
    for name in kind.get_attributes():
        if name == VIDEO:
            parts.append(UnusedVideoProcessor(**_video_settings(place)))
        else:
            parts.append(
                (AutoImageProcessor if name == "image_processor" else AutoTokenizer).from_pretrained(
                    place, trust_remote_code=False
                )
            )
    LOG.info("%s: torchvision is not installed; its pictures are prepared by Pillow", place)
    # Under its own name, which is in the files that are saved.
    return type(kind.__name__, (_AnyVideoPart, kind), {}).from_args_and_dict(parts, settings)


def _class_of(place: str) -> Any:  # noqa: ANN401
    """The class of the processor, from the file that defines it: its public name is a stand-in without torchvision."""
    kind = str(AutoConfig.from_pretrained(place, trust_remote_code=False).model_type)
    name = PROCESSOR_MAPPING_NAMES[kind]
    homes = [kind, *(other for other, found in PROCESSOR_MAPPING_NAMES.items() if found == name)]
    for home in homes:
        module = model_type_to_module_name(home)
        path = f"transformers.models.{module}.processing_{module}"
        if find_spec(f"transformers.models.{module}") is None or find_spec(path) is None:
            continue
        found = vars(importlib.import_module(path)).get(str(name))
        if found is not None:
            return found
    raise ValueError(f"transformers has no {name}, the processor of {kind}")


def _video_settings(place: str) -> dict[str, Any]:
    """What the model's files say of its video processor."""
    for file in CONFIGS:
        path = cached_file(place, file, _raise_exceptions_for_missing_entries=False)
        if path is None:
            continue
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        if file == CONFIGS[1]:
            return found
        if VIDEO in found:
            return found[VIDEO]
    return {}
