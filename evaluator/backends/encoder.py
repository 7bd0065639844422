"""Requests -> token ids of a decoder, the same whatever engine computes with them.

A prompt goes through the model's chat template if that is its policy, each distinct text is
tokenised once, and what does not fit is cut from the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evaluator.backends.ending import Ending, end_ids
from evaluator.backends.loading import longest_input
from evaluator.backends.template import read_template
from evaluator.backends.tokens import cut_left, encode_pair
from evaluator.backends.trie import Pair, Row
from evaluator.core.errors import ModelError, TooLongError
from evaluator.core.records import Request


class Encoder:
    """A decoder's tokenizer and what is known of its input."""

    def __init__(
        self, folder: Path, chat_template: str, tokenizer: Any, config: Any, generation: Any
    ) -> None:
        """Take what a folder in Hugging Face layout says.

        Args:
            folder: holds the files.
            chat_template: whether and how prompts go through the model's own template (`template`).
            tokenizer: of transformers.
            config: the model's configuration.
            generation: its configuration of generation, which names the tokens that end a text.

        Raises:
            ModelError: the policy asks for a template and the model has none.
        """
        self.longest = longest_input(config, tokenizer)
        self.template = read_template(folder, chat_template, tokenizer)
        self._tokenizer = tokenizer
        self._end_ids = end_ids(generation, tokenizer)

    def frame(self, requests: Sequence[Request]) -> Sequence[Request]:
        """Return requests whose prompts are what is sent: rendered, if there is a template."""
        return self.template.frame(requests) if self.template else requests

    def beginning(self, requests: Sequence[Request]) -> Row:
        """Return what the first prompt begins with before its question: description and shots."""
        (ids,) = self._encode([replace(requests[0].prompt, question="").text()])
        return tuple(ids)

    def ending(self, requests: Sequence[Request]) -> Ending:
        """Return what ends the texts that requests, all alike, ask for."""
        return Ending(
            stop=requests[0].stop,
            end_ids=self._end_ids,
            max_tokens=requests[0].max_tokens,
            tokenizer=self._tokenizer,
        )

    def prompts(self, requests: Sequence[Request]) -> list[tuple[Row, int]]:
        """Return (ids, tokens cut from the left) of each prompt that a text is asked after.

        Raises:
            ModelError: an empty prompt, or more tokens to write than the model takes.
        """
        most = requests[0].max_tokens
        if self.longest <= most:
            raise TooLongError(
                f"{most} tokens are to be written, but the model takes {self.longest}"
            )
        encoded = self._encode([request.prompt.text() for request in requests])
        prompts = [cut_left(ids, self.longest - most) for ids in encoded]
        if not all(ids for ids, _ in prompts):
            raise ModelError("an empty prompt: there is nothing to write after")
        return [(tuple(ids), lost) for ids, lost in prompts]

    def pairs(self, requests: Sequence[Request]) -> list[tuple[Pair, int]]:
        """Return (context and continuation, tokens cut from the left) of each that is scored.

        Raises:
            ModelError: nothing to score, nothing to score it after, or more than the model takes.
        """
        pairs = []
        for ctx, cont in self._encode_pairs(requests):
            # the last token is never fed, so one more fits than the model takes
            ids, lost = cut_left(ctx + cont, self.longest + 1)
            pairs.append((Pair(tuple(ids[: len(ids) - len(cont)]), tuple(cont)), lost))
        return pairs

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
            if not ctx or not cont or len(cont) > self.longest:
                raise (TooLongError if len(cont) > self.longest else ModelError)(
                    f"item {request.item}: {len(ctx)} prompt and {len(cont)} answer tokens; both "
                    f"must be at least 1 and the answer at most {self.longest}"
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
