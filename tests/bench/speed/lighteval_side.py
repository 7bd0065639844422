"""lighteval as a third side, in the environment that holds it: its pins are not ours.

    build/lighteval/bin/python tests/bench/speed/lighteval_side.py FOLDER < docs.json > told.json

Reads [[context, [continuation, ...]], ...]; writes seconds, tokens and the log-likelihoods.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from importlib import metadata

import torch
from lighteval.models.transformers.transformers_model import (
    TransformersModel,
    TransformersModelConfig,
)
from lighteval.tasks.requests import Doc


def main() -> None:
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print: keep the channel clean
    torch.set_num_threads(1)
    asked = json.load(sys.stdin)
    cache = tempfile.mkdtemp()  # it keeps answers and would give them again
    config = TransformersModelConfig(
        model_name=sys.argv[1], dtype="float32", device="cpu", batch_size=8, cache_dir=cache
    )
    model = TransformersModel(config)
    fed = 0

    def count(_: object, args: tuple[torch.Tensor, ...]) -> None:
        nonlocal fed
        fed += args[0].numel()

    model.model.get_input_embeddings().register_forward_pre_hook(count)
    docs = [
        Doc(query=context, choices=choices, gold_index=0, id=str(at), task_name="bench")
        for at, (context, choices) in enumerate(asked)
    ]
    start = time.process_time()
    told = model.loglikelihood(docs)
    facts = {
        "seconds": time.process_time() - start,
        "fed": fed,
        "answers": [list(map(float, one.logprobs)) for one in told],
        "version": metadata.version("lighteval"),
    }
    json.dump(facts, channel)


if __name__ == "__main__":
    main()
