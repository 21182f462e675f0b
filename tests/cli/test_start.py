"""Questions about the command line itself are answered at once: no model library is loaded for them."""

import os
import subprocess
import sys

ASK = """
import os, sys
from seewhy.cli.main import main
for words, heavy in ((["--help"], {"torch", "numpy", "pyarrow"}), (["--version"], {"torch", "numpy", "pyarrow"}),
                     (["recipe", "list"], {"torch"}), (["recipe", "show", "inkgrid"], {"torch"}),
                     (["recipe", "show", "inkgrid-full"], {"torch"}), (["run", "inkgrid", "--help"], {"torch"}),
                     (["explain", "### Answer: B", "--rule", "letter", "--options", "4", "--gold", "B"], {"torch"})):
    assert main(words) == 0, words
    found = (heavy | {"transformers", "matplotlib"}) & set(sys.modules)
    assert not found, f"{words} loads {sorted(found)}"
# transformers would say at each load of a model that torchvision is missing, and draw a bar across ours.
assert (os.environ["TRANSFORMERS_VERBOSITY"], os.environ["HF_HUB_DISABLE_PROGRESS_BARS"]) == ("error", "1")
"""
TIME = "import time; t = time.process_time(); from seewhy.cli.main import main; main(['--help']); "
TIME += "print('TOOK', time.process_time() - t)"


def test_help_version_and_recipes_are_shown_without_loading_torch_and_keep_the_libraries_quiet():
    quiet = {"TRANSFORMERS_VERBOSITY", "HF_HUB_DISABLE_PROGRESS_BARS"}
    given = {name: value for name, value in os.environ.items() if name not in quiet}
    done = subprocess.run([sys.executable, "-c", ASK], env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("  rerank ", "A trained model as verifier", "seewhy 0.", "inkgrid-full", "learning_rate: "):
        assert word in done.stdout


def test_the_help_takes_less_than_four_tenths_of_a_second_of_processor_time():
    done = subprocess.run([sys.executable, "-c", TIME], capture_output=True, text=True, check=True)
    assert float(done.stdout.rpartition("TOOK ")[2]) < 0.4
