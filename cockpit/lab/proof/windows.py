"""Which rows may teach and which may judge: walk-forward windows, purge and embargo, CPCV.

Quant reference, section 8. Index pairs are half-open.
"""

from __future__ import annotations

from math import comb

import msgspec

Span = tuple[int, int]


class Window(msgspec.Struct, frozen=True):
    """One step of a walk forward."""

    train: Span
    validate: Span | None
    test: Span


def wf_windows(
    n: int, train: int, validate: int, test: int, step: int, purge: int = 0, anchored: bool = False
) -> list[Window]:
    """[train) purge [validate) purge [test), moved by ``step`` until the test would leave the data.

    Without validation (0) there is one purge only. Anchored: training always starts at 0. Raises
    ValueError for lengths that are not above 0.
    """
    if min(n, train, test, step) <= 0 or min(validate, purge) < 0:
        raise ValueError("lengths and step must be above 0, validate and purge not below")
    found: list[Window] = []
    start = 0
    while True:
        end = start + train
        span, at = None, end + purge
        if validate:
            span = (at, at + validate)
            at = span[1] + purge
        if at + test > n:
            return found
        found.append(Window((0 if anchored else start, end), span, (at, at + test)))
        start += step


def purged_train_index(n: int, test_start: int, test_end: int, horizon: int, embargo: int = 0) -> list[int]:
    """Rows that may train beside a test block [test_start, test_end) when a label spans ``horizon`` rows
    more.

    Every row whose span meets a test label's is out, then ``embargo`` rows after those.
    """
    if not 0 <= test_start < test_end <= n or horizon < 0 or embargo < 0:
        raise ValueError(f"a test block [{test_start}, {test_end}) of {n} rows")
    first, last = test_start - horizon, test_end - 1 + horizon + embargo
    return [i for i in range(n) if i < first or i > last]


def cpcv_counts(n_groups: int, k_test: int) -> tuple[int, int]:
    """(splits, paths) of combinatorial purged cross-validation."""
    if not 0 < k_test <= n_groups:
        raise ValueError(f"{k_test} test groups of {n_groups}")
    splits = comb(n_groups, k_test)
    return splits, k_test * splits // n_groups
