"""Environment names of the programs that the cockpit replaces: heard where that is safe.

    TRADING_ENABLED  RISK_MAX_NOTIONAL  RISK_MAX_LEVERAGE  RISK_MIN_CONFIDENCE    mean that setting
    PORTFOLIO_DIFF_THRESHOLD  PORTFOLIO_MIN_NOTIONAL  PORTFOLIO_GLOBAL_LEVERAGE    mean that of [sizing]
    OKX_IS_DEMO  OKX_SIMULATED_TRADING  ALLOW_LIVE_TRADING    may forbid real money, never allow it

They are stronger than the file and weaker than ``COCKPIT_*``. No ``.env`` file is read: those hold keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cockpit.core.errors import ConfigError

MEANT: dict[str, tuple[str, str]] = {
    "TRADING_ENABLED": ("run", "trading_enabled"),
    "RISK_MAX_NOTIONAL": ("risk", "max_notional"),
    "RISK_MAX_LEVERAGE": ("risk", "max_leverage"),
    "RISK_MIN_CONFIDENCE": ("risk", "min_confidence"),
    "PORTFOLIO_DIFF_THRESHOLD": ("sizing", "diff_threshold"),
    "PORTFOLIO_MIN_NOTIONAL": ("sizing", "min_notional"),
    "PORTFOLIO_GLOBAL_LEVERAGE": ("sizing", "global_leverage"),
}
FORBID: dict[str, bool] = {"OKX_IS_DEMO": True, "OKX_SIMULATED_TRADING": True, "ALLOW_LIVE_TRADING": False}
"""By name: the value with which it forbids real money."""
WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def meant(env: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str], str]]:
    """(name, key of the setting, value as TOML writes it) of those that are set. Raises ConfigError."""
    for name, path in MEANT.items():
        if env.get(name, "") != "":
            value = env[name]
            yield name, path, str(word(name, value)).lower() if name == "TRADING_ENABLED" else value


def forbidden(env: Mapping[str, str]) -> str:
    """The word in the environment that forbids real money, as ``NAME=value``; empty when none does."""
    for name, value in FORBID.items():
        if env.get(name, "") != "" and word(name, env[name]) is value:
            return f"{name}={env[name]}"
    return ""


def word(name: str, text: str) -> bool:
    """Yes or no. Raises ConfigError: with a switch of this weight nothing is guessed."""
    found = WORDS.get(text.strip().lower())
    if found is None:
        raise ConfigError(f"{name} in the environment is {text!r}: write true or false")
    return found
