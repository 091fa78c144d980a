"""Complex numbers: parts, and the elementwise operators off their branch cuts."""

import mpmath
import numpy as np

from opinions import Line, binary, each, unary

# one in each quadrant, near the axes, and far from 0; none on a cut
POINTS = (1.25 + 0.5j, -0.75 + 1.5j, -0.5 - 0.625j, 1.5 - 0.25j, 1e-9 + 2j, -3.0 + 1e-9j)
Z23 = ((0.5 - 1j, -1.25 + 0.75j, 2.0j), (0.75 + 0.25j, 3.0 - 0.5j, -0.375 - 1j))
W23 = ((1.5 + 1j, 0.25 - 2j, -2.5 + 0.5j), (-0.625j, 1.75 + 0.125j, 0.125 - 0.75j))
HOLOMORPHIC = {
    "cos": mpmath.cos, "cosh": mpmath.cosh, "exp": mpmath.exp, "log": mpmath.log,
    "negative": lambda z: -z, "reciprocal": lambda z: 1 / z, "sin": mpmath.sin,
    "sinh": mpmath.sinh, "sqrt": mpmath.sqrt, "square": lambda z: z * z, "tan": mpmath.tan,
    "tanh": mpmath.tanh,
}

LINES: dict[str, list[Line]] = {
    **{name: [unary(function, *POINTS)] for name, function in HOLOMORPHIC.items()},
    "real": [unary(mpmath.re, *POINTS)],
    "imag": [unary(mpmath.im, *POINTS)],
    "conj": [unary(mpmath.conj, *POINTS)],
    "abs": [unary(abs, *POINTS)],
    "angle": [unary(mpmath.arg, *POINTS)],
    "complex": [binary(mpmath.mpc, (0.5, -1.25, 2.0), (1.5, 0.25, -2.5)),
                Line(lambda x, w: each(mpmath.mpc)(x, w), ((0.5, -1.25), (2.0,)))],
    "add": [binary(lambda a, b: a + b, Z23, (1.0, 2.0, 3.0))],
    "subtract": [binary(lambda a, b: a - b, ((1.0,), (2.0,)), Z23)],
    "multiply": [binary(lambda a, b: a * b, Z23, W23), binary(lambda a, b: a * b, (0.75,), Z23)],
    "divide": [binary(lambda a, b: a / b, Z23, W23), binary(lambda a, b: a / b, Z23, (0.75,))],
    "pow": [binary(lambda a, b: a**b, POINTS[:4], (0.5 - 1j, 2j, 1.5, -0.75 + 0.25j)),
            binary(lambda a, b: a**b, (0.5, 2.0), (0.5 - 1j, 2j)),
            binary(lambda a, b: a**b, POINTS[:3], (0.5, -1.5, 3.0))],
    "sum": [Line(lambda x: np.sum(x, axis=0), (Z23,), {"axis": 0})],
    "mean": [Line(lambda x: np.sum(x, axis=1) / 3, (Z23,), {"axis": 1})],
    "prod": [Line(lambda x: np.prod(x, axis=1), (Z23,), {"axis": 1})],
    "matmul": [Line(np.matmul, (Z23, np.transpose(W23))),
               Line(np.matmul, (np.real(Z23), np.transpose(W23)))],
}
