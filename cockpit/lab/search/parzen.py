"""How dense points of a space lie: normal kernels (scikit-learn's), cut off at the ends of each axis.

A numeric axis has a normal kernel, cut at 0 and 1, with one width for all axes. A choice has the kernel of
Aitchison and Aitken: a normal one over the corners of a simplex, so that two different values are equally far
from each other. A uniform density counts as one more point: nowhere is impossible.
Sources: Parzen 1962; Aitchison & Aitken 1976; Scott 1992.
"""

from __future__ import annotations

from math import log, pi, sqrt
from typing import Any

from cockpit.lab.search.space import Space

WIDTH = 0.08
"""Of a kernel, of the range, for one point; shrinks with n^(-1/(d+4)), Scott's rule."""
OTHER = 0.25
"""What a choice's kernel gives each other value, of what it gives its own; shrinks as the width does."""


class Layout:
    """Which columns of the cube are numbers, and which are choices with how many values."""

    def __init__(self, space: Space) -> None:
        axes = list(enumerate(space.axes))
        self.dim = space.dim
        self.numbers = [i for i, axis in axes if not axis.choices]
        self.choices = [(i, len(axis.choices)) for i, axis in axes if axis.choices]

    def cell(self, points: Any, axis: int, count: int) -> Any:
        """Which value of a choice each point has."""
        import numpy as np

        return np.minimum((points[:, axis] * count).astype(np.int64), count - 1)


class Parzen:
    """The density of ``points`` (n x d, of the unit cube; n may be 0)."""

    def __init__(self, layout: Layout, points: Any) -> None:
        import numpy as np
        from scipy.special import ndtr

        self.layout, self.points = layout, points
        shrink = max(1, len(points)) ** (-1.0 / (layout.dim + 4))
        self.width, self.other = WIDTH * shrink, OTHER * shrink
        centre = points[:, layout.numbers]
        self._low, self._high = ndtr(-centre / self.width), ndtr((1.0 - centre) / self.width)
        self._corners = self._cornered(points)
        norm = len(layout.numbers) * 0.5 * log(2 * pi * self.width**2)
        norm += sum(log(1.0 + (k - 1) * self.other) for _, k in layout.choices)
        self._peak = np.exp(-norm) / np.prod(self._high - self._low, axis=1)
        """Of each kernel: its integral over the space is one."""

    def kernels(self, points: Any) -> Any:
        """Sum of the kernels and of the uniform density at points; of it the density is 1/(n+1)."""
        import numpy as np
        from sklearn.metrics.pairwise import rbf_kernel

        even = np.exp(-sum(log(k) for _, k in self.layout.choices))
        if not len(self.points):
            return np.full(len(points), even)
        return rbf_kernel(self._cornered(points), self._corners, 0.5 / self.width**2) @ self._peak + even

    def draw(self, source: Any, count: int) -> Any:
        """Points from this density."""
        import numpy as np
        from scipy.special import ndtri

        even = source.random((count, self.layout.dim))
        chance = source.random((count, self.layout.dim))
        which = source.integers(len(self.points) + 1, size=count)
        (kernel,) = np.nonzero(which < len(self.points))
        which, chance = which[kernel], chance[kernel]
        found = self.points[which].copy()
        for at, axis in enumerate(self.layout.numbers):
            low, high = self._low[which, at], self._high[which, at]
            found[:, axis] += self.width * ndtri(low + chance[:, axis] * (high - low))
        for axis, values in self.layout.choices:
            away = chance[:, axis] >= 1.0 / (1.0 + (values - 1) * self.other)
            shift = 1 + (even[kernel, axis] * (values - 1)).astype(np.int64)
            cell = (self.layout.cell(found, axis, values) + np.where(away, shift, 0)) % values
            found[:, axis] = (cell + 0.5) / values
        even[kernel] = np.clip(found, 0.0, 1.0 - 1e-12)
        return even

    def _cornered(self, points: Any) -> Any:
        """Numbers as they are, each choice as a corner at the distance that gives its kernel."""
        import numpy as np

        parts = [points[:, self.layout.numbers]]
        for axis, values in self.layout.choices:
            apart = self.width * sqrt(-log(self.other))
            parts.append(apart * np.eye(values)[self.layout.cell(points, axis, values)])
        return np.hstack(parts)
