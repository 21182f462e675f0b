"""Questions about the command line itself are answered at once: no model library is loaded for them."""

import os
import subprocess
import sys

ASK = """
import os, sys
from seewhy.cli.main import main
for words in (["--help"], ["--version"], ["recipe", "list"], ["recipe", "show", "inkgrid"],
              ["recipe", "show", "inkgrid-base"], ["run", "inkgrid", "--help"],
              ["explain", "### Answer: B", "--rule", "letter", "--options", "4", "--gold", "B"]):
    assert main(words) == 0, words
    heavy = {"torch", "transformers", "pyarrow", "matplotlib", "scipy"} & set(sys.modules)
    assert not heavy, f"{words} loads {sorted(heavy)}"
# transformers would say at each load of a model that torchvision is missing, and draw a bar across ours.
assert (os.environ["TRANSFORMERS_VERBOSITY"], os.environ["HF_HUB_DISABLE_PROGRESS_BARS"]) == ("error", "1")
"""


def test_help_version_and_recipes_are_shown_without_loading_torch_and_keep_the_libraries_quiet():
    quiet = {"TRANSFORMERS_VERBOSITY", "HF_HUB_DISABLE_PROGRESS_BARS"}
    given = {name: value for name, value in os.environ.items() if name not in quiet}
    done = subprocess.run([sys.executable, "-c", ASK], env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("rerank     the trained model", "seewhy 0.", "inkgrid-base", "  learning_rate: "):
        assert word in done.stdout
