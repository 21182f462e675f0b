"""seewhy teaches vision-language models to reason, and shows why."""

import importlib

__version__ = "0.1.0"

NAMES = {
    "ByOutcome": "seewhy.pairs.by_outcome",
    "OutcomeJudge": "seewhy.judging.outcome",
    "Recipe": "seewhy.runs.recipe",
    "SamplingPlan": "seewhy.sampling.plan",
    "choose": "seewhy.runs.choice",
    "find_recipe": "seewhy.runs.recipe_text",
    "judge_chains": "seewhy.judging.api",
    "load_model": "seewhy.python_api",
    "load_questions": "seewhy.python_api",
    "open_run": "seewhy.runs.open",
    "pair_chains": "seewhy.pairs.by_outcome",
    "run_recipe": "seewhy.runs.runner",
    "sample_chains": "seewhy.sampling.sample",
}
"""The names that most users need, and where they are; each is loaded when it is first asked for."""


def __getattr__(name: str) -> object:
    if name not in NAMES:
        raise AttributeError(f"seewhy has no {name!r}; it has {', '.join(NAMES)}")
    return vars(importlib.import_module(NAMES[name]))[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *NAMES])
