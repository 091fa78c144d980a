"""Shapes and indexing: (node, *arrays) -> array; numbers move and are not touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Rule = Callable[..., Any]

SHAPES: dict[str, Rule] = {
    "reshape": lambda node, x: x.reshape(node["shape"]),
    "permute_dims": lambda node, x: x.transpose(node["axes"]) if x.ndim else x,
    "expand_dims": lambda node, x: x.reshape(node.type.shape),
    "squeeze": lambda node, x: x.reshape(node.type.shape),
    "broadcast_to": lambda node, x: np.broadcast_to(x, node["shape"]),
    "flip": lambda node, x: np.flip(x, node["axis"]),
    "roll": lambda node, x: np.roll(x, node["shift"], node["axis"]),
    "matrix_transpose": lambda node, x: np.swapaxes(x, -1, -2),
    "concat": lambda node, *xs: np.concatenate(xs, axis=node["axis"]),
    "stack": lambda node, *xs: np.stack(xs, axis=node["axis"]),
    "getitem": lambda node, x: x[node["index"]],
    "take": lambda node, x: np.take(x, np.asarray(node["indices"], np.intp), axis=node["axis"]),
}
