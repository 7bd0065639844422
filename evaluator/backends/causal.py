"""Decoder language models through transformers: log-likelihoods and greedy generation.

What a pack's requests share at their beginning enters the model once; its keys and values serve all
of them. Only scored rows reach the vocabulary projection, and their log-softmax is taken in fp32.
Weights come from safetensors alone; code that a model brings is never run.
"""

from __future__ import annotations

import copy
import json
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from evaluator.backends.base import DeviceChoice
from evaluator.backends.tokens import (
    common_prefix,
    cut_left,
    encode_pair,
    pad_right,
    token_logprobs,
)
from evaluator.core.errors import ModelError
from evaluator.core.records import Request, Response

LEAST_SHARED = 16
"""A shared beginning shorter than this many tokens is not worth a forward pass of its own."""

FORBIDDEN = (
    "auto_map",
    "trust_remote_code",
    "quantization_config",
    # these can name a kernel on the hub: code that would be fetched and run
    "attn_implementation",
    "_attn_implementation",
    "_experts_implementation",
    "use_kernels",
)
"""Keys of a configuration that bring code or change the numbers."""

Row = tuple[int, ...]


class CausalBackend:
    """A causal language model on one device."""

    method = "loglikelihood"

    def __init__(self, folder: Path, *, dtype: str, machine: DeviceChoice) -> None:
        """Load model and tokenizer from a folder in Hugging Face layout.

        Raises:
            ModelError: code of its own, pickled weights, unknown architecture, broken files.
        """
        refuse_unsafe(folder)
        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        safe = {"trust_remote_code": False, "local_files_only": True}
        try:
            config = AutoConfig.from_pretrained(folder, **safe)
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
            self._model, loaded = AutoModelForCausalLM.from_pretrained(
                folder,
                config=config,
                dtype=getattr(torch, dtype),
                use_safetensors=True,
                output_loading_info=True,
                **safe,
            )
        except Exception as error:  # a stranger's files can raise anything
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            raise ModelError(f"{folder}: transformers cannot load it: {reason}") from None
        if missing := sorted(loaded["missing_keys"]):
            raise ModelError(
                f"{folder}: {len(missing)} weights are not in its files ({missing[0]}, ...); "
                "they would be filled with random numbers"
            )
        self._model.eval().to(machine.device)
        self._machine = machine
        self._longest = longest_input(config, self._tokenizer)
        self.tokens_fed = 0

    @property
    def parameters(self) -> int:
        """Number of parameters, shared ones once."""
        return int(self._model.num_parameters())

    def environment(self) -> dict[str, str]:
        """Return versions, device and threads."""
        device = self._machine.device
        return {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "device": torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
            "threads": str(torch.get_num_threads()),
        }

    @torch.inference_mode()
    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests of one kind in order; see `Backend.answer`."""
        if not requests:
            return []
        return self._generate(requests) if requests[0].generate else self._score(requests)

    # --- log-likelihood ---

    def _score(self, requests: Sequence[Request]) -> list[Response]:
        pairs = self._encode_pairs(requests)
        cut = [cut_left(ctx + cont, self._longest + 1) for ctx, cont in pairs]
        inputs = [tuple(ids[:-1]) for ids, _ in cut]  # the last token is never fed
        rows = sorted(set(inputs), key=lambda row: (-len(row), row))
        counts = [len(cont) for _, cont in pairs]
        first_scored = min(len(row) - n for row, n in zip(inputs, counts, strict=True))
        shared = min(common_prefix(rows), first_scored)
        shared = shared if shared >= LEAST_SHARED and len(rows) > 1 else 0
        prefix = self._fill_cache(rows[0][:shared]) if shared else None

        wanted: dict[Row, list[int]] = {row: [] for row in rows}
        for number, row in enumerate(inputs):
            wanted[row].append(number)
        answers: dict[int, tuple[float, bool]] = {}
        for batch in self._batches(rows, shared):
            members = [(line, n) for line, row in enumerate(batch) for n in wanted[row]]
            answers |= self._score_batch(
                batch, shared, prefix, [(line, n, pairs[n][1]) for line, n in members]
            )
        return [
            Response(
                item=request.item,
                index=request.index,
                logprob=answers[number][0],
                greedy=answers[number][1],
                text="",
                finish="scored",
                tokens=counts[number],
                dropped=cut[number][1],
            )
            for number, request in enumerate(requests)
        ]

    def _score_batch(
        self,
        batch: list[Row],
        shared: int,
        prefix: Any,
        members: list[tuple[int, int, list[int]]],
    ) -> dict[int, tuple[float, bool]]:
        """Score the members (line of the batch, request number, continuation ids) of one batch."""
        tokens = pad_right([row[shared:] for row in batch])  # (B, L)
        keep = torch.zeros_like(tokens, dtype=torch.bool)
        spans = []
        for line, number, cont in members:
            end = len(batch[line]) - shared
            keep[line, end - len(cont) : end] = True
            spans.append((number, line, end - len(cont), cont))
        logits = self._forward(tokens, shared, prefix, keep)  # (kept, V)
        place = torch.full_like(tokens, -1)
        place[keep] = torch.arange(int(keep.sum()))
        at = torch.cat([place[line, start : start + len(c)] for _, line, start, c in spans])
        ids = torch.tensor([token for *_, cont in spans for token in cont])
        logprobs, greedy = token_logprobs(logits[at.to(logits.device)], ids.to(logits.device))
        logprobs, greedy = logprobs.cpu(), greedy.cpu()
        found, done = {}, 0
        for number, _, _, cont in spans:
            part = slice(done, done + len(cont))
            total = np.float32(logprobs[part].double().sum().item())
            if not np.isfinite(total):
                raise ModelError(f"the model gives {total} as a log-likelihood: check its weights")
            # the shortest decimal that reads back as this 32-bit float
            found[number] = float(str(total)), bool(greedy[part].all())
            done += len(cont)
        return found

    def _forward(
        self, tokens: torch.Tensor, shared: int, prefix: Any, keep: torch.Tensor
    ) -> torch.Tensor:
        """Run (B, L) tokens after the shared prefix; return the logits (kept, V) of kept places."""
        device = self._machine.device
        cache = None
        if prefix is not None:
            cache = copy.deepcopy(prefix)
            cache.reorder_cache(torch.zeros(len(tokens), dtype=torch.long, device=device))
        positions = shared + torch.arange(tokens.shape[1], device=device)
        self.tokens_fed += tokens.numel()
        logits: torch.Tensor = self._model(
            input_ids=tokens.to(device),
            position_ids=positions.expand(len(tokens), -1),
            past_key_values=cache,
            use_cache=cache is not None,
            logits_to_keep=keep.to(device),
        ).logits
        return logits

    def _fill_cache(self, ids: Row) -> Any:
        """Return the key-value cache after the shared beginning."""
        self.tokens_fed += len(ids)
        tokens = torch.tensor([ids], device=self._machine.device)
        return self._model(input_ids=tokens, use_cache=True, logits_to_keep=1).past_key_values

    def _batches(self, rows: list[Row], shared: int) -> list[list[Row]]:
        """Cut rows, longest first, into batches within the token budget."""
        batches: list[list[Row]] = []
        for row in rows:
            width = len(batches[-1][0]) - shared if batches else 0
            if batches and (len(batches[-1]) + 1) * width <= self._machine.batch_tokens:
                batches[-1].append(row)
            else:
                batches.append([row])
        return batches

    # --- generation ---

    def _generate(self, requests: Sequence[Request]) -> list[Response]:
        texts = [request.prompt.text() for request in requests]
        ids_of = dict(zip(texts, self._encode(texts), strict=True))
        most = requests[0].max_tokens
        if self._longest <= most:
            raise ModelError(
                f"{most} tokens are to be written, but the model takes {self._longest}"
            )
        prompts = [cut_left(ids_of[text], self._longest - most) for text in texts]
        if not all(ids for ids, _ in prompts):
            raise ModelError("an empty prompt: there is nothing to write after")
        order = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i][0]), prompts[i][0]))
        found: dict[int, Response] = {}
        while order:
            width = len(prompts[order[0]][0]) + most
            size = max(1, self._machine.batch_tokens // width)
            batch, order = order[:size], order[size:]
            written = self._write_batch([prompts[i][0] for i in batch], requests[0])
            for i, response in zip(batch, written, strict=True):
                found[i] = replace(
                    response,
                    item=requests[i].item,
                    index=requests[i].index,
                    dropped=prompts[i][1],
                )
        return [found[i] for i in range(len(requests))]

    def _write_batch(self, prompts: list[list[int]], request: Request) -> list[Response]:
        """Write greedily after each prompt; a row leaves the batch as soon as it has ended."""
        device = self._machine.device
        length = max(map(len, prompts))
        tokens = torch.tensor([[0] * (length - len(p)) + p for p in prompts], device=device)
        mask = torch.tensor(
            [[0] * (length - len(p)) + [1] * len(p) for p in prompts], device=device
        )
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        written: list[list[int]] = [[] for _ in prompts]
        ended: dict[int, Response] = {}
        alive = list(range(len(prompts)))
        cache = None
        while alive:
            self.tokens_fed += tokens.numel()
            output = self._model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = output.past_key_values
            best, following = output.logits[:, -1].float().max(dim=1)
            if not torch.isfinite(best).all():
                raise ModelError("the model gives logits that are no numbers: check its weights")
            stay = []
            for line, (row, token) in enumerate(zip(alive, following.tolist(), strict=True)):
                written[row].append(token)
                ending = self._ending(written[row], request)
                if ending is None:
                    stay.append(line)
                else:
                    ended[row] = ending
            alive = [alive[line] for line in stay]
            if len(stay) < len(mask):
                kept = torch.tensor(stay, dtype=torch.long, device=device)
                cache.batch_select_indices(kept)
                following, mask, positions = following[kept], mask[kept], positions[kept]
            tokens = following[:, None]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            positions = positions[:, -1:] + 1
        return [ended[row] for row in range(len(prompts))]

    def _ending(self, written: list[int], request: Request) -> Response | None:
        """Return the response if the text has ended: a stop string, end of text, or length."""
        at_end = written[-1] in self._end_ids()
        text = self._tokenizer.decode(
            written[:-1] if at_end else written,
            skip_special_tokens=True,
            clean_up_tokenization_spaces=False,
        )
        cut = text
        for stop in request.stop:
            cut = cut.split(stop)[0]
        if at_end or cut != text:
            finish = "stop"
        elif len(written) >= request.max_tokens:
            finish = "length"
        else:
            return None
        return Response(
            item=request.item,
            index=request.index,
            logprob=0.0,
            greedy=True,
            text=cut,
            finish=finish,
            tokens=len(written),
            dropped=0,
        )

    def _end_ids(self) -> set[int]:
        named = self._model.generation_config.eos_token_id
        ids = named if isinstance(named, list) else [named]
        return {i for i in (*ids, self._tokenizer.eos_token_id) if i is not None}

    # --- tokens ---

    def _encode_pairs(self, requests: Sequence[Request]) -> list[tuple[list[int], list[int]]]:
        """Encode (context, continuation) pairs; each distinct text is tokenised once."""
        contexts = {id(r.prompt): r.prompt.text() for r in requests}
        wholes: dict[str, None] = {}
        plain: dict[str, None] = {}
        for request in requests:
            context = contexts[id(request.prompt)]
            (wholes if context else plain)[context + request.continuation] = None
            wholes[context.rstrip()] = None
        encoded = dict(zip(wholes, self._encode(list(wholes)), strict=True))
        bare = dict(zip(plain, self._encode(list(plain), special=False), strict=True))

        def encode(text: str, special: bool) -> list[int]:
            return encoded[text] if special else bare[text]

        prefix = self._tokenizer.bos_token_id
        prefix = self._tokenizer.eos_token_id if prefix is None else prefix
        pairs = []
        for request in requests:
            context = contexts[id(request.prompt)]
            if not context and prefix is None:
                raise ModelError("the tokenizer has neither a first nor a last token: an empty "
                                 "prompt cannot be scored")  # fmt: skip
            ctx, cont = encode_pair(encode, context, request.continuation, prefix or 0)
            if not ctx or not cont or len(cont) > self._longest:
                raise ModelError(
                    f"item {request.item}: {len(ctx)} prompt and {len(cont)} answer tokens; both "
                    f"must be at least 1 and the answer at most {self._longest}"
                )
            pairs.append((ctx, cont))
        return pairs

    def _encode(self, texts: list[str], *, special: bool = True) -> list[list[int]]:
        """Tokenise texts; a text that already begins with the first token gets no second one."""
        if not texts:
            return []
        first = self._tokenizer.bos_token
        if special and first and any(text.startswith(first) for text in texts):
            return [self._encode_one(t, not t.startswith(first)) for t in texts]
        # the default, not True: some tokenizers decide for themselves what they add
        chosen = {} if special else {"add_special_tokens": False}
        ids: list[list[int]] = self._tokenizer(texts, return_attention_mask=False, **chosen)[
            "input_ids"
        ]
        return ids

    def _encode_one(self, text: str, special: bool) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=special)["input_ids"]
        return ids


def refuse_unsafe(folder: Path) -> None:
    """Refuse a folder whose loading would need code or pickle.

    Raises:
        ModelError: no configuration, no safetensors, a pickled file, or a configuration that names
            code of its own or a quantisation.
    """
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: no config.json; expected a model in Hugging Face layout")
    pickled = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
    )
    if pickled:
        raise ModelError(
            f"{folder}: {', '.join(pickled)} may run code when loaded; keep safetensors only"
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder}: no *.safetensors file")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{folder}/config.json: not valid JSON: {error}") from None
    if not isinstance(config, dict):
        raise ModelError(f"{folder}/config.json: must be an object of settings")
    parts = [config, *(part for part in config.values() if isinstance(part, dict))]
    for key in FORBIDDEN:
        if any(key in part for part in parts):
            raise ModelError(f"{folder}/config.json: {key!r} is not allowed here; remove it")


def longest_input(config: Any, tokenizer: Any) -> int:
    """Return the most tokens the model takes, by the first of the names in use for it.

    (lm-evaluation-harness 0.4.13, `HFLM.max_length`.)
    """
    inner = getattr(config, "text_config", config)
    for name in ("n_positions", "max_position_embeddings", "n_ctx"):
        if getattr(inner, name, None):
            return int(getattr(inner, name))
    known = int(tokenizer.model_max_length)
    return known if known < 10**12 else 2048
