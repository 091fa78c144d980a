"""Medians as a picture: a line a workload, a mark a framework, time on a logarithmic axis."""

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

MARKS = {
    "reference": ("D", "#d62728"),
    "torch": ("o", "#ee7a00"),
    "tensorflow": ("s", "#8c6d1f"),
    "jax": ("^", "#1f77b4"),
    "autograd": ("v", "#2ca02c"),
}


def plot(every, path):
    """Writes an SVG with a panel for each number of threads."""
    names = list(every[0].medians)
    pyplot.rcParams.update({"svg.hashsalt": "engine-speed", "svg.fonttype": "none",
                                "font.size": 11})
    figure, axes = pyplot.subplots(1, len(every), sharey=True, sharex=True, squeeze=False,
                                   figsize=(4.5 + 4 * len(every), 1.5 + 0.36 * len(names)),
                                   layout="constrained")
    for panel, found in zip(axes[0], every, strict=True):
        for backend in found.versions:
            mark, color = MARKS[backend]
            points = [(found.medians[name][backend], place) for place, name in enumerate(names)
                      if backend in found.medians[name]]  # fmt: skip
            panel.plot(*zip(*points, strict=True), mark, color=color, label=backend,
                       markersize=9 if backend == "reference" else 7, alpha=0.85)
        panel.set_xscale("log")
        panel.set_xlabel("median microseconds, forward and gradient")
        panel.set_title(f"{found.threads} thread{'s' if found.threads > 1 else ''}")
        panel.set_yticks(range(len(names)), names)
        panel.grid(alpha=0.3)
    axes[0][0].invert_yaxis()
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
