"""Generic points for tests of rules: fixed by a key, exact in every format."""

import numpy as np

from conformance.inputs import uniform


def generic(key, shape):
    """Numbers between 1/4 and 1 in size, of either sign."""
    sizes = uniform(*shape, low=0.25, high=1.0).exact(f"{key}/sizes")
    return np.copysign(sizes, uniform(*shape).exact(f"{key}/signs"))


def strong(key, *shape):
    """Well-conditioned matrices."""
    return generic(key, shape) / shape[-1] + 1.5 * np.eye(shape[-1])


# Matrices in formulas -----------------------------------------------------------------------------


def elements(x, n):
    """The elements of n by n matrices, in lists."""
    return [[x[..., i, j] for j in range(n)] for i in range(n)]


def matrix(xp, rows):
    """Matrices of lists of their elements."""
    return xp.stack([xp.stack(row, axis=-1) for row in rows], axis=-2)


def expanded(rows):
    """The determinant by its first row."""
    if len(rows) == 1:
        return rows[0][0]
    total = 0
    for j, x in enumerate(rows[0]):
        term = x * expanded([row[:j] + row[j + 1:] for row in rows[1:]])
        total = total - term if j % 2 else term + total
    return total


def cofactor_rows(rows):
    """The cofactors as determinants."""
    n = len(rows)
    if n == 1:
        return [[rows[0][0] * 0 + 1]]
    minors = [[expanded([row[:j] + row[j + 1:] for row in rows[:i] + rows[i + 1:]])
               for j in range(n)] for i in range(n)]
    return [[-m if (i + j) % 2 else m for j, m in enumerate(row)] for i, row in enumerate(minors)]


def inverse(n):
    """The formula of the inverses of n by n matrices."""

    def formula(xp, x):
        adjugate = xp.matrix_transpose(matrix(xp, cofactor_rows(elements(x, n))))
        return adjugate / xp.expand_dims(xp.expand_dims(expanded(elements(x, n)), axis=-1), axis=-1)

    return formula
