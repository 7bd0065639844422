"""Scoring in trees: many contexts and their continuations in one row, each token once.

A row holds a trie depth first. A token attends to the path and to its own ancestors, which are
those whose subtree it stands in, and its position is its depth. So there is no filling and no copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from evaluator.backends.path import SHARED
from evaluator.backends.runner import Runner
from evaluator.backends.tokens import Scored, add_up, common_length, score_tokens
from evaluator.backends.trie import Branch, Pair, Row

Conts = Mapping[Row, Sequence[Row]]
"""Context -> its distinct continuations."""


@dataclass(slots=True)
class Tree:
    """A trie of tokens, flattened depth first."""

    ids: list[int] = field(default_factory=list)
    """(L) token ids."""
    depths: list[int] = field(default_factory=list)
    """(L) how far below the path each stands."""
    ends: list[int] = field(default_factory=list)
    """(L) index after the last token below each."""
    places: dict[Pair, list[int]] = field(default_factory=dict)
    """Pair -> indices of the tokens that predict its continuation's tokens."""


def score_by_trees(runner: Runner, root: Branch, conts: Conts) -> dict[Pair, Scored]:
    """Score all continuations of all contexts of a branch."""
    runner.begin_path(root.ids)
    return _score_branch(runner, root, conts)


def _score_branch(runner: Runner, branch: Branch, conts: Conts) -> dict[Pair, Scored]:
    """Score what stands below a branch that the path ends with."""
    found: dict[Pair, Scored] = {}
    depth = runner.path.length
    for tree in grow_trees(branch.stems, conts, depth, runner.row_tokens):
        found |= _score_tree(runner, tree)
        runner.path.rewind(depth)
    for child in branch.branches:
        runner.extend_path(child.ids)
        found |= _score_branch(runner, child, conts)
        runner.path.rewind(depth)
    return found


def grow_trees(stems: Sequence[Row], conts: Conts, depth: int, most: int) -> Iterator[Tree]:
    """Cut sorted contexts into trees of up to `most` tokens each, never parting a context.

    Args:
        stems: contexts, all longer than `depth`.
        conts: their continuations.
        depth: tokens of the path, left out.
        most: tokens of a tree; a single context may need more.
    """
    batch: list[Row] = []
    size = 0
    for stem in stems:
        answers = sum(len(cont) - 1 for cont in conts[stem])
        known = max(depth, common_length(batch[-1], stem)) if batch else depth
        if batch and size + len(stem) - known + answers > most:
            yield grow_tree(batch, conts, depth)
            batch, size, known = [], 0, depth
        batch.append(stem)
        size += len(stem) - known + answers
    if batch:
        yield grow_tree(batch, conts, depth)


def grow_tree(stems: Sequence[Row], conts: Conts, depth: int) -> Tree:
    """Return the trie of contexts and their continuations below `depth`."""
    tree = Tree()
    before: Row = ()
    open_nodes: list[int] = []  # the branch from the path down to the last token
    pairs = [Pair(stem, cont) for stem in stems for cont in conts[stem]]
    for pair in sorted(pairs, key=lambda pair: pair.stem + pair.cont[:-1]):
        text = (pair.stem + pair.cont[:-1])[depth:]
        known = common_length(before, text)
        for node in open_nodes[known:]:
            tree.ends[node] = len(tree.ids)
        del open_nodes[known:]
        for token in text[known:]:
            open_nodes.append(len(tree.ids))
            tree.ids.append(token)
            tree.depths.append(len(open_nodes) - 1)
            tree.ends.append(0)
        tree.places[pair] = open_nodes[len(pair.stem) - depth - 1 :]
        before = text
    for node in open_nodes:
        tree.ends[node] = len(tree.ids)
    return tree


def _score_tree(runner: Runner, tree: Tree) -> dict[Pair, Scored]:
    past = runner.path.length
    here = torch.arange(len(tree.ids), device=runner.device)
    ends = torch.tensor(tree.ends, device=runner.device)
    below = (here <= here[:, None]) & (here[:, None] < ends)
    sees = torch.cat([below.new_ones(len(tree.ids), past), below], dim=1)
    kept = sorted({place for places in tree.places.values() for place in places})
    keep = torch.zeros(len(tree.ids), dtype=torch.bool)
    keep[kept] = True
    depths = past + torch.tensor([tree.depths], device=runner.device)
    owners = torch.full_like(depths, SHARED)
    ids = torch.tensor([tree.ids])
    logits = runner.feed_path(runner.path, ids, depths, owners, sees[None], keep[None])
    row_of = {place: row for row, place in enumerate(kept)}
    wanted = {
        pair: [(row_of[place], token) for place, token in zip(places, pair.cont, strict=True)]
        for pair, places in tree.places.items()
    }
    scored = score_tokens(logits, [at for ats in wanted.values() for at in ats])
    return {pair: add_up([scored[at] for at in ats]) for pair, ats in wanted.items()}
