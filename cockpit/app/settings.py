"""Settings from the four places they may stand in, each over the one before.

    defaults  <  cockpit.toml  <  environment COCKPIT_RUN__EQUITY=…  <  --set run.equity=…

The file is the first of: --config, $COCKPIT_CONFIG, ./cockpit.toml, the user's configuration directory.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

import cockpit
from cockpit.app import oldnames
from cockpit.app.complaints import complaint, fields, nearest, shown, type_at
from cockpit.app.settings_file import find, read
from cockpit.core.config import Config, SleeveConfig, timeframe_ms, timeframe_text
from cockpit.core.errors import ConfigError, StoreError
from cockpit.core.unreadable import UNREADABLE

PREFIX = "COCKPIT_"
NOT_SETTINGS = frozenset(
    (
        "SHARED",
        "SOAK",
        "CONFIG",
        "DATA_DIR",
        "DEBUG",
        "KEYS_PASSWORD_FILE",
        "CONFIRM_LIVE",
        "JIT_CACHE",
        "STUDY_STORAGE",
        "TOKEN_FILE",
    )
)
"""Names behind the prefix that are no keys of the file."""
TREND_SYMBOLS = ("practice:BTC-USDT-SWAP", "practice:ETH-USDT-SWAP")
QUOTE_SYMBOLS = ("practice:WIF-USDT-SWAP",)

OFFERED = {
    "okx": ("paper", "demo", "live"),
    "binance": ("paper", "demo", "live"),
    "bybit": ("paper", "demo", "live"),
}
"""Feed → where its orders may go; any other has the simulated account only."""
MOST_SEED = 1 << 63
"""What a file of settings, an event and a snapshot can hold."""
Origins = dict[tuple[str, ...], str]
"""Path of a key → where it was set."""


class Loaded(msgspec.Struct, frozen=True):
    """The settings in force, and where they come from."""

    config: Config
    source: Path | None
    """The file; None = there is none, and the defaults hold."""
    data_dir: Path
    """Where journals are kept; not made yet (see :func:`private`)."""
    digest: str
    """sha256 of every setting in force: equal runs have equal digests."""
    warnings: tuple[str, ...] = ()
    checkout: bool = False
    """Running from the project's own folder."""
    origins: dict[str, str] = {}
    """Key → the file, the variable or the option that set it."""


def load(
    path: Path | None, env: Mapping[str, str], overrides: Sequence[str] = (), data_dir: Path | None = None
) -> Loaded:
    """Settings in force. Raises ConfigError naming place, key, value and what would be right."""
    source = find(path, env)
    tree: dict[str, Any] = {} if source is None else read(source)
    origins: Origins = {}
    if source is not None:
        _note_origins(tree, str(source), (), origins)
    schema = inspect.type_info(Config)
    for name, key_path, text in oldnames.meant(env):
        _put(key_path, text, name, schema, tree, origins)
    warnings = _from_environment(env, schema, tree, origins)
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set {text}: write --set run.equity=5000")
        _put(tuple(key.strip().split(".")), value.strip(), f"--set {key.strip()}", schema, tree, origins)
    _refuse_unknown(tree, schema, (), origins)
    config = _converted(tree, origins)
    _refuse_unsafe(config, origins, oldnames.forbidden(env))
    return Loaded(
        config,
        source,
        _data_dir(data_dir, env),
        digest(config),
        tuple(warnings),
        checkout() is not None,
        {".".join(key_path): where for key_path, where in origins.items()},
    )


def digest(config: Config) -> str:
    """sha256 over every setting, defaults included."""
    return hashlib.sha256(msgspec.json.encode(config, order="deterministic")).hexdigest()


def keep(config: Config, folder: Path) -> None:
    """Leave the settings beside the journal that is written under them, by their digest."""
    file = folder / "settings" / f"{digest(config)}.json"
    if not file.exists():
        private(file.parent)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n")


def kept(digest_: str, folder: Path) -> Config | None:
    """The settings of a run by their digest; None when they are not there or not of this version."""
    try:
        return msgspec.json.decode((folder / "settings" / f"{digest_}.json").read_bytes(), type=Config)
    except (OSError, *UNREADABLE):
        return None


def checkout() -> Path | None:
    """The project's folder when the package runs from it; None for an installed one."""
    root = Path(cockpit.__file__).resolve().parent.parent
    try:
        text = (root / "pyproject.toml").read_text("utf-8")
    except OSError:
        return None
    return root if '\nname = "cockpit"' in text else None


def shipped(name: str) -> Path:
    """A file or folder that stands at the top of a checkout and inside an installed package."""
    root = checkout()
    return (root if root is not None else Path(cockpit.__file__).parent / "_shipped") / name


def private(folder: Path) -> Path:
    """Make a directory that only its owner may enter. Raises StoreError when that cannot be."""
    try:
        missing = [p for p in (folder, *folder.parents) if not p.exists()]
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the data directory {folder}: {error.strerror}") from error
    return folder


def default_sleeves(
    symbols: Sequence[str],
    bar_tfs: Sequence[int],
    frames: Mapping[str, Sequence[int]] | None = None,
    books: Sequence[str] = (),
) -> tuple[SleeveConfig, ...]:
    """Who trades when the file names nobody.

    On the practice market the trend follower takes its BTC and ETH swaps and the market maker its widest
    one. On a tape (``frames``: symbol → bar lengths, ``books``: symbols with an order book) every symbol
    with bars gets the one, every symbol with a book the other.
    """
    if frames is None:
        shortest = timeframe_text(min(bar_tfs)) if bar_tfs else ""
        trend = [(symbol, shortest) for symbol in TREND_SYMBOLS if symbol in symbols and shortest]
        quoted: Sequence[str] = [symbol for symbol in QUOTE_SYMBOLS if symbol in symbols]
    else:
        trend = [(symbol, timeframe_text(min(frames[symbol]))) for symbol in symbols if frames.get(symbol)]
        quoted = [symbol for symbol in symbols if symbol in books]
    return (
        *(SleeveConfig("ema_trend", symbol, timeframe) for symbol, timeframe in trend),
        *(SleeveConfig("market_maker", symbol) for symbol in quoted),
    )


# --- the file ---------------------------------------------------------------------------------------------


def _note_origins(tree: Mapping[str, Any], where: str, path: tuple[str, ...], origins: Origins) -> None:
    for key, value in tree.items():
        origins[*path, key] = where
        if isinstance(value, Mapping):
            _note_origins(value, where, (*path, key), origins)


# --- environment and --set --------------------------------------------------------------------------------


def _from_environment(
    env: Mapping[str, str], schema: inspect.Type, tree: dict[str, Any], origins: Origins
) -> list[str]:
    warnings = []
    for name in sorted(env):
        rest = name.removeprefix(PREFIX)
        if rest == name or rest in NOT_SETTINGS:
            continue
        path = tuple(rest.lower().split("__"))
        if len(path) == 1 and path[0] not in fields(schema):
            # Not in the form of a key: other programs may use the prefix too.
            warnings.append(f"{name} in the environment is not a setting{nearest(rest, NOT_SETTINGS)}")
            continue
        _put(path, env[name], name, schema, tree, origins)
    return warnings


def _put(
    path: tuple[str, ...],
    text: str,
    where: str,
    schema: inspect.Type,
    tree: dict[str, Any],
    origins: Origins,
) -> None:
    for depth in range(1, len(path)):
        kind = type_at(schema, path[:depth])
        if isinstance(kind, inspect.DictType):
            # The keys of a free table may hold dots themselves: screen.keymap.order.cancel.
            path = (*path[:depth], ".".join(path[depth:]))
            break
    kind = type_at(schema, path)
    here = tree
    for depth, step in enumerate(path[:-1], start=1):
        below = here.setdefault(step, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{where}: {'.'.join(path[:depth])} is not a table")
        origins.setdefault(path[:depth], where)
        here = below
    here[path[-1]] = _typed(text, kind)
    for known in [p for p in origins if p[: len(path)] == path]:
        del origins[known]
    origins[path] = where


def _typed(text: str, kind: inspect.Type | None) -> Any:
    """A value from a text: as TOML writes it, where the key does not hold a text anyway."""
    if isinstance(kind, inspect.StrType):
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
        return text[1:-1] if quoted else text
    written = text.lower() if isinstance(kind, inspect.BoolType) else text
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


# --- judging ----------------------------------------------------------------------------------------------


def _where(path: tuple[str, ...], origins: Origins) -> str:
    for depth in range(len(path), 0, -1):
        if path[:depth] in origins:
            return origins[path[:depth]]
    return "settings"


def _refuse_unknown(tree: Any, kind: inspect.Type, path: tuple[str, ...], origins: Origins) -> None:
    """Keys nobody reads, and numbers that are none: a limit of NaN would hold nothing back."""
    if isinstance(tree, float) and not isfinite(tree):
        raise ConfigError(f"{_where(path, origins)}: {'.'.join(path)} must be a finite number, not {tree}")
    if isinstance(tree, list):
        for index, item in enumerate(tree):
            step = (*path, str(index))
            _refuse_unknown(item, type_at(kind, ("0",)) or inspect.AnyType(), step, origins)
        return
    if not isinstance(tree, Mapping):
        return
    known = fields(kind)
    free = isinstance(kind, inspect.DictType | inspect.AnyType)
    for key, value in tree.items():
        below = type_at(kind, (key,)) or inspect.AnyType()
        if known and key not in known:
            dotted = ".".join((*path, key))
            hint = _hint(key, path, known)
            raise ConfigError(f"{_where((*path, key), origins)}: there is no key {dotted!r}{hint}")
        if known or free:
            _refuse_unknown(value, below, (*path, key), origins)


def _hint(key: str, path: tuple[str, ...], known: Mapping[str, inspect.Type]) -> str:
    prefix = "".join(f"{step}." for step in path)
    hint = nearest(key, known, prefix)
    if hint.startswith("; did"):
        return hint
    # A key of some other table, or one written without its table: ``equity = 5000``.
    everywhere = {
        f"{table}.{name}": name
        for table, kind in fields(inspect.type_info(Config)).items()
        for name in fields(kind)
    }
    owners = [dotted for dotted, name in everywhere.items() if name == key]
    return f"; did you mean {owners[0]!r}?" if owners else hint


def _converted(tree: Mapping[str, Any], origins: Origins) -> Config:
    try:
        config = msgspec.convert(tree, Config)
    except msgspec.ValidationError as error:
        dotted, sentence = complaint(error, tree, Config)
        where = _where(tuple(dotted.split(".")), origins)
        raise ConfigError(f"{where}: {dotted}: {sentence}") from error
    for index, sleeve in enumerate(config.sleeves):
        named = [("timeframe", sleeve.timeframe)] if sleeve.timeframe else []
        named += [("timeframes", text) for text in sleeve.timeframes]
        for key, text in named:
            try:
                timeframe_ms(text)
            except ValueError as error:
                where = _where(("sleeves", str(index)), origins)
                raise ConfigError(f"{where}: sleeves.{index}.{key}: {error}") from error
    return config


def _refuse_unsafe(config: Config, origins: Origins, forbidden: str) -> None:
    """Better no start than one that trades otherwise than the file says."""
    run = config.run
    if run.execution == "live" and forbidden:
        raise ConfigError(f"{forbidden} in the environment forbids real money: run.execution is 'live'")
    if len(config.venue.fees) == 1:
        where = _where(("venue", "fees"), origins)
        raise ConfigError(f"{where}: venue.fees: two numbers, [maker, taker], or none")
    if not -MOST_SEED <= run.seed < MOST_SEED:
        where = _where(("run", "seed"), origins)
        raise ConfigError(f"{where}: run.seed: a whole number of at most 63 bits, not {run.seed}")
    if run.live and run.execution != "live":
        where = _where(("run", "live"), origins)
        raise ConfigError(f"{where}: run.live = {shown(True)} goes with run.execution = {shown('live')} only")
    if run.execution == "live" and not run.live:
        where = _where(("run", "execution"), origins)
        raise ConfigError(f"{where}: run.execution = {shown('live')} needs run.live = {shown(True)}")
    if run.execution not in OFFERED.get(run.feed, ("paper",)):
        where = _where(("run", "execution"), origins)
        feeds = " or ".join(shown(feed) for feed, words in OFFERED.items() if run.execution in words)
        raise ConfigError(f"{where}: run.execution = {shown(run.execution)} needs run.feed = {feeds}")


def _data_dir(named: Path | None, env: Mapping[str, str]) -> Path:
    if named is not None:
        return named.expanduser()
    if env.get("COCKPIT_DATA_DIR"):
        return Path(env["COCKPIT_DATA_DIR"]).expanduser()
    root = checkout()
    if root is not None:
        return root / "data"
    import platformdirs

    return Path(platformdirs.user_data_dir("cockpit"))
