"""Adding into chosen places of an array, where one that is chosen twice adds twice."""

import functools

import numpy as np

# From this length on a loop over rows is quicker than an index for every element: measured.
LONG_ROW = 256


def _widened(add):
    """In float32 for 16-bit floats, rounded once: in bfloat16, 256 + 1 is 256."""

    @functools.wraps(add)
    def wide(total, places, values):
        if total.dtype.itemsize != 2 or total.dtype.kind not in "fV":  # V: bfloat16
            return add(total, places, values)
        sums = total.astype("float32")
        add(sums, places, values.astype("float32"))
        total[...] = sums

    return wide


@_widened
def add_at(total, places, values):
    """total.flat[places] += values, in place, for a contiguous `total`; the shapes are equal."""
    # Flat indices and one dtype take the fast path of ufunc.at, some 10 times faster than rows.
    np.add.at(total.reshape(-1), places.reshape(-1), values.reshape(-1))


@_widened
def add_rows(total, indices, rows):
    """total[indices] += rows, in place: total (size, ...) contiguous, rows (*indices.shape, ...).

    `indices` are from 0 up to size.
    """
    indices = indices.reshape(-1)
    length = total[:1].size
    table, rows = total.reshape(len(total), length), rows.reshape(len(indices), length)
    if length >= LONG_ROW:
        for index, row in zip(indices.tolist(), rows, strict=True):
            table[index] += row
    else:
        add_at(table, indices[:, None] * length + np.arange(length), rows)


def sum_rows(rows, indices, size):
    """Zeros (size, ...) with rows (*indices.shape, ...) added at `indices`, from 0 up to size."""
    total = np.zeros((size, *rows.shape[indices.ndim :]), rows.dtype)
    if rows.size:
        add_rows(total, indices, rows)
    return total
