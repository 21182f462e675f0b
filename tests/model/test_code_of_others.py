"""Python files that lie beside a model's weights are never run, and nobody is asked whether they may be."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from PIL import Image

from seewhy.model.weights import SHIPPED

ROOT = Path(__file__).parents[2]
CODE = """
from pathlib import Path
from transformers import PreTrainedConfig
Path({mark!r}).touch()
class Mine(PreTrainedConfig):
    model_type = "mine"
"""


def own_code(folder: Path, file: str, **fields: object) -> None:
    """A file of settings that names a class in a Python file beside it; the file leaves a mark when it is run."""
    (folder / "mine.py").write_text(CODE.format(mark=str(folder.parent / "ran")))
    told = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(told | fields))


@pytest.mark.parametrize(
    ("file", "fields", "status"),
    [
        ("config.json", {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine"}}, 2),
        ("processor_config.json", {"processor_class": "Mine", "auto_map": {"AutoProcessor": "mine.Mine"}}, 2),
        ("tokenizer_config.json", {"tokenizer_class": "Mine", "auto_map": {"AutoTokenizer": ["mine.Mine", None]}}, 0),
    ],
    ids=["net", "processor", "tokenizer, whose words and merges are read as transformers' own class does"],
)
def test_a_models_own_code_is_not_run_even_where_yes_would_be_the_answer(file, fields, status, tmp_path):
    folder = copytree(SHIPPED, tmp_path / "model")
    own_code(folder, file, **fields)
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    command = [sys.executable, "-m", "seewhy", "ask", str(folder), str(tmp_path / "a.png"), "What is it?", "--json"]
    ended = subprocess.run(command, input="y\n" * 9, capture_output=True, text=True, check=False, cwd=ROOT)
    assert not (tmp_path / "ran").exists()
    assert ended.returncode == status
    if status:
        assert ended.stdout == ""
        assert "needs code from its repository, which seewhy does not run" in ended.stderr


def test_whatever_opens_files_of_a_model_says_that_its_code_is_not_to_be_run():
    calls = [
        (file.relative_to(ROOT).as_posix(), node)
        for file in (ROOT / "seewhy").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "from_pretrained"
        and "Auto" in ast.unparse(node.func.value)
    ]
    assert len(calls) >= 6
    assert [(file, node.lineno) for file, node in calls
            if "trust_remote_code=False" not in map(ast.unparse, node.keywords)] == []  # fmt: skip
