"""What every model that torch holds on one device can tell of itself."""

from __future__ import annotations

from transformers import PreTrainedModel

from evaluator.backends.base import DeviceChoice
from evaluator.backends.loading import environment_of


class HeldModel:
    """A loaded model, the device it stands on, and how much has entered it."""

    tokens_saved = 0

    def __init__(self, model: PreTrainedModel, machine: DeviceChoice) -> None:
        """Move the model to its device."""
        self._model = model.to(machine.device)
        self._machine = machine
        self._tokens_fed = 0

    @property
    def parameters(self) -> int:
        """Number of parameters, shared ones once."""
        return int(self._model.num_parameters())

    @property
    def tokens_fed(self) -> int:
        """Tokens that have entered the model so far, filling included."""
        return self._tokens_fed

    def environment(self) -> dict[str, str]:
        """Return versions, device and threads."""
        return environment_of(self._machine.device)
