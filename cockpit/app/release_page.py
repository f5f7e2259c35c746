"""``cockpit help release``: the life of a version, read off the code that lives it."""

from __future__ import annotations

import inspect
from typing import Any

from cockpit.app import steward
from cockpit.core import release
from cockpit.core.release import acting, gates, leaving, people, sequential, twin
from cockpit.core.release.records import LADDER, MAY, NEEDED

WORDS = """\
cockpit passport make …                            prove it first (a promotion needs a valid passport)
cockpit versions add ema_trend@BTC-USDT-SWAP/1h --params ema_fast=5,ema_slow=60
cockpit versions [show VERSION]                    every condition of its next stage: number, bound, verdict
cockpit promote VERSION --to paper --reason …      then shadow, canary, prod
cockpit approve VERSION --as NAME --reason …       canary: one person; prod: two with tokens (screen 5: a)
cockpit rollback VERSION --reason …                at once; what it took production from returns
cockpit retire VERSION --reason …                  it rests for release.cool_hours
cockpit people add NAME --role approver            a token of theirs; from then on it must be shown
cockpit renew SLEEVE --offer                       what passes moves by itself (release.automatic)
"""


def page() -> tuple[Any, str]:
    """(data, text)."""
    data: dict[str, Any] = {
        "stages": [str(stage) for stage in LADDER],
        "people": {str(stage): count for stage, count in NEEDED.items()},
        "roles": {role: sorted(deeds) for role, deeds in MAY.items()},
        "commands": WORDS.splitlines(),
    }
    roles = "\n".join(f"  {role}: {', '.join(deeds) or '-'}" for role, deeds in data["roles"].items())
    modules = (release, acting, people, gates, twin, leaving, sequential, steward)
    pages = [
        WORDS.rstrip(),
        *(inspect.cleandoc(module.__doc__ or "") for module in modules),
        f"roles\n{roles}",
    ]
    return data, "\n\n".join(pages)
