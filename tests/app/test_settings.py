"""Where settings come from, which is stronger, and what is said when one is wrong."""

import os
import stat
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from cockpit.app import settings
from cockpit.core.config import Config, JobConfig, SleeveConfig
from cockpit.core.errors import ConfigError, StoreError


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No ./cockpit.toml and no file of the user."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    return tmp_path


def file(folder: Path, text: str, name: str = "cockpit.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def refusal(text: str = "", *overrides: str, env: dict[str, str] | None = None) -> str:
    """What is said about a file, an environment or a command line that cannot be."""
    path = file(Path.cwd(), text) if text else None
    with pytest.raises(ConfigError) as caught:
        settings.load(path, env or {}, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


# --- the shipped file -------------------------------------------------------------------------------------


def test_the_shipped_file_says_the_defaults(repo: Path) -> None:
    assert settings.load(repo / "cockpit.toml", {}).config == Config()


def keys(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        nested = isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
        yield from keys(field.type, f"{field.name}.") if nested else [prefix + field.name]


def test_the_shipped_file_names_every_key(repo: Path) -> None:
    written = tomllib.loads((repo / "cockpit.toml").read_text("utf-8"))
    present = {f"{table}.{key}" for table, rows in written.items() for key in rows} | {"sleeves", "jobs"}
    assert set(keys(Config)) - present == set()
    text = (repo / "cockpit.toml").read_text("utf-8")
    example, _, jobs = text.partition("# [[sleeves]]")[2].partition("# [[jobs]]")
    assert [name for name in keys(JobConfig) if f"# {name} = " not in jobs] == []
    assert [name for name in keys(SleeveConfig) if f"# {name} = " not in example] == []


def test_every_key_of_the_shipped_file_is_explained(repo: Path) -> None:
    lines = (repo / "cockpit.toml").read_text("utf-8").splitlines()
    bare = [
        line
        for before, line in pairwise(lines)
        if line and line[0].isalpha() and not before.startswith("#") and "#" not in line
    ]
    assert bare == []


def test_the_commented_sleeve_is_a_valid_one(repo: Path, tmp_path: Path) -> None:
    text = (repo / "cockpit.toml").read_text("utf-8")
    example = text.partition("# [[sleeves]]")[2].partition("\n\n")[0]
    path = file(tmp_path, "[[sleeves]]" + example.replace("\n# ", "\n"), "sleeve.toml")
    sleeve, pair = settings.load(path, {}).config.sleeves
    assert (sleeve.strategy, sleeve.params["ema_fast"]) == ("ema_trend", 9)
    assert len(pair.legs) == 2


def test_the_commented_jobs_are_valid_ones(repo: Path, tmp_path: Path) -> None:
    text = (repo / "cockpit.toml").read_text("utf-8")
    example = text.partition("# [[jobs]]")[2]
    path = file(tmp_path, "[[jobs]]" + example.replace("\n#\n", "\n").replace("\n# ", "\n"), "jobs.toml")
    backup, renew, nightly = settings.load(path, {}).config.jobs
    assert renew.run[0] == "renew"
    assert (backup.run[0], backup.cron) == ("backup", "0 */6 * * *")
    assert [row["trigger"] for row in nightly.on] == ["drawdown", "no_new_high", "breaker"]


# --- precedence -------------------------------------------------------------------------------------------


def test_each_place_is_stronger_than_the_one_before(tmp_path: Path) -> None:
    path = file(tmp_path, "[run]\nequity = 2000\nseed = 2\ncurrency = 'USDC'\n")
    env = {"COCKPIT_RUN__EQUITY": "3000", "COCKPIT_RUN__SEED": "3"}
    found = settings.load(path, env, ["run.equity=4000"]).config.run
    assert (found.currency, found.seed, found.equity) == ("USDC", 3, 4000.0)
    assert found.log_level == Config().run.log_level


def test_the_file_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    assert settings.load(None, {}).source is None
    users = file(tmp_path / "user" / "cockpit", "[run]\nseed = 1\n")
    assert settings.load(None, {}).source == users
    file(tmp_path, "[run]\nseed = 2\n")
    assert settings.load(None, {}).config.run.seed == 2
    named = file(tmp_path, "[run]\nseed = 3\n", "named.toml")
    assert settings.load(None, {"COCKPIT_CONFIG": str(named)}).config.run.seed == 3
    given = file(tmp_path, "[run]\nseed = 4\n", "given.toml")
    assert settings.load(given, {"COCKPIT_CONFIG": str(named)}).config.run.seed == 4


def test_values_from_texts_have_the_type_of_their_key() -> None:
    found = settings.load(
        None,
        {
            "COCKPIT_RUN__TRADING_ENABLED": "False",
            "COCKPIT_RUN__CURRENCY": "123",
            "COCKPIT_RISK__STALE_MS": "900",
        },
        ["screen.theme='paper'", "screen.keymap.order.cancel=['x', 'f9']", "run.equity=1e3"],
    ).config
    assert found.run.trading_enabled is False
    assert found.run.currency == "123"
    assert found.risk.stale_ms == 900
    assert found.screen.theme == "paper"
    assert found.screen.keymap == {"order.cancel": ["x", "f9"]}
    assert found.run.equity == 1000.0


def test_sleeves_can_be_set_from_the_command_line() -> None:
    text = "sleeves=[{strategy='ema_trend', symbol='practice:BTC-USDT-SWAP', params={ema_fast=5}}]"
    (sleeve,) = settings.load(None, {}, [text]).config.sleeves
    assert sleeve == SleeveConfig("ema_trend", "practice:BTC-USDT-SWAP", params={"ema_fast": 5})


def test_names_that_are_no_settings_are_left_alone() -> None:
    env = {
        "COCKPIT_SHARED": "x",
        "COCKPIT_SOAK": "1",
        "COCKPIT_DATA_DIR": "d",
        "COCKPIT_DEBUG": "1",
        "HOME": "h",
    }
    assert settings.load(None, env).warnings == ()


def test_a_stranger_with_our_prefix_is_mentioned() -> None:
    (warning,) = settings.load(None, {"COCKPIT_SHRED": "x"}).warnings
    assert "COCKPIT_SHRED" in warning
    assert "SHARED" in warning


# --- refusals ---------------------------------------------------------------------------------------------


def test_an_unknown_key_names_the_file_and_the_nearest_key(tmp_path: Path) -> None:
    said = refusal("[run]\nequty = 5\n")
    assert said == f"{tmp_path / 'cockpit.toml'}: there is no key 'run.equty'; did you mean 'run.equity'?"


def test_an_unknown_table_is_named() -> None:
    assert "no key 'rusk'; did you mean 'risk'?" in refusal("[rusk]\nstale_ms = 900\n")


def test_a_key_without_its_table_is_sent_there() -> None:
    assert "no key 'equity'; did you mean 'run.equity'?" in refusal("equity = 5\n")
    moved = refusal('[run]\nposition_mode = "hedge"\n')
    assert "no key 'run.position_mode'; did you mean 'venue.position_mode'?" in moved


def test_an_unknown_key_that_resembles_nothing_lists_the_table() -> None:
    said = refusal("[venue]\nzzz = 1\n")
    assert all(f"venue.{name}" in said for name in msgspec.structs.asdict(Config().venue))


def test_an_unknown_key_of_a_sleeve_is_placed() -> None:
    said = refusal(SLEEVE + "symbol = 'b'\ntimefrme = '1h'\n")
    assert "'sleeves.0.timefrme'; did you mean 'sleeves.0.timeframe'?" in said


SLEEVE = "[[sleeves]]\nstrategy = 'a'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[run]\nequity = 'much'\n", "run.equity: must be a number above 0, not 'much'"),
        ("[run]\nequity = 0\n", "run.equity: must be a number above 0, not 0"),
        ("[run]\nseed = 1.5\n", "run.seed: must be a whole number, not 1.5"),
        ("[run]\nlive = 1\n", "run.live: must be true or false, not 1"),
        ("[run]\nfeed = 'mars'\n", "run.feed: must be practice, tape, okx, binance or bybit, not 'mars'"),
        ("[risk]\nprice_band = 7\n", "risk.price_band: must be a number from 0 to 1, not 7"),
        ("[risk]\nstale_ms = 5\n", "risk.stale_ms: must be a whole number of at least 100, not 5"),
        ("[risk]\nmax_notional = nan\n", "risk.max_notional must be a finite number, not nan"),
        ("[risk]\nmax_leverage = inf\n", "risk.max_leverage must be a finite number, not inf"),
        (SLEEVE, "sleeves.0: name its instrument as symbol, or several as symbols"),
        (
            SLEEVE + "symbol = 'b'\nshare = 2\n",
            "sleeves.0.share: must be a number from 0 to 1",
        ),
        (
            SLEEVE + "symbol = 'b'\ntimeframe = 'h1'\n",
            "sleeves.0.timeframe: not a timeframe",
        ),
        ("run = 5\n", "run: must be a table, not 5"),
        ("[screen.keymap]\nzoom = 'z'\n", "screen.keymap.*: must be a list"),
        ("[run]\nlive = true\n", "run.live = true goes with run.execution = 'live' only"),
        ("[run]\nfeed = 'okx'\nexecution = 'live'\n", "run.execution = 'live' needs run.live = true"),
        (
            "[run]\nexecution = 'live'\nlive = true\n",
            "run.execution = 'live' needs run.feed = 'okx' or 'binance' or 'bybit'",
        ),
        (
            "[run]\nexecution = 'demo'\n",
            "run.execution = 'demo' needs run.feed = 'okx' or 'binance' or 'bybit'",
        ),
        ("[run\n", "is not TOML"),
    ],
)
def test_a_wrong_value_is_explained_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    refused = refusal(text)
    assert refused.startswith(str(tmp_path / "cockpit.toml"))
    assert said in refused


def test_the_blame_goes_to_the_place_that_set_it() -> None:
    good = "[risk]\nstale_ms = 900\n"
    assert refusal(good, env={"COCKPIT_RISK__STALE_MS": "x"}).startswith(
        "COCKPIT_RISK__STALE_MS: risk.stale_ms"
    )
    assert refusal(good, "risk.stale_ms=1").startswith("--set risk.stale_ms: risk.stale_ms")
    assert refusal(env={"COCKPIT_RISK__STALEMS": "900"}).startswith("COCKPIT_RISK__STALEMS: there is no key")
    assert refusal("", "risk.stale_ms").startswith("--set risk.stale_ms: write")


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--config: there is no file .*gone\.toml"):
        settings.load(tmp_path / "gone.toml", {})
    with pytest.raises(ConfigError, match=r"COCKPIT_CONFIG: there is no file"):
        settings.load(None, {"COCKPIT_CONFIG": str(tmp_path / "gone.toml")})


# --- directories and digests ------------------------------------------------------------------------------


def test_the_data_directory_is_the_named_one_first(repo: Path, tmp_path: Path) -> None:
    env = {"COCKPIT_DATA_DIR": str(tmp_path / "env")}
    assert settings.load(None, env, (), tmp_path / "given").data_dir == tmp_path / "given"
    assert settings.load(None, env).data_dir == tmp_path / "env"
    found = settings.load(None, {})
    assert found.checkout
    assert found.data_dir == repo / "data"


def test_an_installed_cockpit_keeps_its_data_with_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "checkout", lambda: None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = settings.load(None, {})
    assert not found.checkout
    assert found.data_dir.is_relative_to(tmp_path)
    assert "cockpit" in found.data_dir.parts


def test_a_new_data_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    made = settings.private(tmp_path / "a" / "b")
    assert [stat.S_IMODE(p.stat().st_mode) for p in (made, made.parent)] == [0o700, 0o700]


def test_a_data_directory_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot make the data directory"):
        settings.private(tmp_path / "file" / "below")


def test_the_digest_covers_every_setting(tmp_path: Path) -> None:
    same = settings.load(file(tmp_path, "[run]\nequity = 10000\n"), {})
    assert same.digest == settings.digest(Config())
    assert settings.load(None, {}, ["venue.slippage_ticks=2"]).digest != same.digest


def test_settings_are_kept_beside_a_journal_by_their_digest(tmp_path: Path) -> None:
    config = settings.load(None, {}, ["run.equity=5"]).config
    settings.keep(config, tmp_path)
    settings.keep(config, tmp_path)
    assert settings.kept(settings.digest(config), tmp_path) == config
    assert settings.kept("0" * 64, tmp_path) is None
    assert os.listdir(tmp_path / "settings") == [f"{settings.digest(config)}.json"]


# --- who trades by default --------------------------------------------------------------------------------

PRACTICE = (
    "practice:BTC-USDT-SWAP",
    "practice:ETH-USDT-SWAP",
    "practice:SOL-USDT-SWAP",
    "practice:WIF-USDT-SWAP",
)


def test_the_practice_market_gets_both_strategies() -> None:
    assert settings.default_sleeves(PRACTICE, (60_000, 5_000)) == (
        SleeveConfig("ema_trend", "practice:BTC-USDT-SWAP", "5s"),
        SleeveConfig("ema_trend", "practice:ETH-USDT-SWAP", "5s"),
        SleeveConfig("market_maker", "practice:WIF-USDT-SWAP"),
    )


def test_a_tape_gets_what_its_data_allows() -> None:
    frames = {"a:ONE": (3_600_000, 300_000), "a:TWO": ()}
    assert settings.default_sleeves(("a:ONE", "a:TWO", "a:THREE"), (), frames, ("a:TWO",)) == (
        SleeveConfig("ema_trend", "a:ONE", "5m"),
        SleeveConfig("market_maker", "a:TWO"),
    )


def test_fees_are_two_numbers_or_none() -> None:
    assert settings.load(None, {}, ["venue.fees=[0.0001, 0.0004]"]).config.venue.fees == (0.0001, 0.0004)
    assert "two numbers" in refusal("[venue]\nfees = [0.0001]\n")
    assert "venue.fees" in refusal("[venue]\nfees = [0.0001, 0.9]\n")
    assert "venue.fees: must be a list of at most 2" in refusal("[venue]\nfees = [0, 0, 0]\n")


def test_a_seed_is_what_a_journal_can_hold() -> None:
    assert settings.load(None, {}, [f"run.seed={2**63 - 1}"]).config.run.seed == 2**63 - 1
    for seed in (2**63, -(2**63) - 1):
        assert "run.seed: a whole number of at most 63 bits" in refusal(f"[run]\nseed = {seed}\n")


# --- names of older programs ------------------------------------------------------------------------------


def test_old_names_mean_the_setting_and_are_weaker_than_our_own(tmp_path: Path) -> None:
    path = file(tmp_path, "[risk]\nmax_notional = 1.0\n", "older.toml")
    env = {"RISK_MAX_NOTIONAL": "20000", "RISK_MAX_LEVERAGE": "2.5", "TRADING_ENABLED": "False"}
    found = settings.load(path, {**env, "COCKPIT_RISK__MAX_LEVERAGE": "1.5"}).config
    assert (found.risk.max_notional, found.risk.max_leverage) == (20_000.0, 1.5)
    assert not found.run.trading_enabled
    assert settings.load(None, {"TRADING_ENABLED": ""}).config == Config()


def test_a_wrong_value_names_the_variable() -> None:
    assert refusal(env={"RISK_MIN_CONFIDENCE": "7"}).startswith("RISK_MIN_CONFIDENCE: risk.min_confidence")
    assert "write true or false" in refusal(env={"TRADING_ENABLED": "maybe"})
    assert "write true or false" in refusal(env={"OKX_IS_DEMO": "2"})


LIVE = ("run.feed=okx", "run.execution=live", "run.live=true")


@pytest.mark.parametrize(
    "env", [{"OKX_IS_DEMO": "true"}, {"OKX_SIMULATED_TRADING": "1"}, {"ALLOW_LIVE_TRADING": "false"}]
)
def test_old_switches_forbid_real_money(env: dict[str, str]) -> None:
    ((name, value),) = env.items()
    assert f"{name}={value} in the environment forbids real money" in refusal("", *LIVE, env=env)
    assert settings.load(None, env, ["run.feed=okx"]).config.run.execution == "paper"


def test_old_switches_never_allow_real_money() -> None:
    env = {"OKX_IS_DEMO": "false", "OKX_SIMULATED_TRADING": "0", "ALLOW_LIVE_TRADING": "true"}
    assert settings.load(None, env).config == Config()
    assert "needs run.live" in refusal("", *LIVE[:2], env=env)
    assert settings.load(None, env, LIVE).config.run.execution == "live"
