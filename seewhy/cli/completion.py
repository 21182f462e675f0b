"""`seewhy completion bash | zsh`: the script with which a shell completes commands, recipes and steps."""

from collections.abc import Sequence

from seewhy.cli.main import COMMANDS
from seewhy.workbench.completion import SCRIPTS, words_after

USAGE = 'usage: eval "$(seewhy completion bash)", or zsh; it goes into ~/.bashrc or ~/.zshrc'


def run(words: Sequence[str]) -> int:
    """Print the script of a shell, or the words that may follow those behind `--words`."""
    if words[:1] == ["--words"]:
        print("\n".join(words_after(words[1:], list(COMMANDS))))
    elif len(words) == 1 and words[0] in SCRIPTS:
        print(SCRIPTS[words[0]], end="")
    elif {"-h", "--help"} & set(words):
        print(USAGE)
    else:
        raise ValueError(f"completion is for {', '.join(SCRIPTS)}, and got {' '.join(words)!r}; say one shell alone, "
                         "such as `seewhy completion bash`")  # fmt: skip
    return 0
