"""What tokens and pictures cost, worked by hand from the providers' own examples."""

import pytest
import yaml
from PIL import Image

from seewhy.endpoints.accounting.forecast import forecast_cost
from seewhy.endpoints.accounting.picture_tokens import Crops, Patches, Pixels, Tiles
from seewhy.endpoints.accounting.prices import SHIPPED, find_price, load_prices
from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.plan import EndpointPlan, SpendPlan
from seewhy.records.types import ImageRef

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("rule", "size", "detail", "tokens"),
    [
        # OpenAI's guide: 1024 x 1024 becomes 768 x 768, 4 tiles: 170 * 4 + 85.
        (Tiles(base=85, tile=170), (1024, 1024), "high", 765),
        # 2048 x 4096 becomes 1024 x 2048, then 768 x 1536: 6 tiles.
        (Tiles(base=85, tile=170), (2048, 4096), "high", 1105),
        (Tiles(base=85, tile=170), (4096, 8192), "low", 85),
        (Tiles(base=85, tile=170), (512, 512), "auto", 255),
        (Tiles(base=2833, tile=5667), (512, 512), "high", 8500),
        (Tiles(base=85, tile=170), (513, 10), "high", 425),
        # 1024 / 32 = 32 a side; 1800 x 2400 has 57 * 75 patches, and is brought to 33 x 44.
        (Patches(factor=1.0, most=1536), (1024, 1024), "high", 1024),
        (Patches(factor=1.0, most=1536), (1800, 2400), "high", 1452),
        (Patches(factor=1.62, most=1536), (1024, 1024), "low", 1659),
        (Patches(factor=1.0, most=1536), (33, 32), "high", 2),
        # Anthropic's table: 200 x 200 is about 54 tokens, 1000 x 1000 about 1334.
        (Pixels(per_token=750, longest=1568, most=1600), (200, 200), "auto", 54),
        (Pixels(per_token=750, longest=1568, most=1600), (1000, 1000), "auto", 1334),
        (Pixels(per_token=750, longest=1568, most=1600), (8000, 6000), "auto", 1600),
        # Google's: 960 x 540 is cut in squares of 360, 3 by 2.
        (Crops(each=258), (960, 540), "auto", 1548),
        (Crops(each=258), (384, 384), "auto", 258),
    ],
)
def test_a_picture_has_the_tokens_of_its_providers_own_example(rule, size, detail, tokens):
    assert rule.tokens(*size, detail) == tokens


def test_every_shipped_price_says_where_and_of_when_it_is():
    entries = yaml.safe_load(SHIPPED.read_text())
    assert all(entry["source"] and str(entry["as_of"]).startswith("20") for entry in entries.values())
    assert load_prices().keys() == entries.keys()


def test_a_model_is_found_with_a_date_behind_its_name_and_no_other_for_it():
    prices = load_prices()
    assert find_price(prices, "gpt-4o-2024-08-06") is prices["gpt-4o"]
    assert find_price(prices, "gpt-4o-mini-2024-07-18") is prices["gpt-4o-mini"]
    assert find_price(prices, "gpt-4o-audio-preview") is None


def test_the_users_prices_stand_before_the_shipped_ones(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("gpt-4o: {input: 1, output: 2}\nmine: {input: 3, output: 4, picture: {rule: flat, each: 576}}\n")
    prices = load_prices(str(own))
    assert (prices["gpt-4o"].input, prices["mine"].picture.tokens(9, 9, "auto")) == (1.0, 576)
    assert prices["gpt-4o-mini"] == load_prices()["gpt-4o-mini"]


@pytest.mark.parametrize(
    "text",
    [
        "m: {input: 1}",
        "m: {input: 1, output: cheap}",
        "m: {input: 1, output: 2, inptu: 3}",
        "m: {input: 1, output: -2}",
        "m: {input: 1, output: 2, picture: {rule: guess}}",
        "m: {input: 1, output: 2, picture: {rule: tiles, base: 85}}",
        "m: {input: 1, output: 2, picture: {rule: flat, each: 1, of: 2}}",
        "[1, 2",
        "- m",
    ],
)
def test_a_price_file_that_says_nothing_clear_is_an_error_that_names_it(tmp_path, text):
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(ValueError, match=r"own\.yaml"):
        load_prices(str(own))


def test_a_job_is_priced_before_its_first_call_pictures_included(tmp_path):
    path = tmp_path / "page.png"
    Image.new("RGB", (1024, 1024)).save(path)
    shown = Message(text="a" * 384, images=(ImageRef(sha256="", path=str(path)),))
    requests = [Request(messages=(shown,), count=2, max_tokens=100, seed=seed) for seed in range(10)]
    forecast = forecast_cost(
        [*requests, requests[0]], EndpointPlan(base_url=NOWHERE, model="gpt-4o"), SpendPlan(dollars=1.0)
    )
    # A prompt: (384 + 32 around it) / 4 = 104 of text, 765 of the picture; 10 prompts, 20 replies of at most 100.
    assert (forecast.requests, forecast.from_cache, forecast.replies) == (11, 1, 20)
    assert (forecast.picture_tokens, forecast.prompt_tokens, forecast.completion_tokens) == (7650, 8690, 2000)
    assert forecast.dollars == pytest.approx(8690 * 2.5e-6 + 2000 * 10e-6)
    assert forecast.prompt_dollars == pytest.approx(8690 * 2.5e-6)


def test_a_batch_costs_half_where_the_provider_says_so():
    requests = [Request(messages=(Message(text="x" * 4000),))]
    endpoint = EndpointPlan(base_url=NOWHERE, model="gpt-4o")
    live, batch = (forecast_cost(requests, endpoint, SpendPlan(), is_batch=is_batch) for is_batch in (False, True))
    assert live.dollars == pytest.approx(2 * (batch.dollars or 0))


def test_a_price_that_nobody_knows_is_no_zero():
    requests = [Request(messages=(Message(text="x"),))]
    forecast = forecast_cost(requests, EndpointPlan(base_url=NOWHERE, model="llava"), SpendPlan())
    assert forecast.dollars is None
    assert "no price is known" in forecast.line


def test_money_cannot_be_bounded_where_no_price_is_known():
    endpoint = EndpointPlan(base_url=NOWHERE, model="llava")
    with pytest.raises(ValueError, match=r"no price is known of the model 'llava'.*is_free"):
        forecast_cost([], endpoint, SpendPlan(dollars=1.0))
    assert forecast_cost([], endpoint, SpendPlan(dollars=1.0, is_free=True)).dollars == 0.0
