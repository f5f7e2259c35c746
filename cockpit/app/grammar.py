"""What can be typed: the commands, the options that many of them share, the exit codes."""

from __future__ import annotations

import argparse
from typing import Any

COMMANDS = {
    "attach": "put the screen on a cockpit that runs without one",
    "serve": "the screen in a browser page on this machine, behind a token",
    "watch": "the running cockpit as plain lines, for screen readers and logs",
    "status": "what the running cockpit does",
    "kill": "stop all trading now: no entries, resting entries cancelled, positions protected or closed",
    "resume": "lift a halt",
    "plan": "show what a deed by hand would do: enter, exit, cancel, take, release, lock, limit, undo, …",
    "apply": "do what a plan has shown, or refuse when things have changed",
    "lock": "a market, sleeve or strategy version takes no new positions",
    "unlock": "lift such a lock",
    "limit": "a limit of the gate, tighter than the settings say, or back to them (off)",
    "entries": "off: nothing new is entered, exits and stops go on; on: as before",
    "stop": "end the running cockpit; orders at the venue stay as they are",
    "why": "why a market is not traded now: the first gate that said no",
    "explain": "why an order exists: wish, rules, order, fills",
    "replay": "run a journal through the engine again and compare every decision",
    "backtest": "run strategies over a tape as fast as it goes",
    "optimize": "search a strategy's parameters over a tape; every try is kept, and it can go on later",
    "studies": "the searches that were run or run here: list, show, export, repeat a trial by the kernel",
    "check": "look for bias: lookahead, recursive (warm-up), fills that the market could not have given",
    "runs": "the backtests that were run here: list, show, repeat and compare",
    "ledger": "every trial that was ever run here: show, verify",
    "walkforward": "search, choose and test window by window: the out-of-sample curve",
    "renew": "search, examine the best out of sample, hand over what passes: for jobs",
    "passport": "examine a strategy version and certify it; list, show, verify",
    "backup": "take a backup beside a running cockpit, verified; list, verify",
    "restore": "bring a backup back; what is there now is moved aside",
    "report": "controls: what is verified, by which tests, and what this machine can show for it",
    "drill": "a scripted disaster against a cockpit of its own: machine and person are scored",
    "bundle": "what an engineer needs after an incident, in one file, without secrets; nothing is sent",
    "audit": "the journals' hash chains: verify, anchor (keep where they stand elsewhere), export",
    "capital": "who may use how much of the equity: show, apply the plan, undo",
    "jobs": "commands that run by themselves: list, show, run, on, off, cron, reset",
    "exchange": "an exchange on this machine that speaks OKX v5, for tests and for strangers' clients",
    "guardian": "watch a daemon at OKX, and cancel its entries when it is frozen or wedged",
    "keys": "API keys of real exchanges: add, list, test, remove",
    "data": "import, describe and verify recorded markets",
    "hotlist": "which markets were hot at an instant of a recorded market, term by term",
    "versions": "strategy versions: how far each is trusted, what the next gate says, a new one",
    "promote": "a version one stage further: paper, shadow, canary, prod, if its gate is open",
    "approve": "say yes, as one more person, to a promotion that waits",
    "rollback": "take a live version out of the account now; the one before returns",
    "retire": "take a version off, wherever it stands",
    "people": "who may approve: list, add (a token, shown once), remove",
    "strategies": "the strategies there are, with their parameters",
    "import": "a strategy written for freqtrade, as a sleeve with its limits stated",
    "init": "write the commented settings file",
    "new": "write a new strategy with its test",
    "quant-eval": "answer for the formulas: one JSON request a line on stdin",
    "doctor": "is everything here in order?",
    "help": "parameters, rules, exit codes, environment, keys, settings",
}

EXIT_CODES = {
    0: "done",
    1: "error, or doctor found something broken",
    2: "usage or settings",
    3: "a plug-in is broken",
    4: "storage: journal or data directory",
    5: "recorded data",
    6: "venue",
    7: "no cockpit is running here",
    8: "refused for safety, or no answer",
    70: "our bug",
    130: "interrupted",
}


def common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """Options that every command takes, before its name or after it."""
    absent: Any = None if top else argparse.SUPPRESS
    parser.add_argument(
        "--json",
        action="store_true",
        default=False if top else argparse.SUPPRESS,
        help="answer in JSON on stdout; talk goes to stderr",
    )
    parser.add_argument(
        "--data-dir", metavar="DIR", default=absent, help="where journals are kept (default: cockpit doctor)"
    )
    parser.add_argument("--config", metavar="FILE", default=absent, help="settings instead of ./cockpit.toml")
    parser.add_argument(
        "--set",
        metavar="K=V",
        action="append",
        dest="set" if top else "set_after",
        default=[] if top else argparse.SUPPRESS,
        help="one setting, e.g. run.equity=5000; may be repeated",
    )
    parser.add_argument("--lang", choices=("en", "zh"), default=absent, help="language")


def span(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """Options that say which part of which tape, and the seed."""
    absent: Any = None if top else argparse.SUPPRESS
    history(parser, absent)
    parser.add_argument(
        "--from",
        metavar="TIME",
        dest="begin",
        default=absent,
        help="from this instant of the tape (ISO, UTC)",
    )
    parser.add_argument(
        "--to", metavar="TIME", dest="end", default=absent, help="up to, not including, this instant"
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        default=absent,
        help="of the practice market, the simulated venue, a search",
    )


def history(parser: argparse.ArgumentParser, absent: Any = None) -> None:
    """Options that name recorded data: a tape, or what of the archive."""
    parser.add_argument("--tape", metavar="TAPE", default=absent, help="a recorded market")
    parser.add_argument(
        "--archive",
        action="store_true",
        default=argparse.SUPPRESS if absent == argparse.SUPPRESS else False,
        help="instead of a tape: what cockpit data has gathered of the strategies' markets",
    )
    parser.add_argument(
        "--kinds",
        metavar="LIST",
        default=absent,
        help="with --archive: beside candles only these (funding,marks,oi)",
    )


def market(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """Options that say what to run on."""
    absent: Any = None if top else argparse.SUPPRESS
    span(parser, top=top)
    parser.add_argument(
        "--strategy",
        metavar="SLEEVE",
        action="append",
        default=absent,
        help="NAME[:k=v,...]@SYMBOL[+SYMBOL...][/TF[,TF...]] instead of the settings' sleeves;"
        " repeatable; on a tape '*@*/1h' is every strategy on every market",
    )
    if top:
        parser.add_argument(
            "--confirm-live",
            metavar="WORD",
            help="for run.execution = live without a person: the word that is typed otherwise (LIVE)",
        )
