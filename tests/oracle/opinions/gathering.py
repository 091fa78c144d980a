"""Reading and writing at indices, and reductions of segments, element by element."""

import numpy as np

from opinions import X23, Y23, Line


def written(add, x, places, updates):
    y = x.copy()
    for place, update in zip(places, updates.flat, strict=True):
        y[place] = y[place] + update if add else update
    return y


def segments(reduce, empty):
    """Of rows 0 and 3, of none, and of the others."""
    def meaning(x):
        nothing = 0 * x[0] + empty
        return np.stack([reduce(x[0], x[3]), nothing, reduce(reduce(x[1], x[2]), x[4])])

    return meaning


IDS = {"segment_ids": (0, 2, 2, 0, 2), "num_segments": 3}
FULL = {"segment_ids": (0, 1, 1, 0, 1), "num_segments": 2}
ROWS = (*X23, *Y23, (0.875, -0.5, 3.5))
INDICES = ((2, 0), (1, 1))
PLACES = [(0, 2), (0, 0), (1, 1), (1, 1)]
DOWN = ((1, 0, 1),)

LINES: dict[str, list[Line]] = {
    "take_along_axis": [
        Line(lambda x: np.array([[x[0, 2], x[0, 0]], [x[1, 1], x[1, 1]]]), (X23,),
             {"indices": INDICES, "axis": 1}),
        Line(lambda x: np.array([[x[1, 0], x[0, 1], x[1, 2]]]), (X23,),
             {"indices": DOWN, "axis": -2})],
    "put_along_axis": [
        Line(lambda x, u: written(False, x, [(1, 0), (0, 1), (1, 2)], u), (X23, (Y23[0],)),
             {"indices": DOWN, "axis": 0})],
    "scatter_add": [
        Line(lambda x, u: written(True, x, PLACES, u), (X23, ((0.5, 1.5), (-2.0, 0.25))),
             {"indices": INDICES, "axis": 1})],
    "index_add": [
        Line(lambda x, u: np.stack([x[0] + u[1], x[1] + u[0] + u[2]]), (X23, ROWS[1:4]),
             {"indices": (1, 0, 1), "axis": 0})],
    "segment_sum": [Line(segments(lambda a, b: a + b, 0), (ROWS,), IDS)],
    "segment_mean": [Line(lambda x: np.stack([(x[0] + x[3]) / 2, (x[1] + x[2] + x[4]) / 3]),
                          (ROWS,), FULL)],
    "segment_prod": [Line(segments(lambda a, b: a * b, 1), (ROWS,), IDS)],
    "segment_max": [Line(lambda x: np.stack([np.maximum(x[0], x[3]),
                                             np.maximum(np.maximum(x[1], x[2]), x[4])]),
                         (ROWS,), FULL)],
    "segment_min": [Line(lambda x: np.stack([np.minimum(x[0], x[3]),
                                             np.minimum(np.minimum(x[1], x[2]), x[4])]),
                         (ROWS,), FULL)],
}
