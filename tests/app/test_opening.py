"""What a run that cannot begin leaves behind: nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cockpit.app import market
from cockpit.app.discover import discover
from cockpit.app.runtime import Plan, open_runtime
from cockpit.core.config import Config
from cockpit.core.errors import StoreError

NOW = 1_772_600_770_500


class Connected:
    """A market with a line to somewhere."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def close(self) -> None:
        self.closed = True


def test_a_refused_start_lets_go_of_what_it_has_opened(tmp_path: Path) -> None:
    """Its connections were said to be unclosed, after the one sentence that counts."""
    discover()
    config = Config()
    plan = Plan(config, "practice", tmp_path)
    second = Connected(market.practice(config, NOW, tmp_path, ()))

    async def both() -> None:
        first = await open_runtime(plan, market.practice(config, NOW, tmp_path, ()))
        try:
            with pytest.raises(StoreError):
                await open_runtime(plan, second)  # type: ignore[arg-type]
        finally:
            await first.close()

    asyncio.run(both())
    assert second.closed
