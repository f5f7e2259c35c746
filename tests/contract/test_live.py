"""Real money on Binance and Bybit, at scripted exchanges: what it takes to start, and what refuses."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

import pytest

from cockpit.adapters.secret import Credentials, Secret
from cockpit.app import live
from cockpit.app.consent import Consent
from cockpit.app.exchanges import open_exchange
from cockpit.core.config import Config
from cockpit.core.errors import CockpitError, ConfigError
from tests.contract.server import KEY, READ_KEY, SECRET, Scripted
from tests.contract.stands import FAKES
from tests.contract.test_machine import changed, machine, settings

both = pytest.mark.parametrize("venue", tuple(FAKES))
WITHDRAW = {"binance": "enableWithdrawals", "bybit": "Withdraw"}
TRADE = {"binance": "enableFutures", "bybit": "Order"}
NEW = {"binance": "enableTeleportation", "bybit": "Teleportation"}
MOVE = {"binance": "permitsUniversalTransfer", "bybit": "AccountTransfer"}


class Keys:
    """A store with the live keys that are named."""

    place = "test"

    def __init__(self, venue: str, *purposes: str) -> None:
        self._venue = venue
        self._purposes = purposes

    def names(self) -> list[Any]:
        return []

    def get(self, which: Any) -> Any:
        if which.environment != "live" or which.purpose not in self._purposes:
            return None
        key = KEY if which.purpose == "trade" else READ_KEY
        return Credentials(self._venue, "live", which.purpose, Secret(key), Secret(SECRET), Secret(""))

    def put(self, keys: Any) -> None:
        raise NotImplementedError

    def remove(self, which: Any) -> bool:
        return False


async def agreed(server: Scripted, keys: Keys, word: str | None = "LIVE") -> Consent:
    """The gate, as a start without a person goes through it."""
    config = changed(settings(server), run={"execution": "live", "live": True})
    args = argparse.Namespace(confirm_live=word)
    return await asyncio.to_thread(live.consent, args, config, keys, config.sleeves, "en", None)


@pytest.mark.parametrize(
    ("run", "consent", "uid", "said"),
    [
        ({"execution": "live"}, Consent("7", "test"), None, "set run.live = true as well"),
        ({"execution": "live", "live": True}, None, None, "without a typed word"),
        ({"execution": "live", "live": True}, None, "7", "without a typed word"),
        (
            {"execution": "live", "live": True},
            Consent("7", "test"),
            "8",
            "account 8, but account 7 was shown",
        ),
        ({"execution": "live", "live": True}, Consent("7", "test"), "", "but account 7 was shown"),
        ({"execution": "live", "live": True}, Consent("7", "test"), "7", ""),
        ({"execution": "demo", "live": True}, None, "8", ""),
        ({"execution": "paper"}, None, None, ""),
    ],
)
def test_the_gate_that_every_venue_asks(
    run: dict[str, Any], consent: Consent | None, uid: str | None, said: str
) -> None:
    """Twice said in the settings, once by a person, and of that account: else no key is used."""
    config = changed(Config(), run=run)
    if said:
        with pytest.raises(ConfigError, match=said):
            live.confirmed(config, consent, uid)
    else:
        live.confirmed(config, consent, uid)


@both
def test_the_account_is_shown_the_word_typed_and_it_trades(
    venue: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        async with FAKES[venue][0]().running() as server:
            keys = Keys(venue, "read", "trade")
            consent = await agreed(server, keys)
            said = capsys.readouterr().err
            assert f"Orders go to {live.TITLES[venue]} at 127.0.0.1" in said
            assert f"account {consent.uid}" in said
            assert "100000" in said
            assert "bind it to this machine's IP" in said
            assert {row[0] for row in server.log} == {"GET"}  # nothing was sent to be shown
            config = changed(settings(server), run={"execution": "live", "live": True})
            async with machine(
                server, tmp_path, config, store_of_keys=keys, consent=consent
            ) as made:  # fmt: skip
                await made.trade(2)
                await made.quiet()
                made.assert_equal_books()

    asyncio.run(asyncio.wait_for(story(), 60))


@both
def test_what_refuses_real_money(venue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COCKPIT_CONFIRM_LIVE", raising=False)

    async def story() -> None:
        async with FAKES[venue][0]().running() as server:
            good = Keys(venue, "read", "trade")
            for keys, word, said in (
                (Keys(venue, "read"), "LIVE", f"no key {venue}/live/trade"),
                (Keys(venue, "trade"), "LIVE", f"no key {venue}/live/read"),
                (good, "live", "was not confirmed"),
            ):
                with pytest.raises(ConfigError, match=said):
                    await agreed(server, keys, word)
            server.rights[READ_KEY] = [TRADE[venue]]
            with pytest.raises(CockpitError, match="no read key"):
                await agreed(server, good)
            server.rights[READ_KEY] = []
            consent = await agreed(server, good)
            config = changed(settings(server), run={"execution": "live", "live": True})
            for rights, said in (
                (WITHDRAW, "may withdraw"), (MOVE, "may transfer"), (NEW, f"may {NEW[venue]}"),
            ):  # fmt: skip
                server.rights[KEY] = [rights[venue]]
                with pytest.raises(CockpitError, match=said):
                    await open_exchange(config, tmp_path, good, consent=consent)
            server.rights[KEY] = []
            other = Consent("somebody", "test")
            with pytest.raises(ConfigError, match="but account somebody was shown"):
                await open_exchange(config, tmp_path, good, consent=other)
            server.lends = True
            if venue == "binance":
                with pytest.raises(CockpitError, match="multi-assets"):
                    await open_exchange(config, tmp_path, good, consent=consent)
            assert {row[0] for row in server.log} == {"GET"}

    asyncio.run(asyncio.wait_for(story(), 60))
