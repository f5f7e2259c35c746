"""The settings reach the simulated venue: delays that were measured, fees of one's own, every rule."""

from decimal import Decimal
from math import sin
from pathlib import Path

import msgspec
import pytest

from cockpit.app import simulated
from cockpit.app.rehearse import MARKET, candles, rehearse
from cockpit.core.config import Config, VenueConfig
from cockpit.core.errors import ConfigError
from cockpit.core.events import AnyEvent, Bar, Listing
from cockpit.core.matching.rules import QUEUES, SELF_TRADES


def venue(**settings: object) -> Config:
    return msgspec.convert({"venue": settings}, Config)


def latency_file(folder: Path, text: str) -> str:
    path = folder / "delays.csv"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_measured_way_is_used_in_turn_and_the_others_keep_their_figure(tmp_path: Path) -> None:
    path = latency_file(tmp_path, "order_ms,other,report_ms\n12,x,3\n40.6,,\n7,,5\n")
    found = simulated.latency_of(venue(latency_file=path, feed_latency_ms=9))
    assert [found.order.ms(1, n) for n in range(4)] == [12, 41, 7, 12]
    assert [found.report.ms(1, n) for n in range(3)] == [3, 5, 3]
    assert {found.feed.ms(1, n) for n in range(9)} == {9}


def test_without_a_file_the_figures_hold_with_their_jitter() -> None:
    found = simulated.latency_of(venue(order_latency_ms=30, latency_jitter_ms=2))
    assert {found.order.ms(1, n) for n in range(99)} == {30, 31, 32}
    assert simulated.latency_of(venue(feed_latency_ms=0)).feed.instant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ms\n3\n", "no column"),
        ("", "no column"),
        ("order_ms\n", "holds no measurement"),
        ("order_ms\n3\nsoon\n", "line 3: order_ms is 'soon'"),
        ("order_ms\n-1\n", "line 2: order_ms is '-1'"),
        ("order_ms\nnan\n", "line 2: order_ms is 'nan'"),
        ("order_ms\n1e9\n", "line 2: order_ms is '1e9'"),
    ],
)
def test_a_file_that_is_no_measurement_is_refused_with_its_place(
    tmp_path: Path, text: str, said: str
) -> None:
    path = latency_file(tmp_path, text)
    with pytest.raises(ConfigError, match=r"delays\.csv") as caught:
        simulated.latency_of(venue(latency_file=path))
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        simulated.latency_of(venue(latency_file=str(tmp_path / "nothing.csv")))


def test_fees_of_ones_own_reach_listings_and_the_ledger() -> None:
    config = venue(fees=[-0.0001, 0.001])
    stream: list[AnyEvent] = [Listing(1, MARKET), Bar(2, MARKET.symbol, 1, 1.0, 1.0, 1.0, 1.0, 0.0)]
    listing, bar = simulated.relisted(stream, config)
    assert isinstance(listing, Listing)
    assert listing.instrument.maker_fee == Decimal("-0.0001")
    assert bar is stream[1]
    closes = [100 + 12 * sin(n / 40) + 3 * sin(n / 7) for n in range(900)]
    run = rehearse("ema_trend", candles(closes), {"volume_threshold": 0.5}, config=config)
    takers = [fill for fill in run.fills if not fill.maker]
    assert takers
    for fill in takers:
        assert fill.fee == fill.qty * fill.price * Decimal("0.001")


def test_without_fees_the_markets_own_hold() -> None:
    stream: list[AnyEvent] = [Listing(1, MARKET)]
    assert list(simulated.relisted(stream, Config())) == stream
    assert simulated.charged({MARKET.symbol: MARKET}, Config()) == {MARKET.symbol: MARKET}


def test_every_word_the_settings_allow_is_one_the_venue_knows() -> None:
    for queue in QUEUES:
        assert simulated.rules_of(venue(queue=queue, queue_power=2)).queue == queue
    for word in SELF_TRADES:
        assert simulated.rules_of(venue(self_trade=word)).self_trade == word
    for field in ("queue", "self_trade"):
        with pytest.raises(msgspec.ValidationError):
            venue(**{field: "kind"})
    rules = simulated.rules_of(Config(venue=VenueConfig(cancel_failure=0.25, slippage_ticks=4)))
    assert (rules.cancel_failure, rules.slippage_ticks) == (0.25, 4)
