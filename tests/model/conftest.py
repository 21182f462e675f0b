"""The model that most tests of this folder share."""

import pytest
from untrained import untrained_model

from seewhy.model.families.hub import HubModel


@pytest.fixture(scope="module")
def model() -> HubModel:
    return untrained_model()
