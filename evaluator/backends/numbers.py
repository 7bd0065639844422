"""How a number of a model is written down."""

from __future__ import annotations

import numpy as np

from evaluator.core.errors import ModelError


def nats(value: float) -> float:
    """Return a log-likelihood as the shortest decimal that reads back as the same 32-bit float.

    Raises:
        ModelError: it is no number.
    """
    total = np.float32(value)
    if not np.isfinite(total):
        raise ModelError(f"the model gives {total} as a log-likelihood: check its weights")
    return float(str(total))
