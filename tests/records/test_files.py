"""A file is there whole, or as it was before."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from seewhy.records.files import LARGE_BYTES, hash_each, hash_file, write_bytes_atomically, write_text_atomically


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new" / "note.txt"
    write_text_atomically(path, "one")
    write_text_atomically(path, "zwei, größer")
    assert path.read_text(encoding="utf-8") == "zwei, größer"
    assert [found.name for found in path.parent.iterdir()] == ["note.txt"]


def test_a_place_that_takes_no_file_is_named_with_the_bytes_wanted(tmp_path):
    (tmp_path / "taken").write_text("a file, where a directory is wanted")
    with pytest.raises(OSError, match=r"cannot write .*taken/note\.txt: .*4 bytes wanted.*the same command") as caught:
        write_bytes_atomically(tmp_path / "taken" / "note.txt", b"four")
    assert caught.value.errno is not None


def test_what_a_killed_writer_of_the_same_file_left_is_removed(tmp_path):
    (tmp_path / ".note.txt.4711.tmp").write_text("hal")
    (tmp_path / ".other.txt.4711.tmp").write_text("hal")
    write_text_atomically(tmp_path / "note.txt", "half")
    assert sorted(found.name for found in tmp_path.iterdir()) == [".other.txt.4711.tmp", "note.txt"]


def test_a_hash_is_sha_256_of_the_bytes(tmp_path):
    (tmp_path / "note.txt").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    assert hash_file(tmp_path / "note.txt") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_file(tmp_path / "note.txt") == hashlib.sha256(b"abc").hexdigest()


def test_files_of_many_bytes_are_hashed_as_each_alone_and_one_that_is_gone_is_named(tmp_path):
    paths = [tmp_path / name for name in "cab"]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]))
        os.truncate(path, LARGE_BYTES // 2)
    assert hash_each(paths) == [hash_file(path) for path in paths]
    assert len({hash_file(path) for path in paths}) == 3
    paths[1].unlink()
    with pytest.raises(FileNotFoundError, match=r"/a'"):
        hash_each(paths)


LOOK = """
import sys
from pathlib import Path
from seewhy.records.files import is_file
try:
    print(is_file(Path(sys.argv[1])))
except PermissionError as error:
    print(error.strerror)
"""


def test_a_file_that_may_not_be_looked_at_is_not_said_to_be_missing(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    is_root = os.geteuid() == 0
    if is_root and shutil.which("setpriv") is None:
        pytest.skip("root looks at everything")
    as_user = ["setpriv", "--bounding-set=-all"] if is_root else []
    done = subprocess.run([*as_user, sys.executable, "-c", LOOK, str(tmp_path / "closed" / "a.png")], check=True,
                          capture_output=True, text=True)  # fmt: skip
    assert done.stdout == "Permission denied\n"
