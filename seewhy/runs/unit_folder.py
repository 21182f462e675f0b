"""The folder of a unit: whether it is finished, and what earlier settings left in it."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from seewhy.records.canonical import canonical_json
from seewhy.records.integrity import Fault, explain_faults, hash_files, verify_files
from seewhy.records.lineage import MANIFEST, Manifest, library_versions, read_manifest, seeds_of, write_manifest
from seewhy.records.shards import shard_numbers
from seewhy.runs.cards import MODEL_CARD
from seewhy.runs.fingerprints import StepSpec, differences, read_spec
from seewhy.runs.lock import LOCK
from seewhy.runs.plan_file import PLAN


def write_finished(
    folder: Path, command: str, spec: StepSpec, counts: Mapping[str, int], seconds: float, dollars: float
) -> None:
    """Write the manifest that makes a unit whole, with the hash of each of its files.

    Args:
        folder: of the unit.
        command: the words of the command line.
        spec: what the unit follows from.
        counts: rows, inputs and whatever the stage counted.
        seconds: of all calls.
        dollars: paid to servers.
    """
    # Where a stage runs alone, its lock is in the folder of its rows.
    files = {
        name: digest for name, digest in hash_files(folder).items() if name != LOCK and Path(name).name != MODEL_CARD
    }
    write_manifest(folder, Manifest(
        stage=spec.stage, plan=canonical_json(spec.settings), fingerprint=spec.fingerprint, inputs=spec.inputs,
        counts=dict(counts), versions=library_versions(), seeds=seeds_of(spec.settings), seconds=seconds,
        dollars=dollars, command=command, finished_at=datetime.now(UTC).isoformat(timespec="seconds"), files=files,
    ))  # fmt: skip


def is_finished(folder: Path, spec: StepSpec) -> bool:
    """Whether the folder holds all rows, or the model, of this spec, each file as it was written.

    Raises:
        ValueError: a file was changed or added since; the message names it, and nothing else is offered for deletion.
    """
    if not (folder / MANIFEST).is_file():
        return False
    manifest = read_manifest(folder)
    if manifest.fingerprint != spec.fingerprint:
        return False
    faults = verify_files(folder, manifest)
    if damaged := [one for one in faults if one.fault is not Fault.MISSING]:
        raise ValueError(explain_faults(damaged))
    return not faults


def clear_stale(folder: Path, spec: StepSpec) -> None:
    """Take away what an earlier recipe left unfinished or stale in a unit's folder; rows of the same spec stay.

    Raises:
        ValueError: the folder holds files that no unit wrote.
    """
    if not folder.is_dir() or not differences(folder, spec):
        if folder.is_dir() and read_spec(folder) is None and shard_numbers(folder):
            raise ValueError(f"{folder} holds rows, and no {PLAN} says of which settings: move them away")
        (folder / MANIFEST).unlink(missing_ok=True)
        return
    keep = {LOCK, *(child.name for child in folder.iterdir() if child.is_dir() and (child / PLAN).is_file())}
    for child in folder.iterdir():
        if child.name not in keep:
            shutil.rmtree(child) if child.is_dir() else child.unlink()
