"""Steps that no recipe takes: their settings, what is said of them, and the remedy."""

import json

from right_recipe import RIGHT

RECIPE = f"{RIGHT}  wrong: {{STEP}}\n"
"""The recipe whose last step is one of the table."""
TRAINING = """name: short
models: {{base: {{path: tiny}}}}
steps:
  questions: {{stage: questions, {questions}, test: 0, validation: 0, shifted: 0}}
  direct: {{stage: direct, questions: questions.train}}
  sft: {{stage: train, start: base, data: {{direct: 1.0}}, objective: sft, fit: {{learning_rate: 1e-4}}}}
"""
SHORT = {
    "PICTURED": "stage: reference, pairs: pairs, model: base, pictures: questions.train",
    "TRAIN": "stage: train, start: base, fit: {learning_rate: 1e-5}",
    "ONLINE": "stage: online, start: base, questions: questions.train, fit: {learning_rate: 1e-5}",
    "SERVED": "engine: {kind: server, urls: ['http://127.0.0.1:9/v1']}",
    "JUDGE": "stage: judge, chains: chains",
}
"""Words of the table and what they are short for."""
STAGE = """from dataclasses import dataclass
from typing import ClassVar
from seewhy.records.types import Chain
from seewhy.runs.api import RowStage
from seewhy.runs.choice import Choice

@dataclass(frozen=True, kw_only=True)
class Mine(RowStage):
"""
FILES = {
    "syntax.py": "x = 1\ndef judge(:\n",
    "missing.py": "import json\n\nimport nothing_there\n",
    "undefined.py": "x = undefined_thing\n",
    "empty.py": "A = 1\n",
    "two.py": "import dataclasses\n" + "".join(
        f"@dataclasses.dataclass\nclass {name}:\n    def judge(self, question, chains):\n        return ()\n"
        for name in ("One", "Other")
    ),
    "nameless.py": "import dataclasses\n@dataclasses.dataclass\nclass Mine:\n    def loss(self):\n        ...\n",
    "bare.py": f"{STAGE}    judge: Choice\n    rows: ClassVar = Chain\n    def needs(self):\n        return ()\n",
    "units.py": f"{STAGE}    def units(self, name):\n        raise ValueError('it has no part; give it one')\n",
    "size.yaml": "size: toy\n",
    "based.yaml": "base: size.yaml\nsize: toy\n",
    "half.yaml": "models: {m: {base_url: http://127.0.0.1:9/v1}}\nname: x\nsteps: {}\n",
    "long.jsonl": json.dumps({"id": "a", "question": "what is it? " * 400, "answer": "7", "split": "train"}),
    "long.yaml": TRAINING.format(questions="benchmark: jsonl, source: long.jsonl, train: 1"),
    "bits.yaml": TRAINING.format(questions="train: 1").replace("sft,", "sft, adapter: {rank: 2},")
    + "compute: {load_in_4bit: true}\nmachine: {shard: {kind: sharded}}\n",
    "mine.py": "def other():\n    return None\n",
}  # fmt: skip
"""Code and recipes of a user's own."""
TABLE = """
stage: compare, first: sft, second: sft, questions: questions.test, model: server
    first and second are both sft
    name another model as `second`
stage: correct, chains: chains, model: server, teacher: gold
    teacher gold corrects nothing
    name endpoint
stage: correct, chains: chains, model: server, teacher: {kind: endpoint, temperature: 0.2}
    teacher.temperature: corrections do not read it
    leave it away
stage: evaluate, models: [], questions: questions.test
    models is empty
    name one at least
stage: evaluate, models: [base], styles: [], questions: questions.test
    styles is empty
    name one at least
stage: fitting, questions: questions.train, models: [base], split: tset
    split is 'tset'
    there are train, validation, test, shifted
stage: mix
    parts and aligned name no rows
    name SFT examples in one of them
stage: mix, parts: {lessons: -1}
    parts.lessons is -1
    give 0, which takes all, or above
stage: mix, aligned: {lessons: 0}
    aligned.lessons is 0
    give 1 or above
stage: mix, parts: [lessons]
    wrong.parts: must be a mapping
    correct it there
ONLINE, objective: grpo
    there is no reward
    give one as `reward`, or several
ONLINE, objective: grpo, reward: outcome, rewards: {a: format}
    `reward` and `rewards` are both given
    give one as `reward`, or several
ONLINE, objective: grpo, reward: outcome, weights: {formt: 1}
    weights.formt: no reward
    there are outcome
ONLINE, objective: grpo, reward: outcome, weights: {outcome: 0}
    every reward has weight 0
    give one that is trained on another
ONLINE, objective: grpo, reward: rubric
    reward rubric asks a model
    name it as `model`
ONLINE, objective: grpo, reward: outcome, model: server
    no reward asks a model
    leave `model` away
ONLINE, objective: sft, reward: outcome
    objective sft trains neither on rollouts
    use stage `train`
ONLINE, objective: mdpo, reward: outcome
    objective mdpo trains neither on rollouts
    use stage `train`
ONLINE, objective: dpo, per_question: 1, reward: outcome
    objective dpo pairs rollouts of a question, and per_question is 1
    set it to 2 or above
ONLINE, objective: grpo, pairs: {most: 3}, reward: outcome
    pairs: objective grpo trains on rollouts
    leave it away
ONLINE, objective: grpo, refresh: {every: 2}, reward: outcome
    refresh is of servers that draw
    give engine.kind server
ONLINE, objective: grpo, rollouts: {temperature: 0.7}, SERVED, reward: outcome
    rollouts.temperature: log-probabilities of servers are those of temperature 1
    leave it at 1
ONLINE, objective: grpo, refresh: {given: adapter}, SERVED, reward: outcome
    refresh.given is adapter
    give adapter.rank
ONLINE, objective: grpo, adapter: {rank: 4, dora: true}, refresh: {given: adapter}, SERVED, reward: outcome
    without DoRA
    set it to whole
ONLINE, objective: grpo, reward: {kind: length, tokens: 0}
    step wrong: reward: tokens must be 1 or above, not 0
    correct it there
ONLINE, objective: grpo, rewards: {a: {kind: repetition, size: 0}}
    step wrong: rewards.a: size must be 1 or above, not 0
    correct it there
ONLINE, objective: grpo, rewards: {a: syntax.py}
    rewards.a.kind: syntax.py, line 2: invalid syntax
    correct it there
stage: questions, unfit: drop
    `models` names none
    name one, or leave both away
stage: questions, with_rationale: true
    `models` names none
    name one, or leave both away
PICTURED, stored_by: base
    stored_by: no rows hold log-probabilities under varied pictures
    leave it away
stage: sample, model: base, questions: questions.train, per_question: 4, early: {first: 4}
    early.first is 4, and per_question 4
    set it lower, or to 0
stage: sample, model: server, questions: questions.train
    wanted: a model with weights
    Set engine.kind to server and engine.urls: all models of the step are asked there
TRAIN, data: {pairs: 1}, objective: grpo
    objective grpo trains on rollouts
    use stage `online`
TRAIN, data: {lessons: 1}, objective: sft, validate: {keep_best: true}
    validate.keep_best looks at held-out rows, and `validation` names none
    name them, or leave it away
TRAIN, data: {lessons: 1}, objective: sft, validate: {patience: 2}
    validate.patience looks at held-out rows
    name them, or leave it away
TRAIN, data: {lessons: 1}, objective: sft, reference: pairs
    reference: objective sft reads none
    leave it away
TRAIN, data: {lessons: 1}, objective: sft, stored_by: base
    stored_by is not read, because objective sft reads no reference
    leave it away
TRAIN, data: {pairs: 1}, objective: dpo, stored_by: base, reference: pairs
    stored_by is not read, because `reference` names the rows
    leave it away
TRAIN, data: {pairs: 1}, objective: mdpo, stored_by: base
    stored_by is not read, because objective mdpo compares pictures
    leave it away
TRAIN, data: {pairs: 1}, objective: dpo, pictures: questions.train
    pictures: objective dpo compares none
    leave it away
TRAIN, data: {pairs: 1}, objective: syntax.py
    wrong: syntax.py, line 2: invalid syntax
    correct it there
TRAIN, data: {pairs: 1}, objective: undefined.py
    objective.kind: undefined.py, line 1: name 'undefined_thing' is not defined
    correct it there
stage: distil, questions: questions.train, model: server, teacher: {kind: endpoint, prompt: chrt}
    teacher: prompt 'chrt' is no file
    name one, or a kind: real_world, chart
stage: distil, questions: questions.train, teacher: missing.py
    teacher.kind: missing.py, line 3: No module named 'nothing_there'
    install it
JUDGE, model: server
    judge outcome asks no model
    leave `model` away
JUDGE, prompt: recipe.yaml
    prompt: judge outcome has no prompt
    leave it away
JUDGE, judge: no-module.x
    judge.kind: 'no-module.x' is neither the name of a judge nor a dotted path
    there are agreement
JUDGE, judge: no.such.module
    judge.kind: no module 'no.such.module'
    put its folder on PYTHONPATH
JUDGE, judge: "seewhy.judging.outcome:Nope"
    seewhy.judging.outcome has no class 'Nope'
    there are OutcomeJudge
JUDGE, judge: "seewhy.judging.outcome:OutcomeJudg"
    has no class 'OutcomeJudg'
    did you mean 'OutcomeJudge'
JUDGE, judge: "json.decoder:JSONDecoder"
    json.decoder:JSONDecoder is no judge
    write a dataclass with a method judge()
JUDGE, judge: json.decoder
    json.decoder holds no judge
    write a dataclass with a method judge()
JUDGE, judge: empty.py
    empty.py holds no judge
    write a dataclass with a method judge()
JUDGE, judge: "empty.py:Mine"
    empty.py has no class 'Mine'
    there are none
JUDGE, judge: two.py
    two.py holds One, Other, of which one is meant
    name it as two.py:One
JUDGE, judge: "two.py:One"
    judge two.py:One has no `name`
    write it as a field
JUDGE, judge: "syntax.py:Mine"
    judge.kind: syntax.py, line 2: invalid syntax
    correct it there
stage: "undefined.py:Mine"
    wrong: undefined.py, line 1: name 'undefined_thing' is not defined
    correct it there
TRAIN, data: {pairs: 1}, objective: "nameless.py:Mine"
    objective nameless.py:Mine has no `name`
    write it as a field of the class
stage: "units.py:Mine"
    step wrong: it has no part
    give it one
stage: "bare.py:Mine", judge: outcome
    wrong.judge: a field of type Choice has no layer
    write it as Annotated[Choice, Layer(...)]
stage: report, nope: 1
    wrong.nope: unknown field 'nope'
    there are none
"""
WHOLE = """
plan long.yaml
    no sampled prompt of a training can be encoded: question a: its prompt has 28
    Shorten the question
run bits.yaml --run run
    compute.load_in_4bit: weights of 4 bits are stored in uint8, and FSDP2 would shard them
    set machine.shard.kind to copies
recipe show size.yaml
    size.yaml: `size` is of a base that comes with seewhy
    name one, such as `base: mpo`, or leave it away
recipe show based.yaml
    based.yaml: `size` is of a base that comes with seewhy
    name one, such as `base: mpo`, or leave it away
recipe check half.yaml
    half.yaml: models.m: a model behind a server needs base_url and model
    name both, such as
recipe show mine.py
    mine.py has no function `recipe`, which returns a recipe
    write it there
recipe show mine.py:other
    mine.py:other: its function returned NoneType
    return a Recipe there
recipe show nowhere.py:recipe
    nowhere.py: no such file
    check the path
"""
"""Commands, what is said of them, and the remedy."""
