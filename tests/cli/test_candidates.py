"""Who may draw the candidates that the trained model verifies."""

import pytest

from seewhy.recipes.plans import RerankPlan


@pytest.mark.parametrize("sampler", ["sft", "preference"])
def test_the_fine_tuned_and_the_trained_model_may(sampler: str) -> None:
    RerankPlan(sampler=sampler).require_sampler()


def test_another_is_refused_by_option_and_choices() -> None:
    with pytest.raises(ValueError, match=r"^--rerank\.sampler 'base': there are sft and preference$"):
        RerankPlan(sampler="base").require_sampler()
