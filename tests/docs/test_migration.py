"""The pages of migration: each name of the other trainer is one of its own, each of ours is ours, with its default."""

import inspect
import json
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from docs.page_code import DOCS
from docs.settings import defaults_of, kinds, named, require, require_kind, same, tables
from transformers import TrainingArguments
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig

from seewhy.cli.main import COMMANDS
from seewhy.runs.discovery import kind_names

PAGES = {name: (DOCS / "migration" / f"{name}.md").read_text(encoding="utf-8")
         for name in ("trl", "llama-factory", "ms-swift")}  # fmt: skip
TRL = {"DPOConfig": DPOConfig, "SFTConfig": SFTConfig, "GRPOConfig": GRPOConfig}
TRAINERS = {"DPOTrainer": DPOTrainer, "GRPOTrainer": GRPOTrainer}
PEERS = Path(__file__).parents[1] / "data" / "peer_arguments.json"
"""Names and defaults of the arguments of trainers that no test installs, as their wheels have them."""


def fields_of(kind):
    made = {one.name: one.default if one.default is not MISSING else one.default_factory for one in fields(kind)}
    return {name: value() if callable(value) else value for name, value in made.items()}


def settings_table(page):
    """Rows of all tables of a page that have a column of ours: heads, then cells."""
    for head, rows in tables(page):
        if "seewhy" in head:
            yield head, rows


@pytest.mark.parametrize("page", PAGES)
def test_each_setting_of_ours_exists_with_the_default_that_the_page_says(page):
    count = 0
    for _, rows in settings_table(PAGES[page]):
        for theirs, ours, _ in rows:
            for name, default in named(ours):
                count += 1
                if name.startswith("seewhy "):
                    assert name.split()[1] in {*COMMANDS, *kind_names("stages")}
                else:
                    require(name, default, f"{page}: {theirs}")
            for kind in kinds(ours):
                require_kind(named(ours)[-1][0], kind, f"{page}: {theirs}")
    assert count > 30


@pytest.mark.parametrize(("page", "head"), [("llama-factory", "LLaMA-Factory"), ("ms-swift", "ms-swift")])
def test_each_name_of_a_peer_is_one_of_its_arguments_with_the_default_that_the_page_says(page, head):
    peer, count = json.loads(PEERS.read_text(encoding="utf-8"))[page], 0
    assert f"{head} {peer['version'].removesuffix('.0')}" in PAGES[page]
    ((_, rows),) = settings_table(PAGES[page])
    for theirs, _, _ in rows:
        for words, default in named(theirs):
            if " " in words or words == "rejected_images":  # a command, or a column of a row
                continue
            name = words.removeprefix("--")
            assert name in peer["fields"], f"{head} has no {name}"
            assert not default or same(default, peer["fields"][name]), f"{name} is {peer['fields'][name]!r}"
            count += 1
    assert count > 50


def test_each_name_of_trl_is_one_of_trl_with_the_default_that_the_page_says():
    count = 0
    for head, rows in settings_table(PAGES["trl"]):
        kind = next((TRL[name] for name, _ in named(head[0]) if name in TRL), DPOConfig)
        trainer = next((TRAINERS[name] for name, _ in named(head[0]) if name in TRAINERS), None)
        known = fields_of(kind)
        taken = set(inspect.signature(trainer.__init__).parameters) if trainer else set()
        for row in rows:
            for name, default in named(row[0]):
                count += 1
                if name.endswith("*"):
                    assert [one for one in known if one.startswith(name[:-1])], row[0]
                    continue
                assert name in known or name in taken, f"{head[0]}: TRL has no {name}"
                assert not default or same(default, known[name]), f"{name} is {known.get(name)!r} in TRL"
    assert count > 120


@pytest.mark.parametrize("kind", TRL)
def test_each_field_that_trl_adds_is_named(kind):
    said = set(re.findall(r"`([a-z_][a-z0-9_]*\*?)`", PAGES["trl"]))
    begun = tuple(one[:-1] for one in said if one.endswith("*"))
    usual, known = fields_of(TrainingArguments), fields_of(TRL[kind])
    added = [name for name, value in known.items() if name not in usual or usual[name] != value]
    unsaid = [name for name in added if name not in said and not name.startswith(begun)]
    assert set(unsaid) <= {"remove_unused_columns"}


def test_a_name_that_does_not_exist_is_found():
    assert defaults_of("fit.batch_size") == [32, 32]
    assert defaults_of("fit.batch_sizes") == []
    assert defaults_of("objective.beta")
    for wrong, default in (("fit.rate", ""), ("fit.epochs", "2"), ("objective: {kind: kto}", ""),
                           ("objective: {kind: dpo, gamma_w: 1}", "")):  # fmt: skip
        with pytest.raises(AssertionError):
            require(wrong, default, "here")
