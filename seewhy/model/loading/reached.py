"""Whether a model is where its name says, folder or Hub: asked before libraries that take seconds to load."""

import re
from pathlib import Path

from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from seewhy.model.weights import ADAPTER, REMEDY, root_of, weights_place

CONFIG = "config.json"
PATIENCE = 6
"""Seconds to wait for the Hub, at most; fewer where HF_HUB_ETAG_TIMEOUT says so."""
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[\w.-]+)?")


def require_reached(name: str) -> None:
    """Look for a model's configuration, and that of the base of an adapter.

    Raises:
        ValueError: it is not there, or the Hub cannot be asked; the message names the model and the remedy.
    """
    place = weights_place(name)
    root = str(root_of(_of_folder(name, place)))
    if root != place:
        _of_folder(root, root)


def _of_folder(name: str, place: str) -> str:
    folder = Path(place)
    if folder.is_dir():
        if not any((folder / file).is_file() for file in (CONFIG, ADAPTER)):
            raise _unopened(name, f"the folder holds no {CONFIG}")
    elif folder.is_file():
        raise _unopened(name, "it is a file and no folder")
    elif not HUB_NAME.fullmatch(name):
        raise _unopened(name, f"there is no folder {folder.absolute()}")
    else:
        _require_on_hub(name, place)
    return place


def _require_on_hub(name: str, place: str) -> None:
    if isinstance(try_to_load_from_cache(place, CONFIG), str):
        return
    here = f"there is no folder {Path(place).absolute()}"
    if constants.HF_HUB_OFFLINE:
        raise _unopened(name, f"{here}, and the Hub is not asked while HF_HUB_OFFLINE is set")
    try:
        get_hf_file_metadata(hf_hub_url(place, CONFIG), timeout=min(PATIENCE, constants.HF_HUB_ETAG_TIMEOUT))
    except GatedRepoError as error:
        raise _unopened(
            name, "its owner grants access on the Hub: ask there, and log in with `hf auth login`"
        ) from error
    except (RepositoryNotFoundError, EntryNotFoundError) as error:
        raise _unopened(name, f"{here}, and the Hub has no such model with a {CONFIG}") from error
    except HfHubHTTPError as error:
        raise _unopened(name, f"{here}, and the Hub says: {str(error).splitlines()[0]}") from error
    except Exception as error:
        # Of the transport: which library it is, and so which class its errors are of, is the Hub library's affair.
        said = f"the Hub cannot be reached at {constants.ENDPOINT} ({str(error) or type(error).__name__})"
        raise _unopened(name, f"{here}, and {said}") from error


def _unopened(name: str, why: str) -> ValueError:
    return ValueError(f"model {name!r} cannot be opened ({why}); {REMEDY}")
