"""Commands in several processes: started by `--processes`, and what each of them says at its end."""

from collections.abc import Sequence

from seewhy.cli.options import take_whole
from seewhy.runs.discovery import call_part
from seewhy.runs.processes import is_launched


def take_processes(words: Sequence[str]) -> tuple[int, list[str]]:
    """How many processes are to be started, 1 where a launcher has started them, and the words without the option."""
    wanted, rest = take_whole(words, "--processes")
    if wanted is not None and wanted < 1:
        raise ValueError(f"--processes {wanted}: it is 1 or more")
    return (1 if wanted is None or is_launched() else wanted), rest


def launched(words: Sequence[str], processes: int) -> int:
    """The same command in several processes, which find `--processes` done."""
    return int(call_part("runs", "launch", "launch", words, processes))


def whose(text: str) -> str:
    """An error with the number of the process that met it; empty where the first process says the same."""
    return str(call_part("training.parallel", "ranks", "whose", text)) if is_launched() else text


def end_well() -> None:
    """Part from the other processes, once all of them are done."""
    if is_launched():
        call_part("training.parallel", "ranks", "leave")
