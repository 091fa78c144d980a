"""Products of vectors and tensors, by NumPy's matmul and explicit sums at 60 digits."""

import numpy as np

from opinions import W34, X23, Y23, Line

CUBE = (X23, Y23)


def cross(a, b):
    a, b = np.broadcast_arrays(a, b)
    return np.stack((a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
                     a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
                     a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]), -1)


LINES: dict[str, list[Line]] = {
    "outer": [Line(lambda a, b: a[:, None] * b, (X23[0], W34[0]))],
    "inner": [Line(lambda a, b: a @ b.T, (X23, Y23)), Line(lambda a, b: a @ b, (X23[0], Y23[0])),
              Line(lambda a, b: a @ b, (CUBE, X23[0]))],
    "vecdot": [Line(lambda a, b: (a * b).sum(-1), (CUBE, X23)),
               Line(lambda a, b: (a * b).sum(0), (X23, Y23), {"axis": -2})],
    "cross": [Line(cross, (X23, Y23[1])),
              Line(lambda a, b: cross(a.T, b.T).T, (W34, W34[::-1]), {"axis": -2})],
    "kron": [Line(lambda a, b: np.block([[x * b for x in row] for row in a]), (X23, W34[:2]))],
    "tensordot": [Line(lambda a, b: a @ b, (X23, W34), {"axes": 1}),
                  Line(lambda a, b: np.array((a * b).sum()), (X23, Y23)),
                  Line(lambda a, b: np.array([(a.T * b[:, :, k]).sum() for k in range(4)]),
                       (X23, ((W34[0], W34[1]), (W34[1], W34[2]), (W34[2], W34[0]))),
                       {"axes": ((1, 0), (0, 1))}),
                  Line(lambda a, b: a[:, :, None] * b, (X23, W34[0]), {"axes": 0})],
    "einsum": [Line(lambda a, b: (a @ b).T, (X23, W34), {"equation": "ij,jk->ki"}),
               Line(lambda a, b: a.sum(1) * b, (X23, (0.5, -1.5)), {"equation": "ij,i->i"}),
               Line(lambda a, b: (a[0, 0] + a[1, 1]) * b, (((0.5, 1.0), (2.0, -3.0)), Y23[0]),
                    {"equation": "ii,j->j"})],
}
