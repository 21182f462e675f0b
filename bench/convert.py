"""Peak memory and rate of `seewhy data convert`: generated pairs in every format to one format, and from one to every.

    python bench/convert.py --rows 100000
    python bench/convert.py --rows 1000000 --only swift mmpr

Each conversion is a process of its own; rows show one of a hundred pictures.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from seewhy.cli.data_convert import ConvertWords, run_convert

HUB = "swift"
"""The format between which and every other one rows are converted."""
FORMATS = (
    "swift", "mmpr", "llava_reasoner", "llamafactory", "llamafactory_pair", "mdpo", "oumi", "trl", "mmcot", "rlaifv",
    "seewhy",
)  # fmt: skip
PICTURES = 100
ONE = "one"


def generate(folder, rows):
    (folder / "images").mkdir(parents=True)
    for number in range(PICTURES):
        Image.new("RGB", (64, 64), (number * 2, 90, 200)).save(folder / "images" / f"{number}.png")
    rng = random.Random(0)
    words = [f"word{number}" for number in range(500)]
    with (folder / "pairs.jsonl").open("w") as file:
        for number in range(rows):
            said = " ".join(rng.choices(words, k=40))
            messages = [
                {"role": "user", "content": f"<image>Question {number}: what is it?"},
                {"role": "assistant", "content": f"{said} So it is {number}."},
            ]
            row = {"messages": messages, "rejected_response": f"{said} So it is {number + 1}.",
                   "images": [f"images/{number % PICTURES}.png"]}  # fmt: skip
            file.write(json.dumps(row) + "\n")


def convert_one(source, out, form):
    """One conversion in this process; what it took is printed as JSON."""
    begun = time.perf_counter()
    run_convert(Path(source), Path(out), ConvertWords(to=form))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - begun, "peak_mib": peak}))


def measured(source, out, form):
    done = subprocess.run(
        [sys.executable, __file__, ONE, source, out, form], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", default=list(FORMATS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        generate(folder / "in", given.rows)
        for form in given.only:
            told = measured(folder / "in" / "pairs.jsonl", folder / form, form)
            show(HUB, form, given.rows, told)
            if form != HUB:
                told = measured(folder / form, folder / "back", HUB)
                show(form, HUB, given.rows, told)
                subprocess.run(["rm", "-r", folder / "back"], check=True)
            subprocess.run(["rm", "-r", folder / form], check=True)


def show(source, form, rows, told):
    rate = rows / told["seconds"]
    print(
        f"{source:>17} to {form:<17} {rows:,} rows, {rate:8,.0f} a second, peak {told['peak_mib']:,.0f} MiB", flush=True
    )


if __name__ == "__main__":
    if sys.argv[1:2] == [ONE]:
        convert_one(*sys.argv[2:5])
    else:
        main()
