"""Jacobians out of gradients: the cotangents to ask with, and the answers put together."""

import numpy as np

from .rules.shapes import reshape, stack
from .structure import flat, rebuilt
from .tensor import Tensor


def one_hot_seeds(target, places):
    """For each place of a flat `target`, the cotangent that is 1 there and 0 elsewhere."""
    for place in places:
        seed = np.zeros(target.size, target.dtype)
        seed[place] = 1
        yield Tensor(seed.reshape(target.shape)[()])


def column_seeds(target, batch, inner):
    """For each place of target[0], the cotangent that is 1 there in the whole batch."""
    for place in range(inner):
        seed = np.zeros((batch, inner), target.dtype)
        seed[:, place] = 1
        yield Tensor(seed.reshape(target.shape))


def stacked(rows, sources, shape):
    """One gradient for each element of the target -> Jacobians of shape `shape` + the source's."""
    columns = list(zip(*map(flat, rows), strict=True)) or [()] * len(flat(sources))
    jacobians = iter([
        None if parts and parts[0] is None
        else reshape(stack(list(parts)), shape + source.shape) if parts
        else Tensor(np.zeros(shape + source.shape, source.dtype))
        for parts, source in zip(columns, flat(sources), strict=True)
    ])  # fmt: skip
    return rebuilt(lambda source: next(jacobians), sources)


def batch_stacked(columns, source, shape):
    """One gradient for each place of target[0] -> the Jacobians of a batch; None without any."""
    if not columns:
        return Tensor(np.zeros(shape, source.dtype))
    return None if columns[0] is None else reshape(stack(columns, axis=1), shape)
