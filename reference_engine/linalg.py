"""The array API's extension of linear algebra."""

from .operators import public
from .rules import linear_algebra, shapes

matmul = public(linear_algebra.matmul)
matrix_transpose = public(shapes.matrix_transpose)
