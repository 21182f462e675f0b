"""Drawing asks a device seldom which chains have ended, and chains are the same however often it asks."""

from pathlib import Path

from untrained import MANY_ENDS, PLAIN, picture, question, untrained_model

from seewhy.model.api import GenerateRequest
from seewhy.model.generation.decode import draw
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.records.types import Style


def test_chains_are_the_same_however_seldom_it_is_asked_which_have_ended(tmp_path: Path) -> None:
    model = untrained_model()
    asks = [GenerateRequest(question=question(number, picture(tmp_path, number)), style=Style.REASON, count=4)
            for number in (1, 2)]  # fmt: skip
    prompts = [model.prompt(ask.question, ask.style) for ask in asks]
    for path in (ScorePath.PACKED, ScorePath.SEPARATE):
        drawn = [draw(model.net, prompts, asks, PLAIN, MANY_ENDS, (), path, look_every) for look_every in (1, 5, 8, 99)]
        lengths = {len(chain.ids) for chains in drawn[0] for chain in chains}
        assert len(lengths) > 2
        for found in drawn[1:]:
            for mine, theirs in zip(found, drawn[0], strict=True):
                assert [(chain.ids, chain.ended) for chain in mine] == [(chain.ids, chain.ended) for chain in theirs]
