"""A verdict in full: which element, both values, who says so, and the next command."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from conformance.verdict import Verdict

# decimal digits that tell any two numbers of a format apart
DIGITS = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}
COLUMN = 25


@dataclass(frozen=True)
class Failure:
    """Verdicts that say the same, and what other backends say of the same derivatives.

    verdicts: one, or the derivatives and dtypes that one error of a whole program has cost.
    others: the same derivative on every backend, in the same dtype and mode.
    """

    verdicts: Sequence[Verdict]
    others: Sequence[Verdict] = ()

    def lines(self, *, command: bool = True) -> list[str]:
        """What a person reads; without `command` not how to get here again."""
        verdict = self.verdicts[0]
        lines = [self._head()]
        if verdict.ulp is not None:
            got, truth = side_by_side(_pick(verdict.got, verdict.element),
                                      _pick(verdict.truth, verdict.element), verdict.dtype)
            lines.append(f"  got    {got:<{COLUMN}} {ulps(verdict.ulp)} off")
            lines.append(f"  truth  {truth:<{COLUMN}} {self._authority()}")
        reason, place, line = verdict.reason.partition(", at line ")
        lines.append(f"  {reason}")
        if place:  # of the printed code
            lines.append(f"  at line {line}")
        lines.append(f"  {verdict.where}" + (
            f"    reproduce: {verdict.reproduce}" if command else ""))
        return lines

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _head(self) -> str:
        verdict = self.verdicts[0]
        element = f"[{', '.join(map(str, verdict.element))}]" if verdict.element else ""
        derivatives = ", ".join(dict.fromkeys(v.derivative for v in self.verdicts)) + element
        dtypes = ", ".join(dict.fromkeys(v.dtype for v in self.verdicts))
        return (f"{verdict.name}  {derivatives}  {verdict.backend} {verdict.backend_version}  "
                f"{dtypes}  {verdict.verdict.replace('_', ' ')}")

    def _authority(self) -> str:
        verdict = self.verdicts[0]
        bound = f"certified, ± {verdict.radius:.0e}" if verdict.radius else "certified, exact"
        names = [o.backend for o in self.others
                 if o.backend != verdict.backend and o.verdict == "agrees"]
        if not names:
            return bound
        *most, last = names
        return (f"{bound}; {', '.join(most)} and {last} agree with it" if most
                else f"{bound}; {last} agrees with it")


def merged(verdicts: Iterable[Verdict], all_verdicts: Iterable[Verdict]) -> list[Failure]:
    """The failures among `all_verdicts`, one for each error of a whole program."""
    beside: dict[tuple[str, ...], list[Verdict]] = defaultdict(list)
    for verdict in all_verdicts:
        beside[_question(verdict)].append(verdict)
    groups: dict[object, list[Verdict]] = {}
    for verdict in verdicts:
        whole = verdict.case, verdict.backend, verdict.mode, verdict.verdict, verdict.reason
        groups.setdefault(whole if verdict.element is None else id(verdict), []).append(verdict)
    return [Failure(group, beside[_question(group[0])]) for group in groups.values()]


def _question(verdict: Verdict) -> tuple[str, ...]:
    return verdict.case, verdict.derivative, verdict.dtype, verdict.mode


def _pick(values: Any, element: Iterable[int] | None) -> float:
    for i in element or ():
        values = values[i]
    return float(values)


def ulps(count: float) -> str:
    """An error in words."""
    if math.isinf(count):
        return "infinitely many ULP"
    return f"{count:.3g} ULP" if count < 1e5 else f"{count:.1e} ULP"


def side_by_side(got: float, truth: float, dtype: str) -> tuple[str, str]:
    """Two numbers digit under digit, with a space before the first digit that differs."""
    if not (math.isfinite(got) and math.isfinite(truth)):
        return str(got), str(truth)
    largest = max(abs(got), abs(truth))
    exponent = math.floor(math.log10(largest)) if largest else 0
    shift = 0 if -4 <= exponent < DIGITS[dtype] else exponent
    decimals = max(DIGITS[dtype] - 1 - exponent + shift, 1)
    texts = [f"{Decimal(value).scaleb(-shift):.{decimals}f}" for value in (got, truth)]
    while all(text.endswith("0") and not text.endswith(".0") for text in texts):
        texts = [text[:-1] for text in texts]
    width = max(map(len, texts))
    texts = [text.rjust(width) for text in texts]
    at = next((i for i in range(width) if texts[0][i] != texts[1][i]), width)
    if at < width and texts[0][:at].strip("-0. ") and texts[0][at - 1] != ".":
        texts = [f"{text[:at]} {text[at:]}" for text in texts]
    power = f"e{shift:+03d}" if shift else ""
    return texts[0] + power, texts[1] + power
