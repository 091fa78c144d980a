"""Copies, borders, triangles and diagonals, by NumPy on numbers of 60 digits."""

import numpy as np

from opinions import W34, X23, Y23, Line


def padded(widths, **keywords):
    return lambda x: np.pad(x, widths, **keywords)


def triangle(keep):
    def meaning(x):
        rows, columns = np.indices(x.shape[-2:])
        return x * keep(rows, columns)

    return meaning


def diagonal_matrix(x):
    return np.array([[x[j - 1] if j == i + 1 else 0 * x[0] for j in range(len(x) + 1)]
                     for i in range(len(x) + 1)])


CUBE = (X23, Y23)
LINES: dict[str, list[Line]] = {
    "pad": [Line(padded(((1, 0), (0, 2)), constant_values=0), (X23,), {"widths": ((1, 0), (0, 2))}),
            Line(padded(((1, 1), (0, 0)), constant_values=1.5), (X23,),
                 {"widths": ((1, 1), (0, 0)), "value": 1.5}),
            *(Line(padded(((1, 1), (2, 0)), mode=mode), (X23,),
                   {"widths": ((1, 1), (2, 0)), "mode": mode})
              for mode in ("reflect", "edge", "wrap"))],
    "tile": [Line(lambda x: np.concatenate((x, x, x), 1), (X23,), {"repetitions": (1, 3)})],
    "repeat": [Line(lambda x: x.ravel()[[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]], (X23,),
                    {"repeats": 2}),
               Line(lambda x: x[:, [0, 0, 2]], (X23,), {"repeats": (2, 0, 1), "axis": 1})],
    "moveaxis": [Line(lambda x: x.transpose(1, 2, 0), (CUBE,), {"source": 0, "destination": -1}),
                 Line(lambda x: x.transpose(1, 2, 0), (CUBE,),
                      {"source": (1, 2), "destination": (0, 1)})],
    "tril": [Line(triangle(lambda i, j: j <= i), (W34,)),
             Line(triangle(lambda i, j: j <= i + 1), (CUBE,), {"k": 1})],
    "triu": [Line(triangle(lambda i, j: j >= i), (W34,)),
             Line(triangle(lambda i, j: j >= i - 1), (W34,), {"k": -1})],
    "diagonal": [Line(lambda x: np.array([x[0, 1], x[1, 2], x[2, 3]]), (W34,), {"offset": 1}),
                 Line(lambda x: x[:, [0, 1], [0, 1]], (CUBE,))],
    "diag": [Line(diagonal_matrix, (X23[0],), {"offset": 1})],
    "trace": [Line(lambda x: x[0, 0] + x[1, 1] + x[2, 2], (W34,)),
              Line(lambda x: x[:, 1, 0], (CUBE,), {"offset": -1})],
    "rot90": [Line(lambda x: x.T[::-1], (X23,)),
              Line(lambda x: x[:, ::-1, ::-1], (CUBE,), {"k": 2, "axes": (1, 2)})],
}
