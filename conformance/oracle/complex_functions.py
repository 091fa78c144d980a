"""Holomorphic functions as power series over complex balls; no derivative is written here.

log and sqrt are refused on their cut, the negative real axis with 0, where engines need not agree
on the side. Allowances are those of the real functions, in the larger roundings of complex
arithmetic (`allowances.COMPLEX`).
"""

from __future__ import annotations

from dataclasses import replace

from flint import acb

from conformance.oracle import allowances
from conformance.oracle.functions import Function

_LINES: dict[str, Function] = {
    "cos": Function(lambda t: t.cos(), acb.cos),
    "cosh": Function(lambda t: (t.exp() + (-t).exp()) / 2, acb.cosh),
    "exp": Function(lambda t: t.exp(), acb.exp),
    "log": Function(lambda t: t.log(), acb.log, cut=True),
    "reciprocal": Function(lambda t: t.inv(), lambda a: 1 / a, pole=True),
    "sin": Function(lambda t: t.sin(), acb.sin),
    "sinh": Function(lambda t: (t.exp() - (-t).exp()) / 2, acb.sinh),
    "sqrt": Function(lambda t: t.sqrt(), acb.sqrt, cut=True),
    "square": Function(lambda t: t * t, lambda a: a * a),
    "tan": Function(lambda t: t.tan(), acb.tan),
    "tanh": Function(lambda t: 1 - 2 * (1 + (2 * t).exp()).inv(), acb.tanh),
}

COMPLEX_FUNCTIONS = {name: replace(function, allowance=allowances.FUNCTIONS[name])
                     for name, function in _LINES.items()}
