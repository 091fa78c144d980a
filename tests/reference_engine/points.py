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


def eigenvalues(xp, x, n):
    """The eigenvalues, ascending, of the symmetric part of one n by n matrix, n = 2 or 3."""
    x = 0.5 * (x + xp.matrix_transpose(x))
    if n == 2:
        middle, radius = 0.5 * (x[0, 0] + x[1, 1]), xp.hypot(0.5 * (x[0, 0] - x[1, 1]), x[0, 1])
        return [middle - radius, middle + radius]
    middle = (x[0, 0] + x[1, 1] + x[2, 2]) / 3
    rest = x - middle * np.eye(3)
    size = xp.sqrt(xp.sum(rest * rest) / 6)
    angle = xp.acos(expanded(elements(rest, 3)) / (2 * size * size * size)) / 3
    low, high = (middle + 2 * size * xp.cos(angle + a) for a in (2 * np.pi / 3, 0.0))
    return [low, 3 * middle - low - high, high]


def projectors(xp, x, n):
    """The matrices v v^T of the eigenvectors v of the symmetric part of x, by Lagrange."""
    w = eigenvalues(xp, x, n)
    x = 0.5 * (x + xp.matrix_transpose(x))
    found = []
    for k in range(n):
        p = None
        for j in range(n):
            if j != k:
                factor = (x - w[j] * np.eye(n)) / (w[k] - w[j])
                p = factor if p is None else p @ factor
        found.append(p)
    return found


class Complex:
    """Complex arithmetic on pairs of real values."""

    def __init__(self, re, im):
        self.re, self.im = re, im

    def __add__(self, other):
        return Complex(self.re + other.re, self.im + other.im)

    def __sub__(self, other):
        return Complex(self.re - other.re, self.im - other.im)

    def __neg__(self):
        return Complex(-self.re, -self.im)

    def __mul__(self, other):
        if not isinstance(other, Complex):
            return Complex(self.re * other, self.im * other)
        return Complex(self.re * other.re - self.im * other.im,
                       self.re * other.im + self.im * other.re)

    __rmul__ = __mul__

    def __truediv__(self, other):
        if not isinstance(other, Complex):
            return Complex(self.re / other, self.im / other)
        return self * other.conj() / other.square()

    def __getitem__(self, key):
        return Complex(self.re[key], self.im[key])

    def __matmul__(self, other):
        return Complex(self.re @ other.re - self.im @ other.im,
                       self.re @ other.im + self.im @ other.re)

    def conj(self):
        return Complex(self.re, -self.im)

    def square(self):
        """The square of the absolute value."""
        return self.re * self.re + self.im * self.im

    def adjoint(self, xp):
        return Complex(xp.matrix_transpose(self.re), -xp.matrix_transpose(self.im))

    def pair(self):
        return self.re, self.im

    @staticmethod
    def stacked(xp, parts, axis=-1):
        return Complex(xp.stack([p.re for p in parts], axis=axis),
                       xp.stack([p.im for p in parts], axis=axis))


def complex_generic(key, shape):
    """Complex numbers whose parts are `generic`."""
    return generic(f"{key} re", shape) + 1j * generic(f"{key} im", shape)
