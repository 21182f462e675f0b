"""`seewhy doctor` does what it checks: a GPU that is listed and fails to compute is an error, a key is never shown."""

import json
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from served_oracle import draw, serve

from seewhy.cli.main import main
from seewhy.runs.machine import ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.stages.questions import Questions
from seewhy.testing.served.plan import Fault, FaultPlan
from seewhy.workbench.checks import Check, State
from seewhy.workbench.computing import picture_check, product_checks
from seewhy.workbench.libraries import misfits, wanted
from seewhy.workbench.recipe_checks import recipe_checks
from seewhy.workbench.this_machine import machine_checks

SECRET = "sk-0123456789abcdef"


def no_kernel(device: str) -> float:
    if device == "cuda:1":
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nmore")
    return 0.5 if device == "cuda:2" else 0.002


def states(checks: list[Check]) -> dict[str, State]:
    return {check.name: check.state for check in checks}


def test_a_gpu_that_is_listed_and_does_not_compute_or_computes_wrongly_is_an_error_with_a_remedy():
    found = list(product_checks(["good", "old", "wrong"], no_kernel, "12.8", is_driven=True))
    assert states(found) == {"gpu 0": State.OK, "gpu 1": State.ERROR, "gpu 2": State.ERROR, "cpu": State.OK}
    assert "no kernel image" in found[1].found
    assert "more" not in found[1].found
    assert all(check.remedy for check in found if check.state is State.ERROR)


@pytest.mark.parametrize(
    ("cuda", "is_driven", "state", "fact"),
    [("", True, State.ERROR, "CPU alone"), ("12.8", True, State.ERROR, "12.8"), ("", False, State.WARNING, "none")],
)
def test_a_driver_whose_gpu_torch_does_not_see_is_an_error_and_no_gpu_a_warning(cuda, is_driven, state, fact):
    found = next(iter(product_checks([], no_kernel, cuda, is_driven)))
    assert (found.name, found.state) == ("gpu", state)
    assert fact in found.found


def test_libraries_are_compared_with_what_the_package_asks_for():
    assert {"train", "teacher", "view", "hub"} <= wanted().keys()
    assert misfits(wanted()["train"]) == ([], [])
    missing, other = misfits([Requirement("no-such-package>=1"), Requirement("numpy<1"), Requirement("rich>=13")])
    assert missing == ["no-such-package"]
    assert len(other) == 1
    assert other[0].startswith("numpy ")


def test_a_folder_that_cannot_be_written_is_an_error_and_keys_are_named_without_their_values(tmp_path: Path):
    found = {check.name: check for check in machine_checks(tmp_path / "none", {"OPENAI_API_KEY": SECRET})}
    assert found["disk"].state is State.ERROR
    assert str(tmp_path / "none") in found["disk"].found
    assert found["keys"].found == "set: OPENAI_API_KEY"
    assert next(check for check in machine_checks(tmp_path, {}) if check.name == "disk").state is not State.ERROR
    assert list(tmp_path.iterdir()) == []
    assert picture_check().state is State.OK


def recipe_of(**models: ModelSpec) -> Recipe:
    return Recipe(name="mine", models=models, steps={"questions": Questions(train=4, validation=0, test=0)})


def test_servers_of_a_recipe_are_asked_and_what_is_wrong_with_each_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEEWHY_TEST_KEY", SECRET)
    with serve(draw(tmp_path, 1), tmp_path) as server:
        url = server.base_url
        recipe = recipe_of(
            right=ModelSpec(base_url=url, model="oracle", key_variable="SEEWHY_TEST_KEY"),
            misspelt=ModelSpec(base_url=url, model="orcale"),
            keyless=ModelSpec(base_url=url, model="oracle", key_variable="SEEWHY_NO_KEY"),
            dead=ModelSpec(base_url="http://127.0.0.1:9/v1", model="oracle"),
        )
        found = {check.name: check for check in recipe_checks(recipe, {"SEEWHY_TEST_KEY": SECRET})}
    assert states(list(found.values())) == {
        "recipe": State.OK, "key SEEWHY_TEST_KEY": State.OK, "server right": State.OK,
        "server misspelt": State.WARNING, "key SEEWHY_NO_KEY": State.ERROR, "server dead": State.ERROR,
    }  # fmt: skip
    assert "'oracle'" in found["server misspelt"].remedy
    assert found["key SEEWHY_NO_KEY"].remedy == "export SEEWHY_NO_KEY=..."
    assert SECRET not in repr(found)


def test_a_server_that_lists_its_model_and_gives_no_reply_is_an_error(tmp_path: Path):
    with serve(draw(tmp_path, 1), tmp_path, faults=FaultPlan(rate=1.0, kinds=(Fault.SERVER_ERROR,))) as server:
        recipe = recipe_of(broken=ModelSpec(base_url=server.base_url, model="oracle"))
        found = {check.name: check for check in recipe_checks(recipe, {})}
    assert found["server broken"].state is State.ERROR
    assert "no reply about a picture" in found["server broken"].found


def test_weights_that_are_not_there_and_rows_that_are_not_there_are_errors(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    recipe = Recipe(name="mine", models={"base": ModelSpec(path=str(tmp_path / "empty"))}, inputs={"rows": "nowhere"},
                    steps={"questions": Questions(train=4)})  # fmt: skip
    found = states(list(recipe_checks(recipe, {})))
    assert found["model base"] is found["input rows"] is State.ERROR


def test_the_command_prints_one_json_document_and_ends_with_the_status_that_it_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    code = main(["doctor", "--json", "--folder", str(tmp_path), "--recipe", "quick"])
    shown = json.loads(capsys.readouterr().out)
    assert code == 0
    assert shown["is_well"]
    found = {check["name"]: check for check in shown["checks"]}
    assert found["model"]["state"] == found["cpu"]["state"] == found["model base"]["state"] == "ok"
    assert all(check["remedy"] for check in shown["checks"] if check["state"] != "ok")
    assert main(["doctor", "--recipe", "quikc"]) == 2
    assert "did you mean 'quick'" in capsys.readouterr().err
