"""An error as three lines: what is wrong, where, and the remedy."""

import errno
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from seewhy.records.remedy import placed, split

BY_NUMBER = {
    errno.ENOSPC: "free space there; the same command goes on from what is finished",
    errno.EFBIG: "free space there, or raise the limit on the size of files",
    errno.EDQUOT: "free space there; the same command goes on from what is finished",
    errno.EACCES: "choose a place that you may read and write, or change its permissions",
    errno.EPERM: "choose a place that you may read and write, or change its permissions",
    errno.EROFS: "choose a folder that can be written",
    errno.ENOENT: "check the path; it begins at the current folder",
    errno.EISDIR: "name a file in place of the folder",
    errno.ENOTDIR: "name a folder in place of the file",
    errno.EADDRINUSE: "choose another --port; 0 takes a free one",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ECONNREFUSED: "start the server, or correct its address",
}
"""What to do about errors of the system."""
IN_FILE, CORRECT = re.compile(r"\.ya?ml|^step |:\d|, (?:line|row) \d"), "correct it there"
"""A place that can be looked up and corrected: of a recipe, or a row of a file."""
LONGEST, UTF8 = 160, "rename the file or folder, or write its text again in UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a user is told of an error."""

    what: str
    where: str
    remedy: str

    def __str__(self) -> str:
        """As it is printed: a line each; what consists of several faults has a line for each of them."""
        return f"seewhy: {self.what}\n  where:  {self.where}\n  remedy: {self.remedy}"


def complaint_of(error: Exception, words: Sequence[str]) -> Complaint:
    """The three lines of an error of a command line."""
    command = shlex.join(["seewhy", *words])
    command = command if len(command) <= LONGEST else f"{command[: LONGEST - 4]} ..."
    helps = f"`seewhy {words[0]} --help` lists what it takes" if words else "`seewhy --help` lists the commands"
    if isinstance(error, OSError) and error.errno in BY_NUMBER and error.strerror:
        place = error.filename if isinstance(error.filename, str) else command
        return Complaint(what=error.strerror, where=place, remedy=BY_NUMBER[error.errno])
    cause = error.__cause__ if isinstance(error.__cause__, UnicodeEncodeError) else error
    if isinstance(cause, UnicodeEncodeError) and "surrogates" in cause.reason:
        near = cause.object[max(0, cause.start - LONGEST) : cause.start + 1].encode("utf-8", "backslashreplace")
        return Complaint(
            what=f"{near.decode().splitlines()[-1].strip()}: holds bytes that are no UTF-8",
            where=command,
            remedy=UTF8,
        )
    text = str(error).strip() or type(error).__name__
    first, _, more = text.partition("\n")
    what, remedy = split(first)
    if more:
        return Complaint(what=text.replace("\n", "\n  "), where=command, remedy=remedy.removesuffix(":") or helps)
    place, fault = placed(what)
    helps = BY_NUMBER[errno.ENOENT] if "no such file" in fault else CORRECT if IN_FILE.search(place) else helps
    return Complaint(what=what, where=f"{place} in {command}" if place else command, remedy=remedy or helps)
