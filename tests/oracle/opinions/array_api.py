"""The array API's operators, and a few activations."""

import mpmath
import numpy as np

from opinions import W34, X23, Y23, Line, along, binary, each, unary


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def logsumexp(x):
    return mpmath.log(sum(mpmath.exp(v) for v in x))


def variance(correction):
    def function(x):
        centre = sum(x) / len(x)
        return sum((v - centre) ** 2 for v in x) / (len(x) - mpmath.mpf(correction))

    return function


LINES: dict[str, list[Line]] = {
    "abs": [unary(abs, -2.5, 0.75, 1e-30)],
    "acos": [unary(mpmath.acos, -0.9375, -0.25, 1e-20, 0.5)],
    "acosh": [unary(mpmath.acosh, 1.0009765625, 1.5, 40.0)],
    "asin": [unary(mpmath.asin, -0.9375, -0.25, 1e-20, 0.5)],
    "asinh": [unary(mpmath.asinh, -30.0, -0.5, 1e-12, 2.0)],
    "atan": [unary(mpmath.atan, -30.0, -0.5, 1e-12, 2.0)],
    "atanh": [unary(mpmath.atanh, -0.9375, 1e-12, 0.5)],
    "cos": [unary(mpmath.cos, -2.0, 0.0, 1.5707963267948966, 30.0)],
    "cosh": [unary(mpmath.cosh, -2.0, 0.0, 1e-12, 20.0)],
    "erf": [unary(mpmath.erf, -3.0, -0.5, 1e-12, 1.0, 5.0)],
    "exp": [unary(mpmath.exp, -30.0, -0.5, 0.0, 1e-12, 20.0)],
    "expm1": [unary(mpmath.expm1, -30.0, -0.5, 1e-12, 20.0)],
    "log": [unary(mpmath.log, 1e-12, 0.5, 1.0000000000000002, 40.0)],
    "log10": [unary(mpmath.log10, 1e-12, 0.5, 1.0000000000000002, 40.0)],
    "log1p": [unary(mpmath.log1p, -0.9375, 1e-20, 0.5, 40.0)],
    "log2": [unary(lambda x: mpmath.log(x) / mpmath.log(2), 1e-12, 0.5, 1.5, 40.0)],
    "negative": [unary(lambda x: -x, -1.5, 0.0, 2.0)],
    "reciprocal": [unary(lambda x: 1 / x, -3.0, 1e-6, 7.0)],
    "relu": [unary(lambda x: max(x, mpmath.mpf(0)), -1.5, 1e-30, 2.0)],
    "rsqrt": [unary(lambda x: 1 / mpmath.sqrt(x), 1e-6, 0.5, 7.0)],
    "sigmoid": [unary(sigmoid, -30.0, -0.5, 0.0, 1.0, 20.0)],
    "sign": [unary(mpmath.sign, -1.5, 0.25)],
    "sin": [unary(mpmath.sin, -2.0, 0.0, 3.141592653589793, 30.0)],
    "sinh": [unary(mpmath.sinh, -2.0, 0.0, 1e-12, 20.0)],
    "softplus": [unary(softplus, -30.0, -0.5, 0.0, 20.0)],
    "sqrt": [unary(mpmath.sqrt, 1e-6, 0.5, 7.0)],
    "square": [unary(lambda x: x * x, -3.0, 0.0, 7.0)],
    "tan": [unary(mpmath.tan, -2.0, 0.0, 1.5, 30.0)],
    "tanh": [unary(mpmath.tanh, -20.0, -0.5, 0.0, 1e-12, 1.0)],
    "add": [binary(lambda a, b: a + b, X23, (1.0, 2.0, 3.0))],
    "subtract": [binary(lambda a, b: a - b, X23, ((1.0,), (2.0,)))],
    "multiply": [binary(lambda a, b: a * b, X23, Y23)],
    "divide": [binary(lambda a, b: a / b, X23, Y23)],
    "pow": [binary(lambda a, b: a**b, (0.5, 2.0, 1.5), (1.25, -0.5, 3.0))],
    "maximum": [binary(max, X23, Y23)],
    "minimum": [binary(min, X23, Y23)],
    "atan2": [binary(mpmath.atan2, (1.0, -2.0, 0.5, -0.25, 1e-9), (2.0, 0.0, -1.5, -3.0, 1e9))],
    "hypot": [binary(lambda a, b: mpmath.sqrt(a * a + b * b), (3.0, -1e-6, 0.0), (4.0, 2.0, -2.0))],
    "logaddexp": [binary(lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)),
                         (1.0, -20.0, 0.5), (2.0, 15.0, 0.5))],
    "clip": [Line(each(lambda x: min(max(x, mpmath.mpf(-1)), mpmath.mpf("0.5"))),
                  ((-2.0, -0.5, 0.25, 3.0),), {"min": -1.0, "max": 0.5}),
             Line(each(lambda x: max(x, mpmath.mpf(0))), ((-2.0, 0.5),), {"min": 0, "max": None})],
    "sum": [Line(lambda x: np.sum(x, axis=0), (X23,), {"axis": 0}),
            Line(lambda x: np.sum(x, keepdims=True), (X23,), {"keepdims": True})],
    "mean": [Line(lambda x: np.sum(x, axis=1) / 3, (X23,), {"axis": 1}),
             Line(lambda x: np.sum(x) / 6, (X23,))],
    "prod": [Line(lambda x: np.prod(x, axis=1), (X23,), {"axis": 1}),
             Line(np.prod, ((0.0, 2.0, -3.0),))],
    "max": [Line(along(max, 1, keepdims=True), (X23,), {"axis": 1, "keepdims": True})],
    "min": [Line(along(min, 0), (X23,), {"axis": 0})],
    "var": [Line(along(variance(0), 1), (X23,), {"axis": 1}),
            Line(along(variance(1), 1), (X23,), {"axis": 1, "correction": 1.0})],
    "logsumexp": [Line(along(logsumexp, 1), (X23,), {"axis": 1}),
                  Line(logsumexp, ((-30.0, 20.0, 19.0),))],
    "softmax": [Line(along(lambda x: np.array([mpmath.exp(v - logsumexp(x)) for v in x]), 1),
                     (X23,))],
    "log_softmax": [Line(along(lambda x: np.array([v - logsumexp(x) for v in x]), 0), (X23,),
                         {"axis": 0})],
    "cumulative_sum": [Line(lambda x: np.cumsum(x, axis=1), (X23,), {"axis": 1}),
                       Line(lambda x: np.cumsum(x, axis=0), (X23,), {"axis": 0})],
    "reshape": [Line(lambda x: x.reshape(3, 2), (X23,), {"shape": (3, 2)})],
    "permute_dims": [Line(lambda x: x.transpose(1, 0), (X23,), {"axes": (1, 0)})],
    "expand_dims": [Line(lambda x: x[:, None], (X23,), {"axis": 1})],
    "squeeze": [Line(lambda x: x[0], ((X23[0],),), {"axis": 0})],
    "broadcast_to": [Line(lambda x: np.broadcast_to(x, (2, 2, 3)), (X23,), {"shape": (2, 2, 3)})],
    "flip": [Line(lambda x: np.flip(x, 1), (X23,), {"axis": 1}), Line(np.flip, (X23,))],
    "roll": [Line(lambda x: np.roll(x, 2, 1), (X23,), {"shift": 2, "axis": 1}),
             Line(lambda x: np.roll(x, -1), (X23,), {"shift": -1})],
    "matrix_transpose": [Line(lambda x: x.T, (X23,))],
    "concat": [Line(lambda a, b: np.concatenate((a, b), 1), (X23, Y23), {"axis": 1})],
    "stack": [Line(lambda a, b: np.stack((a, b), 1), (X23, Y23), {"axis": 1})],
    "zeros_like": [Line(lambda x: 0 * x, (X23,))],
    "ones_like": [Line(lambda x: 0 * x + 1, (X23,))],
    "matmul": [Line(np.matmul, (X23, W34)), Line(np.matmul, (X23[0], W34)),
               Line(np.matmul, ((X23, Y23), W34[0][:3])), Line(np.matmul, (X23[0], Y23[0]))],
    "getitem": [Line(lambda x: x[..., ::2, None], (X23,),
                     {"index": (Ellipsis, slice(None, None, 2), None)}),
                Line(lambda x: np.asarray(x[1, -1]), (X23,), {"index": (1, -1)})],
    "take": [Line(lambda x: np.take(x, [2, 0, 2], axis=1), (X23,),
                  {"indices": (2, 0, 2), "axis": 1})],
}
