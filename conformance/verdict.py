"""What the suite says of one derivative on one backend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# a verdict, and what it means to a person
VERDICTS = {
    "agrees": "within what rounding explains of the certified derivative",
    "artefact": "outside of what a kink allows, though each rule's own choice there is allowed",
    "changed": "at a kink, another choice than the one on record for this backend",
    "differs": "further from the certified derivative than rounding explains",
    "raised": "the framework raised an error",
    "unsupported": "the backend lacks an operator, a dtype or a mode; never a pass",
    "waived": "a known divergence, recorded with its reason and source",
    "inconclusive": "the oracle cannot certify, or rounding explains too much to tell",
    "crashed": "the process died",
    "timed_out": "no answer within the time limit",
}
EXPECTED = frozenset({"agrees", "waived", "unsupported"})
ALWAYS_COUNTED = ("agrees", "unsupported")  # a summary names these even when there are none


@dataclass(frozen=True)
class Verdict:
    """One derivative of one case on one backend, in one dtype and mode.

    element: index of the worst element, None where the whole is meant; of a complex derivative its
        last index is 0 for the real part and 1 for the imaginary part, which `reason` names.
    ulp, allowed_ulp: the error there and what rounding explains of it, in ULP of the truth.
    got, truth: the whole arrays as nested lists of numbers, complex ones as pairs, or None.
    radius: the proven bound on the error of `truth` at `element`, beyond its last digit.
    seconds: of the call that computed every derivative of the case, first-call costs included.
    reason: why, in words; for `agrees` what was allowed. where: the derivative's file and line.
    convention: which element of a set of derivatives was answered, at a kink.
    source: the code that ran. reproduce: the command that shows it again.
    """

    case: str
    derivative: str
    backend: str
    backend_version: str
    dtype: str
    mode: str
    verdict: str
    ulp: float | None = None
    allowed_ulp: float | None = None
    element: tuple[int, ...] | None = None
    got: Any = None
    truth: Any = None
    radius: float | None = None
    seconds: float | None = None
    reason: str = ""
    convention: str = ""
    where: str = ""
    reproduce: str = ""
    source: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"unknown verdict {self.verdict!r}; one of {', '.join(VERDICTS)}")

    @property
    def expected(self) -> bool:
        """Whether a run with this verdict may still exit with 0."""
        return self.verdict in EXPECTED

    @property
    def name(self) -> str:
        """The case's name, without its file."""
        return self.case.rpartition("::")[2]

    @property
    def evaluation(self) -> str:
        """`cases/notebook.py::sum_square[torch-float32-reverse]`: what was called to get it."""
        return f"{self.case}[{self.backend}-{self.dtype}-{self.mode}]"


def counted(count: int, thing: str) -> str:
    """`1 case`, `2 cases`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def tally(counts: dict[str, int]) -> str:
    """`12 agrees, 0 unsupported, 3 timed out`: verdicts counted, in words."""
    return ", ".join(f"{counts.get(name, 0)} {name.replace('_', ' ')}" for name in VERDICTS
                     if counts.get(name, 0) or name in ALWAYS_COUNTED)
