"""How much memory a training step held at its highest point."""

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_HIGH_WATER = "5"
"""What Linux takes, written to `clear_refs`, as the wish to count the high-water mark anew (man 5 proc)."""
MIB = 2**20


@dataclass(slots=True)
class HighWater:
    """The most memory that this process has held, since it began and since its newest step did."""

    before: float = 0.0
    """MiB that were held at most before the newest step."""

    def max_mb(self) -> float:
        """Most memory that this process has held so far, in MiB."""
        return max(self.before, self.mark_mb())

    def mark_mb(self) -> float:
        """The system's own mark in MiB: since the newest step began, or so far where it cannot be reset."""
        if STATUS.is_file():
            lines = STATUS.read_text(encoding="ascii").splitlines()
            return next(float(line.split()[1]) / 2**10 for line in lines if line.startswith("VmHWM:"))
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # macOS counts bytes here, the others KiB.
        return most / MIB if sys.platform == "darwin" else most / 2**10

    def reset(self) -> bool:
        """Count anew from what is held now; False where the system does not let us."""
        self.before = self.max_mb()
        try:
            CLEAR.write_text(RESET_HIGH_WATER, encoding="ascii")
        except OSError:
            return False
        return True


PROCESS = HighWater()
"""The high-water mark is the process's, and so is what replaces the marks that were reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPeak:
    """A step whose highest point is watched, from where it was made on."""

    device: torch.device
    is_own: bool
    """Whether the figure is the step's own, and not that of all steps so far."""

    @classmethod
    def begin(cls, device: torch.device) -> "StepPeak":
        """Watch from now on: the device's allocator on CUDA, else the process's memory. It costs microseconds."""
        is_own = PROCESS.reset()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            is_own = True
        return cls(device=device, is_own=is_own)

    def figures(self) -> dict[str, float]:
        """MiB: `peak_mb` of this step; `peak_so_far_mb` where the system only reports the peak of the whole process."""
        is_cuda = self.device.type == "cuda"
        most = torch.cuda.max_memory_allocated(self.device) / MIB if is_cuda else PROCESS.mark_mb()
        return {"peak_mb" if self.is_own else "peak_so_far_mb": most}
