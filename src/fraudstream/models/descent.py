"""Raw predictions of trees without their reasons, several payments at once.

Trees are laid out afresh for it: the two children of a node stand side by side, so that a comparison is a step and
not a branch, and a leaf leads to itself, so that every payment takes as many steps as its tree is deep. Payments go
through one tree together while it is in the cache. Each is still computed by itself, and its leaves are added up in
the order of the trees: the result is, to the last bit, that of the walk with reasons.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from fraudstream.features.events import Floats
from fraudstream.models.arrays import LEAF, Indices, Trees

NODE = np.dtype([("threshold", np.float64), ("feature", np.int32), ("child", np.int32)])
"""`child` is the left one, the right one follows it; a leaf is its own child."""
AT_ONCE = 64
"""Payments that go through a tree together: their inputs and a tree of some hundred nodes fit the nearest cache."""
_KEPT = 4
"""Models whose layout is kept: the one at work, one on trial, and whoever is compared with them."""


class Layout(NamedTuple):
    """Trees laid out for the descent; `value` (N,) beside the nodes, the others one for each tree."""

    nodes: npt.NDArray[np.void]
    value: Floats
    root: Indices
    depth: Indices


@lru_cache(maxsize=_KEPT)
def layout_of(trees: Trees) -> Layout:
    """The layout of trees, made once for as long as they are among the last that were asked for."""
    count, number = len(trees.feature), len(trees.root)
    layout = Layout(np.zeros(count, NODE), np.zeros(count), np.zeros(number, np.int32), np.zeros(number, np.int32))
    used = _lay_out(trees.root, trees.feature, trees.threshold, trees.left, trees.right, trees.value, layout)
    return layout._replace(nodes=layout.nodes[:used], value=layout.value[:used])


def leaf_sums(trees: Trees, inputs: Floats) -> Floats:
    """The sum of the leaves that each row of `inputs` (n, F) reaches, shape (n,); no input may be NaN."""
    sums = np.zeros(len(inputs))
    _descend(layout_of(trees), np.ascontiguousarray(inputs, np.float64), sums)
    return sums


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lay_out(
    root: Indices, feature: Indices, threshold: Floats, left: Indices, right: Indices, value: Floats, layout: Layout
) -> int:
    """Tree by tree, each by levels; returns how many nodes there are."""
    source = np.empty(len(feature), np.int64)
    level = np.empty(len(feature), np.int64)
    end = 0
    for number in range(len(root)):
        layout.root[number] = end
        source[end], level[end] = root[number], 0
        place = end
        end += 1
        while place < end:
            node = source[place]
            layout.value[place] = value[node]
            layout.depth[number] = level[place]
            if feature[node] == LEAF:
                layout.nodes[place].threshold = np.inf
                layout.nodes[place].child = place
            else:
                layout.nodes[place].threshold = threshold[node]
                layout.nodes[place].feature = feature[node]
                layout.nodes[place].child = end
                source[end], level[end] = left[node], level[place] + 1
                source[end + 1], level[end + 1] = right[node], level[place] + 1
                end += 2
            place += 1
    return end


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _descend(layout: Layout, inputs: Floats, sums: Floats) -> None:
    """Four payments take turns, so that the processor works for three while it waits for the memory of one."""
    nodes, value, one = layout.nodes, layout.value, np.uint64(1)
    whole = len(inputs) // 4 * 4
    for begin in range(0, whole, AT_ONCE):
        for tree in range(len(layout.root)):
            root, depth = np.uint64(layout.root[tree]), layout.depth[tree]
            for first in range(begin, min(begin + AT_ONCE, whole), 4):
                row_a = np.uint64(first)
                row_b, row_c, row_d = row_a + one, row_a + one + one, row_a + one + one + one
                a = b = c = d = root
                for _ in range(depth):
                    a = _step(nodes, a, inputs, row_a)
                    b = _step(nodes, b, inputs, row_b)
                    c = _step(nodes, c, inputs, row_c)
                    d = _step(nodes, d, inputs, row_d)
                sums[row_a] += value[a]
                sums[row_b] += value[b]
                sums[row_c] += value[c]
                sums[row_d] += value[d]
    for row in range(whole, len(inputs)):
        for tree in range(len(layout.root)):
            node = np.uint64(layout.root[tree])
            for _ in range(layout.depth[tree]):
                node = _step(nodes, node, inputs, np.uint64(row))
            sums[row] += value[node]


@njit(inline="always")  # type: ignore[untyped-decorator]
def _step(nodes: npt.NDArray[np.void], node: np.uint64, inputs: Floats, row: np.uint64) -> np.uint64:
    """To the left child, or to the right one behind it; unsigned numbers spare a check for negative indices."""
    at = nodes[node]
    return np.uint64(at.child) + np.uint64(not inputs[row, np.uint64(at.feature)] <= at.threshold)
