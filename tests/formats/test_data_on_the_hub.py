"""Folders of rows go to the Hub in one commit, private, with a card, and come back equal: on a stand-in."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from formats.hub_commands import commands
from formats.hub_stand_in import standing_in
from formats.made_sets import PAIRS, QUESTIONS, examples_in, plain, write_set

from seewhy.cli.main import main
from seewhy.formats.hub.card import BEGIN, END, card_of
from seewhy.formats.hub.sharing import MOST_FILES, outgoing


@pytest.fixture
def hub():
    with standing_in() as (address, state):
        yield address, state


@pytest.fixture(scope="module")
def ran():
    with commands() as run:
        yield lambda address, *words: run("data", *words, "--endpoint", address)


@pytest.fixture
def pushed(ran):
    def push(place, address, *words):
        said = ran(address, "push", place, "me/set", *words)
        assert said.code == 0, said.error
        return said.out

    return push


@pytest.fixture
def pulled(ran):
    return lambda place, address: ran(address, "pull", "me/set", place).code


@pytest.mark.parametrize("name", [pytest.param("trl", marks=pytest.mark.nightly), "swift"])
def test_a_set_goes_up_in_one_commit_and_comes_back_equal(tmp_path, hub, name, pushed, pulled):
    address, state = hub
    place = write_set(PAIRS, name, tmp_path / "in")
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", name]) == 0
    assert "private" in pushed(tmp_path / "out", address, "--license", "mit")
    assert [one["visibility"] for one in state.created] == ["private"]
    assert len(state.commits) == 1
    assert not [path for path in state.files if path.startswith(("_", "."))]
    assert b"hf_secret" not in b"".join(state.files.values())
    assert str(tmp_path).encode() not in b"".join(state.files.values())
    head = yaml.safe_load(state.files["README.md"].decode().split("---\n")[1])
    assert head["license"] == "mit"
    assert head["size_categories"] == ["n<1K"]
    assert head["configs"][0]["data_files"] == [path for path in state.files if path.startswith(name)]
    assert pulled(tmp_path / "back", address) == 0
    assert [plain(one) for one in examples_in(tmp_path / "back")] == [plain(one) for one in examples_in(place)]
    assert pulled(tmp_path / "back", address) == 2


def test_our_own_rows_go_up_with_their_questions_and_come_back_to_train_on(tmp_path, hub, pushed, pulled, capsys):
    address, state = hub
    place = write_set(PAIRS, "swift", tmp_path / "in")
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "seewhy"]) == 0
    pushed(tmp_path / "out", address)
    assert pulled(tmp_path / "back", address) == 0
    capsys.readouterr()
    assert main(["data", "stats", str(tmp_path / "back"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kinds"] == {"pair": 1}
    head = yaml.safe_load(state.files["README.md"].decode().split("---\n")[1])
    assert {one["config_name"] for one in head["configs"]} == {"default", "questions"}


def test_more_files_than_one_commit_takes_go_as_one_file_of_rows(tmp_path, capsys):
    folder = tmp_path / "in"
    place = write_set(PAIRS, "swift", folder)
    for number in range(MOST_FILES):
        (folder / "images" / f"more-{number}.png").touch()
    assert main(["data", "push", str(folder), "me/set", "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert f"{folder} has 1,003 files, and at most 1,000 are sent" in told
    assert "remedy: convert it to one whose rows hold their pictures first (`--to trl`)" in told
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "trl"]) == 0
    assert main(["data", "push", str(tmp_path / "out"), "me/set", "--dry-run"]) == 0


def test_pictures_outside_of_the_folder_are_told_and_come_along_in_a_converted_set(tmp_path, capsys):
    place = write_set(QUESTIONS, "swift", tmp_path / "in")
    assert main(["data", "convert", str(place), str(tmp_path / "ours"), "--to", "seewhy"]) == 0
    (shard,) = (tmp_path / "ours").glob("part-*")
    table = pq.read_table(shard)
    (row,) = table.to_pylist()
    row["images"][0]["path"] = str(tmp_path / "ours" / row["images"][0]["path"])
    pq.write_table(pa.Table.from_pylist([row], schema=table.schema), shard)
    capsys.readouterr()
    assert main(["data", "push", str(tmp_path / "ours"), "me/set", "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert f"{shard}:1: its picture {row['images'][0]['path']!r} is outside of the folder" in told
    assert "remedy: convert the set first (`--to swift`)" in told
    assert main(["data", "convert", str(tmp_path / "ours"), str(tmp_path / "out"), "--to", "swift"]) == 0
    assert main(["data", "push", str(tmp_path / "out"), "me/set", "--dry-run"]) == 0


def test_a_card_that_a_person_edited_keeps_what_is_not_ours(tmp_path, hub, pushed):
    address, state = hub
    place = write_set(PAIRS, "swift", tmp_path)
    pushed(tmp_path, address)
    card = state.files["README.md"].decode()
    edited = card.replace("---\n", "---\npretty_name: Cats\n", 1).replace(BEGIN, f"# Cats\n\n{BEGIN}") + "\nMine.\n"
    state.files["README.md"] = edited.encode()
    place.write_text(place.read_text() * 2)
    pushed(tmp_path, address)
    again = state.files["README.md"].decode()
    assert "pretty_name: Cats" in again
    assert "# Cats" in again
    assert again.rstrip().endswith("Mine.")
    assert again.count(BEGIN) == again.count(END) == 1
    assert "2 pairs" in again


def test_a_refused_commit_leaves_what_was_there(tmp_path, hub, pushed, ran):
    address, state = hub
    write_set(PAIRS, "swift", tmp_path)
    pushed(tmp_path, address)
    before = dict(state.files)
    state.fail = [403]
    said = ran(address, "push", tmp_path, "me/set")
    assert said.code == 2
    assert "holds what it held before" in " ".join(said.error.split())
    assert state.files == before


def test_a_card_that_the_hub_does_not_give_is_not_written_over(tmp_path, hub, ran):
    address, state = hub
    write_set(PAIRS, "swift", tmp_path)
    state.files["README.md"] = b"# Written by a person\n"
    state.down = "/resolve/"
    said = ran(address, "push", tmp_path, "me/set")
    assert said.code == 2
    assert "me/set was not sent, and holds what it held before (403" in said.error
    assert "remedy: give a key that may, with `hf auth login`" in said.error
    assert state.files == {"README.md": b"# Written by a person\n"}


@pytest.mark.parametrize(
    ("card", "fact"),
    [(b"---\n- a\n---\n", "no mapping"), (b"---\na: [\n---\n", "no YAML"), (b"\xff\xfe", "not UTF-8")],
)
def test_a_card_on_the_hub_that_cannot_be_read_is_named_and_left(tmp_path, hub, ran, card, fact):
    address, state = hub
    write_set(PAIRS, "swift", tmp_path)
    state.files["README.md"] = card
    said = ran(address, "push", tmp_path, "me/set")
    assert (said.code, state.commits) == (2, [])
    assert "seewhy: me/set, README.md: " in said.error
    assert fact in said.error


@pytest.mark.parametrize(
    ("status", "code", "facts"),
    [
        (404, "RepoNotFound", ["404", "remedy: check its name"]), (404, "RevisionNotFound", ["remedy: name a branch"]),
        (403, "GatedRepo", ["remedy: ask its owner"]), (401, "", ["401", "remedy: give a key that may"]),
        (500, "", ["500", "remedy: run the same command again"]),
        (200, "odd", ["remedy: check the address of the Hub"]),
    ],
)  # fmt: skip
def test_a_set_that_is_not_fetched_is_told_with_the_remedy_and_an_empty_folder_is_no_set(
    tmp_path, hub, ran, status, code, facts
):
    address, state = hub
    state.infos = [(status, code)]
    (tmp_path / "empty").mkdir()
    said = ran(address, "pull", "me/set", tmp_path / "empty")
    assert said.code == 2
    assert len(said.error.splitlines()) == 3
    assert "me/set was not fetched (" in said.error
    assert [fact for fact in facts if fact not in said.error] == [], said.error
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_set_that_was_not_fetched_whole_is_fetched_on_by_the_same_command(tmp_path, hub, pushed, pulled, ran):
    address, state = hub
    write_set(PAIRS, "swift", tmp_path / "in")
    pushed(tmp_path / "in", address)
    for down, fact in (("/tree/", "me/set was not fetched whole: README.md is missing"), ("/resolve/", "(403")):
        state.down = down
        said = ran(address, "pull", "me/set", tmp_path / "out")
        assert said.code == 2
        assert fact in said.error
    state.down = ""
    assert pulled(tmp_path / "out", address) == 0
    assert len(examples_in(tmp_path / "out")) == 1
    assert pulled(tmp_path / "out", address) == 2  # it is whole, and not written into


def test_bad_rows_links_and_paths_of_this_machine_are_not_sent(tmp_path, hub, capsys, monkeypatch):
    _, state = hub
    place = write_set(PAIRS, "swift", tmp_path / "in")
    (tmp_path / "in" / "link.json").symlink_to(place)
    assert main(["data", "push", str(tmp_path / "in"), "me/set"]) == 2
    (tmp_path / "in" / "link.json").unlink()
    monkeypatch.setenv("HOME", str(tmp_path))
    place.write_text(place.read_text() + json.dumps({"note": f"{tmp_path}/secret"}) + "\n")
    assert main(["data", "push", str(tmp_path / "in"), "me/set"]) == 2
    assert "a folder of this machine" in capsys.readouterr().err
    place.write_text("{}\n")
    assert main(["data", "push", str(tmp_path / "in"), "me/set"]) == 2
    assert state.commits == []


@pytest.mark.parametrize("place", ["pictures", "talk", "notes"])
def test_a_home_folder_is_found_in_every_spelling_and_within_rows(tmp_path, monkeypatch, place):
    home = tmp_path / "rené"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    inside = f"{home}/a.png"
    rows = {
        "pictures": [{"images": [{"bytes": b"x", "path": inside}]}],
        "talk": [{"messages": [{"role": "user", "content": "Hi"}, {"role": "user", "content": f"Look at {inside}"}]}],
        "notes": [{"note": {"by": inside}}],
    }[place]
    folder = tmp_path / "set"
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    with pytest.raises(ValueError, match="a folder of this machine"):
        outgoing(folder)
    (folder / "rows.parquet").unlink()
    for is_ascii in (False, True):
        (folder / "rows.jsonl").write_text(json.dumps({"note": inside}, ensure_ascii=is_ascii), encoding="utf-8")
        with pytest.raises(ValueError, match="a folder of this machine"):
            outgoing(folder)
    (folder / "rows.jsonl").write_text(json.dumps({"note": "/elsewhere/a.png"}))
    assert len(outgoing(folder).files) == 1


def test_a_card_is_valid_metadata_whatever_it_was():
    text = card_of("", ["1 pairs"], {"default": ["a.parquet"]}, 5_000, "")
    assert yaml.safe_load(text.split("---\n")[1])["size_categories"] == ["1K<n<10K"]
    with pytest.raises(ValueError, match="no YAML"):
        card_of("---\na: [\n---\n", [], {}, 1, "")
