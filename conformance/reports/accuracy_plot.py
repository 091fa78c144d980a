"""One picture a line: error in ULP against x, a column of panels an order, a row a dtype."""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.accuracy.measure import FLUSHED, Errors
from conformance.errors import UsageError

if TYPE_CHECKING:
    from conformance.accuracy.lines import Line
    from conformance.accuracy.sweep import Curves

FLOOR = 0.01  # ULP; smaller errors are drawn here
COLORS = {"torch": "#ee4c2c", "tensorflow": "#f5a623", "jax": "#5e35b1", "reference": "#1b7837",
          "autograd": "#2166ac"}
OTHER_COLORS = ("#000000", "#8c510a", "#c51b7d")
TITLES = ("value", "first derivative", "second derivative")
CROSSES = "crosses: NaN, inf or 0 in place of a number, or the reverse"
WIDE = 3  # decades around 1 that are drawn evenly
CLOSEST = 0.45  # of two ticks
DECADES = (0, 2, 6, 20, 100, 300)


def require_matplotlib() -> None:
    """Raise UsageError where pictures cannot be drawn."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("--out draws with Matplotlib, which is not installed: "
                         "pip install 'gradient-conformance[accuracy]'")


def draw(line: Line, curves: Curves, folder: Path) -> Path | None:
    """Write the picture of a line's curves; None where there is nothing to draw."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    if not curves:
        return None
    dtypes = list(dict.fromkeys(dtype for _, dtype, _ in curves))
    orders = sorted({order for *_, order in curves})
    figure = Figure(figsize=(5 * len(orders), 0.7 + 2.2 * len(dtypes)), layout="constrained")
    axes = figure.subplots(len(dtypes), len(orders), squeeze=False)
    for (row, dtype), (column, order) in ((r, c) for r in enumerate(dtypes)
                                          for c in enumerate(orders)):
        chosen = {b: curve for (b, d, o), curve in curves.items() if (d, o) == (dtype, order)}
        _panel(axes[row, column], chosen)
        if not row:
            axes[row, column].set_title(TITLES[order], fontsize=10)
        if not column:
            axes[row, column].set_ylabel(f"{dtype}\nerror in ULP", fontsize=9)
    handles = {label: handle for axis in axes.flat
               for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    handles[CROSSES] = Line2D([], [], color="#555555", marker="x", linestyle="", markersize=4)
    figure.suptitle(line.label, fontsize=12)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center",
                  ncols=len(handles), frameon=False, fontsize=9)
    path = folder / f"{file_name(line)}.svg"
    figure.savefig(path, format="svg", metadata={"Date": None})
    return path


def file_name(line: Line) -> str:
    """`pow(x, 0.5)` as `pow_x_0.5`."""
    return re.sub(r"[^\w.-]+", "_", line.label).strip("_")


def _panel(axis: Any, curves: dict[str, Errors]) -> None:
    """Errors as lines with points; wrong answers as crosses along the top edge."""
    smallest = _smallest(curves.values())
    others = iter(OTHER_COLORS * len(curves))
    tops = [float(c.ulp[_drawn(c)].max()) for c in curves.values() if _drawn(c).any()]
    top = 10.0 ** math.ceil(math.log10(max([10.0, *tops])) + 0.2)
    for place, (backend, curve) in enumerate(curves.items()):
        color, at = COLORS.get(backend) or next(others), position(curve.x, smallest)
        drawn, wrong = _drawn(curve), (curve.wrong != "") & (curve.wrong != FLUSHED)
        # what is not drawn parts the line
        axis.plot(at, np.where(drawn, np.maximum(curve.ulp, FLOOR), np.nan), "-o", color=color,
                  markersize=1.8, linewidth=0.5, alpha=0.75, label=backend)
        height = top * (FLOOR / top) ** (0.04 * (len(curves) - place))
        axis.plot(at[wrong], np.full(wrong.sum(), height), "x", color=color, markersize=4,
                  markeredgewidth=1)
    axis.axhline(0.5, color="#999999", linewidth=0.6, linestyle="--", zorder=0)
    axis.set_yscale("log")
    axis.set_ylim(FLOOR / 1.5, top)
    _ticks(axis, curves)


def _drawn(curve: Errors) -> np.ndarray:
    return (curve.wrong == "") & (curve.kind != "") & np.isfinite(curve.ulp)


def _ticks(axis: Any, curves: dict[str, Errors]) -> None:
    """Powers of ten of both signs, as far as the numbers go."""
    x = np.concatenate([curve.x for curve in curves.values()])
    low, high = float(x.min()), float(x.max())
    smallest = _smallest(curves.values())
    ticks, names = [0.0], ["0"]
    for exponent in (sign * decade for decade in DECADES for sign in (1, -1)):
        size = 10.0 ** exponent
        for value, sign in ((size, ""), (-size, "-")):
            at = float(position(np.array([value]), smallest)[0])
            crowded = min(abs(at - other) for other in ticks) < CLOSEST
            if low <= value <= high and size >= smallest and not crowded:
                ticks.append(at)
                names.append(f"${sign}10^{{{exponent}}}$" if exponent else f"{sign}1")
    axis.set_xticks(ticks, names, fontsize=6, rotation=45)
    axis.tick_params(axis="y", labelsize=7)
    ends = position(np.array([low, high]), smallest)
    axis.set_xlim(float(ends[0]) - 0.3, float(ends[1]) + 0.3)
    axis.grid(True, linewidth=0.3, alpha=0.6)


def position(x: np.ndarray, smallest: float) -> np.ndarray:
    """Where a number stands: logarithmic for both signs, wide around 1, narrow at the ends.

    smallest: the size of the number nearest to 0.
    """
    decades = np.log10(np.abs(np.where(x == 0, 1.0, x))) / WIDE
    gap = 0.3 - math.asinh(math.log10(smallest) / WIDE)
    return np.where(x == 0, 0.0, np.sign(x) * (np.arcsinh(decades) + gap))


def _smallest(curves: Iterable[Errors]) -> float:
    return min(float(np.abs(c.x[c.x != 0]).min(initial=1.0)) for c in curves)
