"""Servers that cannot be given the weights of a training end it before a reply is drawn, with their addresses."""

import pytest
from loopback import Answer, LoopServer, error
from refreshed_server import ADAPTER, SGLANG, VLLM, Refreshed
from test_rollouts_by_servers import chains_folder, stage, train

from seewhy.benchmarks import inkgrid
from seewhy.records.types import Split


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return list(inkgrid.load(tmp_path_factory.mktemp("pages"), Split.TEST, count=2))


def test_servers_of_two_kinds_are_refused(questions, tmp_path):
    engines = [Refreshed(questions=questions, kind=kind) for kind in (VLLM, SGLANG)]
    refused = pytest.raises(ValueError, match=r"engine\.urls are of SGLang and vLLM: name servers of one kind")
    with LoopServer(engines[0]) as one, LoopServer(engines[1]) as other, refused:
        train(tmp_path, questions, stage(one.url, other.url, adapter=ADAPTER))
    assert not chains_folder(tmp_path, 0).exists()
    assert all(engine.drawn == 0 for engine in engines)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(body=b"{}", cut_at=0), ""),
        (error(500, "CUDA out of memory"), r"/v1/load_lora_adapter was answered with 500: .*CUDA out of memory"),
    ],
    ids=["breaks off", "fails"],
)
def test_a_server_that_breaks_off_or_fails_as_it_takes_the_weights_is_named(questions, tmp_path, answer, words):
    engine = Refreshed(questions=questions)

    def breaks(asked):
        return answer if asked.path.endswith("load_lora_adapter") else engine(asked)

    said = rf"because http://127\.0\.0\.1:\d+/v1 did not take the weights: {words}"
    refused = pytest.raises(ConnectionError, match=said)
    with LoopServer(breaks) as server, refused as told:
        train(tmp_path, questions, stage(server.url, adapter=ADAPTER))
    assert "start one anew, and run the same command again" in str(told.value)
    assert engine.drawn == 0
