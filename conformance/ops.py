"""The operator catalogue, by name."""

from __future__ import annotations

import difflib

from conformance import aliases
from conformance.catalogue import FAMILIES
from conformance.catalogue.operator import Op
from conformance.errors import UnknownOperator

__all__ = ["CATALOGUE", "Op", "get"]

CATALOGUE: dict[str, Op] = {op.name: op for family in FAMILIES for op in family.OPERATORS}


def get(name: str) -> Op:
    """The operator called `name`; raises UnknownOperator with what to write instead."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    remedy = aliases.hint(name)
    if remedy is None:
        callable_names = [known for known, op in CATALOGUE.items() if op.group != "core"]
        near = difflib.get_close_matches(name, callable_names, n=3)
        remedy = (f"did you mean {' or '.join(f'xp.{n}' for n in near)}?" if near
                  else "conformance/catalogue lists those that there are")
    raise UnknownOperator(f"there is no operator {name!r}; {remedy}")
