"""The array API's extension of linear algebra, with what other libraries add to it."""

from .operators import public
from .rules import public_names

_SHARED = (
    *("cross", "diagonal", "matmul", "matrix_power", "matrix_transpose", "multi_dot", "outer"),
    *("tensordot", "trace", "vecdot"),
)
_main = public_names()
_names = {**public_names("linalg"), **{name: _main[name] for name in _SHARED}}
globals().update({name: public(function) for name, function in _names.items()})
__all__ = list(_names)
