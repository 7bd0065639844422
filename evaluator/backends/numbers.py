"""How a number of a model is written down."""

from __future__ import annotations

import numpy as np

from evaluator.core.errors import ModelError

ABOVE_ZERO = 1e-3
"""No log-likelihood is above zero; rounding may lift one by far less than this, in nats."""
CHECK = "check its weights, or declare a wider dtype: float16 ends at 65504"
"""What to do where a model gives what is no number."""


def nats(value: float) -> float:
    """Return a log-likelihood as the shortest decimal that reads back as the same 32-bit float.

    Raises:
        ModelError: it is no number.
    """
    total = np.float32(value)
    if not np.isfinite(total):
        raise ModelError(f"the model gives {total} as a log-likelihood: {CHECK}")
    return float(str(total))
