"""What a calibration shows, in numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from conformance.calibration.campaign import components
from conformance.calibration.planted import GUESSES, KINDS

QUANTILES = (0.5, 0.9, 0.99, 0.999)
MOST_REASONS = 5


def of_backend(lines: list[dict[str, Any]], backend: str) -> dict[str, Any]:
    """The numbers of one backend.

    judged: components by verdict. zeros: true zeros that were answered by 0, among those that
    agree. ratio: error / allowed, of the others, at its largest and its quantiles. allowance: what
    is allowed as a part of the truth. smallest: the smallest program with a component that differs.
    """
    rows = [line["backends"][backend] for line in lines if backend in line.get("backends", {})]
    verdicts, reasons = Counter(), Counter()
    for row in rows:
        verdicts.update(row["verdicts"])
        reasons.update(row["reasons"])
    ratios = np.array([x for row in rows for x in row["ratios"]])
    allowances = np.array([x for row in rows for x in row["allowances"]])
    failing = [line for line in lines if line.get("backends", {}).get(backend, {}).get("failing")]
    smallest = min(failing, key=lambda line: (line["nodes"], line["index"]), default=None)
    return {
        "components": sum(verdicts.values()), "verdicts": dict(verdicts),
        "reasons": dict(reasons.most_common(MOST_REASONS)),
        "zeros": sum(row["zeros"] for row in rows),
        "ratio": {"largest": float(ratios.max(initial=0)), **_quantiles(ratios)},
        "allowance": _quantiles(allowances),
        "seconds": round(sum(row["seconds"] for row in rows), 1),
        "smallest": smallest and {"index": smallest["index"], "nodes": smallest["nodes"],
                                  "components": smallest["backends"][backend]["failing"]}}


def _quantiles(numbers: np.ndarray) -> dict[str, float]:
    if not numbers.size:
        return {}
    return {f"{q:g}": float(x) for q, x in
            zip(QUANTILES, np.quantile(numbers, QUANTILES), strict=True)}


def of_oracle(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """How many programs and components there were, and what the oracle refused."""
    refused: Counter[str] = Counter()
    for line in lines:
        refused.update(line.get("refused", {}))
    return {"programs": len(lines), "certified": sum(map(components, lines)),
            "refused": dict(refused),
            "seconds": round(sum(line.get("oracle", 0.0) for line in lines), 1),
            "lost": [[line["index"], line["lost"]] for line in lines if "lost" in line]}


def of_mistakes(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Kind of mistake -> programs of scalars and of arrays, and the shares of who noticed."""
    found = {}
    for kind in KINDS:
        row: dict[str, Any] = {}
        for name, points in (("scalars", True), ("arrays", False)):
            trials = np.sum([line["mistakes"][kind] for line in lines
                             if bool(line.get("points")) == points
                             and kind in line.get("mistakes", {})], axis=0, dtype=float)
            if np.ndim(trials) and trials[0]:
                shares = [round(float(x), 4) for x in trials[1:] / trials[0]]
                row[name] = {"programs": int(trials[0]),
                             **dict(zip(("verdict", *GUESSES), shares, strict=True))}
        found[kind] = row
    return found
