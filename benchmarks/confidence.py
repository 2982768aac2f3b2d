"""How sure a ratio of latencies is, from the turns in which it was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_RESAMPLES = 2000


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """The 95% confidence interval of the median of ``ratios``, one of each turn, by the bootstrap (Efron, 1979).

    Turns are resampled whole, not single runs: runs of one turn share whatever else the machine did then.
    """
    values = np.asarray(ratios)
    picks = np.random.default_rng(0).integers(0, values.size, (_RESAMPLES, values.size))
    low, high = np.percentile(np.median(values[picks], axis=1), (2.5, 97.5))
    return float(low), float(high)
