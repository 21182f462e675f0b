"""A Chromium that this machine has: it prints a page as PDF, and the tests of the viewer look through it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "SEEWHY_CHROMIUM"
REMEDY = f"install it (Debian and Ubuntu: apt-get install chromium), or name the program in {VARIABLE}"
OTHER = f"name another Chromium in {VARIABLE}, or leave --pdf away and print the page from a browser"
TIMEOUT = 300
"""Seconds in which a page must be printed."""


def find_chromium() -> str:
    """The program: that of `SEEWHY_CHROMIUM`, else the first of `NAMES` on the path; empty where there is none."""
    given = os.environ.get(VARIABLE, "")
    return given or next((found for name in NAMES if (found := shutil.which(name))), "")


def write_pdf(page: Path, pdf: Path, timeout: float = TIMEOUT) -> None:
    """Print a page of this machine as PDF, without a network.

    Raises:
        ValueError: there is no Chromium.
        OSError: it has written no PDF; with its own last words.
    """
    program = find_chromium()
    if not program:
        raise ValueError(f"{pdf}: there is no Chromium that could print it; {REMEDY}")
    with tempfile.TemporaryDirectory(prefix="seewhy-") as folder:
        printed = Path(folder) / "page.pdf"
        words = [
            program, "--headless", "--disable-gpu", "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}",
        ]  # fmt: skip
        # Chromium refuses its sandbox to root, as in a container; the page is our own and holds no script.
        words += ["--no-sandbox"] if os.geteuid() == 0 else []
        words += [page.resolve().as_uri()]
        try:
            done = subprocess.run(words, capture_output=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise OSError(f"{pdf}: {program} printed nothing within {timeout:g} s: {OTHER}") from error
        except OSError as error:
            raise OSError(f"{pdf}: {program} cannot be started ({error.strerror}): {OTHER}") from error
        if done.returncode or not printed.is_file():
            last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise OSError(f"{pdf}: {program} ended with {done.returncode} and wrote no PDF ({last[0]}): {OTHER}")
        shutil.copyfile(printed, pdf)
