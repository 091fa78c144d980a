"""Adding into chosen places of an array, where one that is chosen twice adds twice."""

import numpy as np

# From this length on a loop over rows is quicker than an index for every element: measured.
LONG_ROW = 256


def add_at(total, places, values):
    """total.flat[places] += values, in place, for a contiguous `total`; the shapes are equal."""
    # Flat indices and one dtype take the fast path of ufunc.at, some 10 times faster than rows.
    np.add.at(total.reshape(-1), places.reshape(-1), values.reshape(-1))


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
