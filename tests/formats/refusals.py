"""What `seewhy data convert` says of a row that it refuses, remedy included, for tables of such rows."""

from pathlib import Path

from three_lines import SEVERAL

from seewhy.cli.main import main
from seewhy.records.remedy import split


def refusal(capsys, place: Path, to: str, *words: object) -> str:
    """What is said of the first row, which is refused; nothing is left behind."""
    out = place.parent / "out"
    capsys.readouterr()
    assert main(["data", "convert", str(place), str(out), "--to", to, *map(str, words)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert SEVERAL.fullmatch(said.err), said.err
    assert "remedy: mend what is named, or keep the others with --skip-bad" in said.err
    assert not out.exists()
    row = said.err.splitlines()[1].strip()
    assert row.startswith(f"{place}:1: "), row
    assert split(row)[1], f"no remedy in {row}"
    return row


def complaint(capsys, *words: object) -> tuple[str, str]:
    """What `seewhy data` says is wrong, and what to do, of a command that fails."""
    capsys.readouterr()
    assert main(["data", *map(str, words)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert SEVERAL.fullmatch(said.err), said.err
    what, _, remedy = said.err.rpartition("\n  remedy: ")
    assert "lists what it takes" not in remedy, said.err
    return what.partition("\n  where:")[0].removeprefix("seewhy: "), remedy.strip()
