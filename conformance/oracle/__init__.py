"""What is true: certified derivatives of a graph, and how far rounding may carry an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from conformance.errors import CannotCertify
from conformance.graph import Graph

__all__ = ["Kink", "Truth", "check_closed_forms", "derivatives"]


@dataclass(frozen=True)
class Truth:
    """The certified value of one output; every array has the output's shape and is float64.

    A complex output is its real and its imaginary part, along one more axis, the last.

    hi, lo: the truth is hi + lo to about 106 bits, and hi is the truth rounded to float64; where
        the truth is beyond float64, hi is infinite, lo is 0 and radius is infinite.
    radius: a proven bound on |truth - (hi + lo)|, rounded up.
    allowed: the absolute error that rounding in the graph's dtype explains; may be infinite.
    scale: the size of the terms that an element is the sum of, or 0 where it has none; None where
        rounding explains a small part of every element alone.
    note: why the allowance is infinite, where it is.
    """

    hi: np.ndarray
    lo: np.ndarray
    radius: np.ndarray
    allowed: np.ndarray
    scale: np.ndarray | None = None
    note: str = ""


@dataclass(frozen=True)
class Kink:
    """What a derivative may be at a kink, where it is a set.

    limits: its limits as the inputs approach from directions on different sides of the kinks; the
        Clarke generalized derivative is their convex hull. Not all of them, where there are many.
    conventions: what rules give that take one branch of each operator's ties, or their mean; by
        name, as in `abs: mean, maximum: first`. Such a derivative need not be in the hull.
    """

    limits: tuple[Truth, ...]
    conventions: Mapping[str, Truth]


def derivatives(graph: Graph, inputs: Mapping[str, np.ndarray],
                ) -> dict[str, Truth | Kink | CannotCertify]:
    """The truth of every output by name, or the error that says why there is no proof.

    inputs: name -> values, already in the dtype of the graph's input; they count as exact.
    """
    from conformance.oracle import cache  # python-flint is loaded only when it is needed

    def compute() -> dict[str, Truth | Kink | CannotCertify]:
        from conformance.oracle import certify

        return certify.derivatives(graph, inputs)

    return cache.remembered(graph, inputs, compute)


def check_closed_forms(graph: Graph, inputs: Mapping[str, np.ndarray]) -> None:
    """Raise ClosedFormError where a closed form contradicts its certified derivative.

    Meant for float64 graphs. Derivatives that cannot be certified are passed over.
    """
    from conformance.oracle import cache

    def check() -> None:
        from conformance.oracle import certify

        certify.check_closed_forms(graph, inputs)

    cache.remembered_check(graph, inputs, check)
