"""What transformers raises while it reads a model's files, as one line; and nets whose weights are all there."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from seewhy.model.loading.whole_weights import require_placed
from seewhy.model.weights import root_of
from seewhy.records.remedy import names_remedy

LOG = logging.getLogger(__name__)
META = "meta"
"""The device on which weights have a shape and no values: their files are not read."""
REMOTE = "trust_remote_code"
"""In what transformers says of a model that brings its own code."""
UNPICKLED = "UnpicklingError"
"""The class of what torch raises where a file of weights holds more than tensors."""
LONGEST = 240
"""Letters of a message that are shown; transformers lists all families in some."""


@contextmanager
def reading(source: str | Path) -> Generator[None]:
    """What is raised within, as a ValueError of one line; lack of memory is raised as it is."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        # Of any class: what files that do not fit each other end in is transformers' affair.
        raise ValueError(_told(source, error)) from error


def _told(source: str | Path, error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    cut = f"{said[:LONGEST]}..." if len(said) > LONGEST else said
    if REMOTE in said:
        return f"{source} needs code from its repository, which seewhy does not run; choose one of docs/families.md"
    match error:
        case _ if type(error).__name__ == UNPICKLED:
            return f"{source}: its pytorch_model.bin holds more than tensors and is not read; give it as safetensors"
        case ImportError():
            return f"{cut}; install that, or take weights of the model that do without"
        case OSError() | ValueError():
            return said if names_remedy(said) else cut
        case _:
            return f"{source}: {type(error).__name__}: {cut}; correct the files of the model, or copy it again"


def load_net(source: str | Path, **how: Any) -> PreTrainedModel:  # noqa: ANN401
    """The net of a folder or a Hub name with all of its weights.

    Raises:
        ValueError: its files cannot be read, are of no vision-language model, or lack weights.
    """
    with reading(source):
        require_pictures(source)
        opened: Any = AutoModelForImageTextToText.from_pretrained(
            source, output_loading_info=True, ignore_mismatched_sizes=True, trust_remote_code=False, **how
        )
    net, info = opened
    require_placed(str(source), info)
    if info["unexpected_keys"] and net.device.type != META:
        LOG.warning(
            "%s: %d weights of its files have no place in the net and are left out, such as %s", source,
            len(info["unexpected_keys"]), min(info["unexpected_keys"]),
        )  # fmt: skip
    return net


def require_pictures(source: str | Path) -> None:
    """ValueError where a configuration is of a family that takes no pictures, or of one that transformers lacks."""
    config = AutoConfig.from_pretrained(source, trust_remote_code=False)
    if type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        raise ValueError(
            f"{source} is of the family {config.model_type}, which is no vision-language model of transformers "
            f"{transformers.__version__}; choose one of docs/families.md"
        )


def require_tensors(name: str) -> None:
    """ValueError where a folder's files do not hold the weights that its configuration asks for; none is read.

    A name on the Hub is not looked at.
    """
    root = str(root_of(name))
    if Path(root).is_dir():
        load_net(root, device_map={"": META})
