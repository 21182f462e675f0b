"""A recipe: the models it uses and its steps in order, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seewhy.model.plan import ComputePlan
from seewhy.records.ranges import require_seed
from seewhy.runs.api import Stage
from seewhy.runs.machine import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A run, from questions to report: plain data, as YAML and back."""

    name: str
    """What the run and its report are called."""
    seed: int = 0
    """Seed of every step that names none of its own."""
    models: Mapping[str, ModelSpec] = field(default_factory=dict[str, ModelSpec])
    """Models that the run starts from, by the names that steps use."""
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Rows from outside the run, by the names that steps use: folders of rows, Parquet or JSONL files."""
    compute: ComputePlan = field(default_factory=ComputePlan)
    """Device and precision of all local models."""
    steps: Mapping[str, Stage]
    """Steps by name, in the order in which they run."""

    def __post_init__(self) -> None:
        """Refuse a seed that no generator takes."""
        require_seed(self)
