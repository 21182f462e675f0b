"""A run's judge votes through a real server, and how far the votes agree is kept and told."""

import json
import re

from loopback import Answer, Asked, LoopServer
from wired_runs import BLINDLY, judging, oracle_chains, write_recipe

from seewhy.cli.main import main
from seewhy.judging.rubric import CRITERIA, OVERALL
from seewhy.records.shards import read_rows
from seewhy.records.types import Verdict
from seewhy.runs.choice import choose


def test_the_votes_of_a_run_s_judge_and_their_agreement_are_kept_and_told(tmp_path, capsys):
    """Of three votes two are alike where a chain's id is even, and all where it is odd."""

    def vote(asked: Asked) -> Answer:
        if asked.method == "GET":  # which models there are, before the first step
            return Answer(status=404)
        found = re.search(r'<reply_to_grade id="(\w+)">', asked.text)
        assert found is not None
        grades = (4, 4, 5) if int(found[1], 16) % 2 == 0 else (3, 3, 3)
        said = [{"id": found[1], "explanation": "so", **dict.fromkeys((*CRITERIA, OVERALL), grade)} for grade in grades]
        choices = [{"index": at, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(one)}}
                   for at, one in enumerate(said)]  # fmt: skip
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return Answer(body=json.dumps({"model": "voter", "choices": choices, "usage": usage}).encode())

    with LoopServer(vote) as server:
        judge = choose("rubric", votes=3, temperature=0.7)
        recipe = write_recipe(tmp_path, judging(server.url, oracle_chains(tmp_path), judge), BLINDLY)
        assert main(["run", recipe, "--run", str(tmp_path / "run")]) == 0
    verdicts = list(read_rows(tmp_path / "run" / "verdicts", Verdict))
    assert all(row.judge.endswith(", votes 3, temperature 0.7") for row in verdicts)
    assert {(row.score, row.agreement) for row in verdicts} == {(13 / 3, 1 / 3), (3.0, 1.0)}
    mean = sum(row.agreement or 0.0 for row in verdicts) / len(verdicts)
    assert f"  {mean:.1%} of the pairs of votes on a chain give the same grade" in capsys.readouterr().out.splitlines()
