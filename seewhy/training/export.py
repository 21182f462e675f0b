"""The trained model in files, whole or absent."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from seewhy.records.files import write_text_atomically
from seewhy.training.api import Trainable
from seewhy.training.checkpoint import sync_file, writing
from seewhy.training.identity import weights_fingerprint


def export(model: Trainable, directory: Path, steps: int, best: int | None = None) -> None:
    """Writes the trained model whole, beside it what of it is an adapter, and then the mark that the run is done.

    `steps` were taken; the model is that after `best` of them where held-out rows chose it.
    """
    done = directory / "done.json"
    if done.exists():
        return
    if model.has_adapter:
        write_folder(directory / "adapter", model.save_adapter)
    write_folder(directory / "model", model.save)
    summary = {"steps": steps, "fingerprint": weights_fingerprint(model)} | ({"best": best} if best is not None else {})
    write_text_atomically(done, json.dumps(summary))


def write_folder(final: Path, write: Callable[[Path], None]) -> None:
    """A folder that is whole or absent: `write` fills it beside its place, and it takes its name when it is on disk."""
    partial = final.with_name(f".{final.name}.partial")
    try:
        with writing(final):
            shutil.rmtree(partial, ignore_errors=True)
            write(partial)
            for path in [*partial.rglob("*"), partial]:
                sync_file(path)
            shutil.rmtree(final, ignore_errors=True)
            partial.replace(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
