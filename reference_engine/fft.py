"""The array API's extension of Fourier transforms."""

from .operators import public
from .rules import public_names

_names = public_names("fft")
globals().update({name: public(function) for name, function in _names.items()})
__all__ = list(_names)
