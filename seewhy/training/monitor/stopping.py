"""What is said of a training that an alarm stopped: where its weights are, and how it goes on."""

from pathlib import Path

from seewhy.training.checkpoint import checkpoints
from seewhy.training.monitor.alarms import Alarm


def stop_words(alarm: Alarm, directory: Path) -> str:
    """Of a run in `directory` whose steps up to the alarm are saved."""
    saved = checkpoints(directory)
    before = [path for path in saved if int(path.name.rpartition("-")[2]) <= alarm.step]
    good = f"{before[-1]} is the last one from before it" if before else "none was saved before it"
    return (
        f"stopped by the alarm {alarm.name} at {alarm.summary}. What was trained is saved in {saved[-1]}; {good}. To "
        "train with other settings, begin another run. To go on from here all the same, give the same command without "
        f"{alarm.name} among the alarms of `abort`"
    )
