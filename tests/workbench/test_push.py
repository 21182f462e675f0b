"""A trained model goes to the Hub whole with the card of its run, merged or as an adapter: on a stand-in."""

import json
import runpy
import shutil

import pytest
import yaml
from formats.hub_commands import commands
from formats.hub_stand_in import standing_in
from huggingface_hub import ModelCard
from PIL import Image
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.model.weights import weights_place
from seewhy.runs.model_cards import write_model_cards
from seewhy.runs.open import open_run

RECIPE = """
name: card
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 4, validation: 0, test: 3}
  own: {stage: direct, questions: questions.train}
  sft: {stage: train, start: base, data: {own: 1.0}, objective: {kind: sft}, adapter: {rank: 4},
        fit: {learning_rate: 1.0e-3, batch_size: 4}}
  test: {stage: evaluate, models: [base, sft], questions: questions.test, styles: [direct], blind: [], max_tokens: 8}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("push")
    (place / "recipe.yaml").write_text(RECIPE)
    words = ["run", str(place / "recipe.yaml"), "--run", str(place / "run"), "--workers", "1", "--skip-preflight"]
    assert main(words) == 0
    return place / "run"


@pytest.fixture
def hub():
    with standing_in() as (address, state):
        yield address, state


@pytest.fixture(scope="module")
def pushed():
    with commands() as run:
        yield lambda address, *words: run("push", *words, "--endpoint", address)


def code_of(card):
    """The Python of a card."""
    return card.partition("```python\n")[2].partition("```")[0]


def test_the_card_beside_a_model_says_base_data_method_scores_limits_and_use(run):
    card = ModelCard((run / "sft" / "model" / "README.md").read_text())
    assert card.data.library_name == "transformers"
    assert card.data.pipeline_tag == "image-text-to-text"
    assert card.data.tags == ["seewhy", "sft"]
    (result,) = card.data.eval_results
    accuracy = open_run(run).recipe.steps["test"].section(open_run(run), "test").cards[1].accuracy
    assert result.metric_value == round(accuracy.value, 4)
    assert f"{accuracy.low:.3f} to {accuracy.high:.3f}, 3 questions" in result.metric_name
    assert (result.dataset_name, result.dataset_split) == ("inkgrid", "test")
    titles = [line for line in card.content.splitlines() if line.startswith("## ")]
    assert titles == ["## Base model", "## Data", "## Method", "## Score card", "## Limits", "## Use"]
    for row in ("| fit.learning\\_rate | 0.001 |", "| adapter.rank | 4 |", "| own | direct |  | 4 |",
                "| questions.train | questions | benchmark inkgrid, split train, count 4, seed 0 | 4 |"):  # fmt: skip
        assert row in card.content
    assert "on the same 3 questions (95 % interval" in card.content
    assert "- It was measured on nothing but inkgrid (test)" in card.content
    assert str(run) not in card.content
    assert "base_model" not in card.data.to_dict()


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`")  # that peft reads it is between peft and transformers
@pytest.mark.parametrize("layout", ["model", "adapter"])
def test_the_code_of_the_card_prints_the_models_own_reply_in_plain_transformers(run, layout, tmp_path, monkeypatch,
                                                                                capsys):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run / "sft" / layout, layout)
    Image.new("RGB", (112, 112), "white").save("picture.png")
    code = code_of((run / "sft" / layout / "README.md").read_text()).replace("THE BASE MODEL", weights_place("tiny"))
    (tmp_path / "use.py").write_text(code.replace("=256", "=6"))
    runpy.run_path("use.py")
    said = capsys.readouterr().out.strip()
    words = ["picture.png", "What is in the picture?", "--style", "reason", "--max-tokens", "6", "--json"]
    assert main(["ask", str(run / "sft" / layout), *words]) == 0
    (reply,) = json.loads(capsys.readouterr().out)["replies"]
    assert said
    assert reply["texts"][0].startswith(said) if "texts" in reply else said in json.dumps(reply)


def test_a_merged_model_goes_up_in_one_commit_private_and_opens_as_it_was(run, hub, pushed):
    address, state = hub
    done = pushed(address, run / "sft", "me/mine", "--license", "mit", "--base", "owner/base")
    assert done.code == 0, done.error
    assert "private" in done.out
    assert [one["visibility"] for one in state.created] == ["private"]
    assert state.created[0].get("type", "model") == "model"
    assert len(state.commits) == 1
    assert set(state.files) == {path.name for path in (run / "sft" / "model").iterdir()}
    weights = (run / "sft" / "model" / "model.safetensors").read_bytes()
    assert list(state.large.values()) == [weights] == [state.files["model.safetensors"]]
    everything = b"".join(state.files.values())
    assert b"hf_secret" not in everything
    assert str(run.parent).encode() not in everything
    card = ModelCard(state.files["README.md"].decode())
    assert (card.data.license, card.data.base_model) == ("mit", "owner/base")
    assert card.data.to_dict()["base_model_relation"] == "finetune"
    assert 'MODEL = "me/mine"' in card.content


def test_an_adapter_goes_up_alone_with_its_base_by_its_name_on_the_hub(run, hub, pushed):
    address, state = hub
    refused = pushed(address, run / "sft", "me/mine", "--layout", "peft")
    assert refused.code == 2
    assert "--base OWNER/NAME" in refused.error
    assert state.commits == []
    done = pushed(address, run / "sft", "me/mine", "--layout", "peft", "--base", "owner/base", "--json")
    assert done.code == 0, done.error
    told = json.loads(done.out)
    assert told["kind"] == "model"
    assert set(told["files"]) == {"adapter_config.json", "adapter_model.safetensors"}
    assert set(state.files) == {*told["files"], "README.md"}
    config = json.loads(state.files["adapter_config.json"])
    own = json.loads((run / "sft" / "adapter" / "adapter_config.json").read_text())
    assert config == {**own, "base_model_name_or_path": "owner/base"}
    card = ModelCard(state.files["README.md"].decode())
    assert card.data.to_dict()["base_model_relation"] == "adapter"
    assert 'BASE = "owner/base"\nADAPTER = "me/mine"' in card.content


def test_what_a_person_wrote_into_a_card_stays_here_and_on_the_hub(run, hub, pushed):
    address, state = hub
    place = run / "sft" / "model" / "README.md"
    place.write_text(place.read_text().replace("---\n", "---\nlicense: mit\n", 1) + "\nMine.\n")
    write_model_cards(open_run(run))
    assert place.read_text().startswith("---\nlicense: mit\n")
    assert place.read_text().rstrip().endswith("Mine.")
    state.files["README.md"] = b"---\npretty_name: Theirs\ntags: [other]\n---\n# Theirs\n"
    assert pushed(address, run / "sft" / "model", "me/mine").code == 0
    head, text = state.files["README.md"].decode().removeprefix("---\n").split("---\n", 1)
    assert yaml.safe_load(head)["pretty_name"] == "Theirs"
    assert yaml.safe_load(head)["tags"] == ["other", "seewhy", "sft"]
    assert text.startswith("# Theirs")


def test_a_card_that_a_person_has_broken_is_named_and_kept(run):
    place = run / "sft" / "model" / "README.md"
    whole = place.read_text()
    broken = "---\nlicense: [mit\n---\nMine.\n"
    place.write_text(broken)
    with pytest.raises(ValueError, match=rf"{place.parent}, README\.md: its metadata is no YAML .*; mend the lines"):
        write_model_cards(open_run(run))
    assert place.read_text() == broken
    place.write_text(whole)


def test_a_refused_commit_and_a_hub_that_is_not_there_are_told_and_change_nothing(run, hub, pushed):
    address, state = hub
    state.fail = [403]
    done = pushed(address, run / "sft", "me/mine")
    assert done.code == 2
    assert "holds what it held before" in " ".join(done.error.split())
    assert "Traceback" not in done.error
    assert state.files == {}
    gone = pushed("http://127.0.0.1:9", run / "sft", "me/mine")
    assert gone.code == 2
    assert "Traceback" not in gone.error


@pytest.mark.parametrize(
    ("made", "facts"),
    [
        (lambda place: None, ["no such folder"]),
        (lambda place: (place.mkdir(), (place / "config.json").write_text("{}")), ["holds no .safetensors file"]),
        (lambda place: (place.mkdir(), (place / "config.json").write_text("{}"), (place / "pytorch_model.bin").touch()),
         ["pytorch_model.bin", "runs code"]),
        (lambda place: (place.mkdir(), (place / "config.json").write_text("{"), (place / "a.safetensors").touch()),
         ["config.json is no JSON"]),
        (lambda place: (place.mkdir(), (place / "config.json").write_text("{}"), (place / "a.safetensors").touch(),
                        (place / "model.safetensors.index.json").write_text('{"weight_map": {"w": "b.safetensors"}}')),
         ["lacks b.safetensors", "model.safetensors.index.json"]),
        (lambda place: (place.mkdir(), (place / "notes.md").touch()), ["holds no file of rows"]),
    ],
)  # fmt: skip
def test_what_is_no_whole_model_is_refused_by_name(made, facts, tmp_path, capsys):
    made(tmp_path / "mine")
    assert main(["push", str(tmp_path / "mine"), "me/mine"]) == 2
    said = sentence(capsys.readouterr().err)
    assert [fact for fact in facts if fact not in said] == [], said


@pytest.mark.parametrize(
    ("card", "facts"),
    [(b"---\n- a\n---\n", ["no mapping", "`name: value`"]), (b"\xff", ["not UTF-8", "save it as UTF-8"])],
)
def test_a_card_beside_a_model_that_cannot_be_read_is_told_before_the_hub_is_asked(card, facts, tmp_path, hub, pushed):
    address, state = hub
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "a.safetensors").touch()
    (tmp_path / "README.md").write_bytes(card)
    done = pushed(address, tmp_path, "me/mine")
    assert (done.code, state.created) == (2, [])
    assert f"{tmp_path}, README.md: " in done.error
    assert [fact for fact in facts if fact not in done.error] == [], done.error


def test_a_link_to_weights_is_not_sent(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    (tmp_path / "a.safetensors").touch()
    (tmp_path / "mine" / "a.safetensors").symlink_to(tmp_path / "a.safetensors")
    assert main(["push", str(tmp_path / "mine"), "me/mine"]) == 2
    said = sentence(capsys.readouterr().err)
    assert f"{tmp_path}/mine/a.safetensors is a symbolic link" in said
    assert "put the file itself there" in said


def test_a_run_itself_is_answered_with_the_steps_that_have_a_model(run, capsys):
    assert main(["push", str(run), "me/mine"]) == 2
    assert str(run / "sft") in sentence(capsys.readouterr().err)
    assert main(["push", str(run / "own"), "me/mine", "--layout", "peft"]) == 2
    assert "leave --layout and --base away" in sentence(capsys.readouterr().err)


def test_a_dry_run_shows_the_card_and_sends_nothing(run, capsys):
    assert main(["push", str(run / "sft"), "me/mine", "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["commit"] == ""
    assert "## Score card" in told["card"]
