"""The public face for plug-ins: strategies, indicators, rules, stop layers. Everything else may change.

    from cockpit.sdk import Bar, View, Want, dial, strategy

What stands in ``__all__``, with its signatures, keeps its meaning within one major version of
``API_VERSION``; a minor version adds. A plug-in says what it was written for,
``@strategy("mine", Params, api="1.0")``, and is refused with both numbers where that is newer than this
cockpit. ``cockpit.indicators`` belongs to the face, and so does ``cockpit.app.rehearse`` for a plug-in's
own tests.

How a strategy is written: ``cockpit help tutorial``, and the docstring of ``cockpit.strategies``.
"""

from __future__ import annotations

from msgspec import Meta

from cockpit.core.aligned import Aligned
from cockpit.core.config import timeframe_ms, timeframe_text
from cockpit.core.errors import ConfigError, PluginError
from cockpit.core.events import Bar, Fill, FillKind, FundingRate, Trade
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent, Quote
from cockpit.core.registry import API_VERSION, indicator, rule, stop, strategy
from cockpit.core.stops import Trade as OpenTrade
from cockpit.core.types import Instrument, Kind, Side
from cockpit.core.view import View
from cockpit.core.want import Want

__all__ = [
    "API_VERSION",
    "Aligned",
    "Bar",
    "ConfigError",
    "Fill",
    "FillKind",
    "FundingRate",
    "GateContext",
    "Instrument",
    "Intent",
    "Kind",
    "OpenTrade",
    "PluginError",
    "Quote",
    "Side",
    "Trade",
    "View",
    "Want",
    "dial",
    "indicator",
    "rule",
    "scaled",
    "stop",
    "strategy",
    "timeframe_ms",
    "timeframe_text",
]


def dial(low: float, high: float, unit: str, says: str) -> Meta:
    """A tunable number: its range (both ends allowed), its unit and what it means.

        fast: Annotated[int, dial(2, 200, "bars", "Fast average")] = 9

    The range is checked at the start, ``cockpit help NAME`` and the screen show all four, and the optimizer
    searches within them.
    """
    return Meta(ge=low, le=high, description=says, extra_json_schema={"unit": unit})
