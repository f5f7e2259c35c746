"""How two series move together over the last n values, in constant time and without drift."""

from __future__ import annotations

from math import nan

import msgspec


class PairMoments(msgspec.Struct):
    """Means, squares and cross product of the last ``n`` pairs, each about the means of the window.

    ``xx`` = sum (x - mean x)^2, ``yy`` and ``xy`` alike. Welford within a block, Chan's formula between
    blocks (see :mod:`cockpit.indicators.window`).
    """

    n: int
    mean_x: float = nan
    mean_y: float = nan
    xx: float = nan
    yy: float = nan
    xy: float = nan
    size: int = 0
    warm: bool = False
    """A block has been finished."""
    head_x: float = 0.0
    head_y: float = 0.0
    head_xx: float = 0.0
    head_yy: float = 0.0
    head_xy: float = 0.0
    xs: list[float] = []
    ys: list[float] = []
    tail_x: list[float] = []
    """``tail_x[i]``: mean of the last i + 1 values of the finished block."""
    tail_y: list[float] = []
    tail_xx: list[float] = []
    tail_yy: list[float] = []
    tail_xy: list[float] = []

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a window of {self.n} bars")
        if not self.xs:
            self.xs = [0.0] * self.n
            self.ys = [0.0] * self.n
            self.tail_x = [0.0] * self.n
            self.tail_y = [0.0] * self.n
            self.tail_xx = [0.0] * self.n
            self.tail_yy = [0.0] * self.n
            self.tail_xy = [0.0] * self.n

    def add(self, x: float, y: float) -> bool:
        """Take a pair; True once the fields describe n of them."""
        size = self.size
        self.xs[size] = x
        self.ys[size] = y
        size += 1
        self.size = size
        dx, dy = x - self.head_x, y - self.head_y
        self.head_x += dx / size
        self.head_y += dy / size
        self.head_xx += dx * (x - self.head_x)
        self.head_yy += dy * (y - self.head_y)
        self.head_xy += dx * (y - self.head_y)
        if size == self.n:
            self.mean_x, self.mean_y = self.head_x, self.head_y
            self.xx, self.yy, self.xy = self.head_xx, self.head_yy, self.head_xy
            self._finish()
            return True
        if self.warm:
            self._join(size)
        return self.warm

    def _join(self, size: int) -> None:
        rest = self.n - size
        k = rest - 1
        dx, dy = self.head_x - self.tail_x[k], self.head_y - self.tail_y[k]
        weight = size * rest / self.n
        self.mean_x = self.tail_x[k] + dx * size / self.n
        self.mean_y = self.tail_y[k] + dy * size / self.n
        self.xx = self.tail_xx[k] + self.head_xx + dx * dx * weight
        self.yy = self.tail_yy[k] + self.head_yy + dy * dy * weight
        self.xy = self.tail_xy[k] + self.head_xy + dx * dy * weight

    def _finish(self) -> None:
        mean_x = mean_y = xx = yy = xy = 0.0
        k = 0
        while k < self.n:
            x, y = self.xs[self.n - 1 - k], self.ys[self.n - 1 - k]
            dx, dy = x - mean_x, y - mean_y
            mean_x += dx / (k + 1)
            mean_y += dy / (k + 1)
            xx += dx * (x - mean_x)
            yy += dy * (y - mean_y)
            xy += dx * (y - mean_y)
            self.tail_x[k], self.tail_y[k] = mean_x, mean_y
            self.tail_xx[k], self.tail_yy[k], self.tail_xy[k] = xx, yy, xy
            k += 1
        self.size = 0
        self.warm = True
        self.head_x = self.head_y = self.head_xx = self.head_yy = self.head_xy = 0.0
