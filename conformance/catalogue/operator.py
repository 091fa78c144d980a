"""What the catalogue says of an operator, and the rows that it is written in."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance import aliases
from conformance import typing_rules as rules
from conformance.errors import ShapeError
from conformance.typing_rules import REQUIRED, TensorType

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_INTERVAL = re.compile(rf"{_NUMBER} <=? x <=? {_NUMBER}|abs\(x\) <=? {_NUMBER}|"
                       rf"x ([<>])=? {_NUMBER}")
Infer = Callable[[tuple[TensorType, ...], Mapping[str, Any]], TensorType]


@dataclass(frozen=True)
class Op:
    """One operator of the catalogue.

    name: the array API standard's name where it has one.
    arity: how many tensors it takes; None for a sequence of them (concat, stack).
    infer: operand types and parameters -> result type; raises ShapeError.
    parameters: keyword parameters and their defaults (REQUIRED where there is none).
    group: the family that it belongs to, which is the module of the catalogue that lists it.
    linearity: "linear" in all operands together, "bilinear" (linear in each alone), "piecewise"
        (linear but for kinks: the slope is a mask), "quotient" (linear in the first, not in the
        second), "nonlinear", or "constant" (no derivative flows through).
    domain, kinks: where it is real, and where it is not differentiable, in words.
    meaning: what it computes, where the array API standard does not say it.
    """

    name: str
    arity: int | None
    infer: Infer
    parameters: Mapping[str, Any] = field(default_factory=dict)
    group: str = "elementwise"
    linearity: str = "nonlinear"
    domain: str = "all reals"
    kinks: str = ""
    meaning: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the domain where it is one interval of a single operand, else None.

        Read from `domain`: "all reals", "x > 0", "x >= -1", "x < 1", "abs(x) < 1", "0 < x < 1".
        """
        if self.arity != 1:
            return None
        if self.domain == "all reals":
            return -math.inf, math.inf
        match = _INTERVAL.fullmatch(self.domain.partition(", or complex")[0])
        if match is None:
            return None
        low, high, size, relation, end = match.groups()
        if low is not None:
            return float(low), float(high)
        if size is not None:
            return -float(size), float(size)
        return (float(end), math.inf) if relation == ">" else (-math.inf, float(end))

    def bind(self, keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters with defaults filled in; raises ShapeError on an unknown or missing one."""
        for name in keywords:
            if name not in self.parameters:
                raise ShapeError(f"has no parameter {name!r}; {self._suggest(name)}")
        bound = {**self.parameters, **keywords}
        for name, value in bound.items():
            if value is REQUIRED:
                raise ShapeError(f"needs the parameter {name!r}")
        return bound

    def _suggest(self, parameter: str) -> str:
        known = aliases.PARAMETERS.get(parameter, ())
        near = [*(name for name in known if name in self.parameters),
                *difflib.get_close_matches(parameter, self.parameters, n=1)]
        if parameter == "dtype":
            return "floats take the dtype of the run"
        if near:
            return f"did you mean {near[0]!r}?"
        return f"it takes {', '.join(map(repr, self.parameters)) or 'operands only'}"


def elementwise(group_rows: str, infer: Infer = rules.elementwise,
                **fields: Any) -> tuple[Op, ...]:
    """One row an operator of one operand: name | domain | kinks | meaning."""
    found = []
    for row in group_rows.strip().splitlines():
        name, domain, kinks, meaning = (part.strip() for part in (row + "|||").split("|")[:4])
        found.append(Op(name, 1, infer, domain=domain or "all reals", kinks=kinks,
                        meaning=meaning, **fields))
    return tuple(found)
