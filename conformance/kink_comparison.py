"""An answer at a kink, where the truth is a set: is it an element, and which one?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from conformance.comparison import Comparison, compare_numbers, ulp
from conformance.oracle import Kink, Truth
from conformance.typing_rules import TensorType

# what a linear program may leave of a relative error; no element is let out of its range by it
SOLVER_TOLERANCE = 1e-9
UNNAMED = "unnamed"


def compare_at_kink(got: np.ndarray, kink: Kink, wanted: TensorType) -> Comparison:
    """Judge one derivative at a kink; `got` is in float64 and of the right shape.

    agrees: a limit of the derivative, or another element of their convex hull; `convention` tells
        which. artefact: what rules answer that each take an element of their own, although the
        whole is none of the hull. inconclusive: within the range of the limits in each element.
    """
    judged = [replace(compare_numbers(got, truth, wanted.dtype), limit=k)
              for k, truth in enumerate(kink.limits)]
    named = {name: truth for name, truth in kink.conventions.items()
             if compare_numbers(got, truth, wanted.dtype).verdict == "agrees"}
    name = next(iter(named), UNNAMED)
    for found in judged:
        if found.verdict == "agrees":
            return replace(found, convention=name, reason=_picked(kink, got, name))
    for found in judged:
        if found.verdict == "inconclusive":  # rounding may explain anything, here too
            return found
    nearest = min(judged, key=lambda found: np.inf if found.ulp is None else found.ulp)
    if not np.isfinite(got).all():
        return nearest
    verdict, name, reason = _between(got, kink, named, wanted.dtype)
    if verdict == "agrees":
        return replace(nearest, verdict=verdict, convention=name, ulp=0.0, reason=reason)
    return replace(nearest, verdict=verdict, reason=reason)


def _between(got: np.ndarray, kink: Kink, named: Mapping[str, Truth],
             dtype: str) -> tuple[str, str, str]:
    """Verdict, convention and reason of an answer that is finite and none of the limits."""
    for name, truth in named.items():
        if _in_hull(truth.hi, kink.limits, _slack(truth, dtype)):
            return "agrees", name, _picked(kink, got, name)
    for name in named:
        return "artefact", name, (
            f"outside of the Clarke derivative, although each rule answers for its own tie as "
            f"others do ({name}); the limits are {_limits(kink)}")
    limits = [truth.hi for truth in kink.limits]
    slack = np.max([_slack(truth, dtype) for truth in kink.limits], axis=0)
    low, high = np.min(limits, axis=0) - slack, np.max(limits, axis=0) + slack
    if not ((low <= got) & (got <= high)).all():
        return "differs", "", f"outside of the Clarke derivative, whose limits are {_limits(kink)}"
    if _in_hull(got, kink.limits, slack):
        return "agrees", UNNAMED, _picked(kink, got, UNNAMED)
    return "inconclusive", "", (
        "each element is within the range of the limits that are known, but the whole is not shown "
        f"to be among them: {_limits(kink)}")


def _slack(truth: Truth, dtype: str) -> np.ndarray:
    """What rounding explains, element by element."""
    finite = np.where(np.isfinite(truth.allowed), truth.allowed, 0.0)
    return np.maximum(finite, ulp(truth.hi, dtype) / 2)


def _in_hull(point: np.ndarray, limits: Sequence[Truth], slack: np.ndarray) -> bool:
    """Whether a convex combination of the limits is within `slack` of a point."""
    from scipy.optimize import linprog  # slow to import, and only kinks need it

    corners = np.array([truth.hi.ravel() for truth in limits]).T
    if not np.isfinite(corners).all():
        return False
    size = np.maximum(np.max(np.abs(corners), axis=1), np.abs(point.ravel()))
    size = np.where(size > 0, size, 1.0)
    corners, target = corners / size[:, None], point.ravel() / size
    room = slack.ravel() / size + SOLVER_TOLERANCE
    found = linprog(np.zeros(len(limits)), bounds=(0, 1),
                    A_ub=np.vstack([corners, -corners]),
                    b_ub=np.concatenate([target + room, room - target]),
                    A_eq=np.ones((1, len(limits))), b_eq=[1.0],
                    options={"primal_feasibility_tolerance": SOLVER_TOLERANCE / 10})
    return found.status == 0


def _limits(kink: Kink, most: int = 4) -> str:
    shown = [_short(truth.hi) for truth in kink.limits[:most]]
    more = f" and {len(kink.limits) - most} more" if len(kink.limits) > most else ""
    return ", ".join(shown) + more


def _picked(kink: Kink, got: np.ndarray, name: str) -> str:
    """`at a kink: 0 of -1, 1 (abs: mean)`."""
    return f"at a kink: {_short(got)} of {_limits(kink)} ({name})"


def _short(array: np.ndarray) -> str:
    return np.array2string(np.asarray(array), precision=4, separator=", ", threshold=8,
                           floatmode="maxprec").replace("\n", "") if np.ndim(array) else (
        f"{float(array):.4g}")
