"""Every error the engine raises: what was got, what was wanted, and what to do.

EngineError
|-- OperandError    (TypeError)     something that is not a Tensor, a Variable or a number
|-- MissingAttributeError (AttributeError)  a method that arrays have elsewhere
|-- DtypeError      (TypeError)     a dtype that is unknown, mixed or not differentiable
|-- ShapeError      (ValueError)    shapes or axes that do not fit
|-- MatrixError     (ValueError)    a matrix that is singular, or not positive definite
|-- OptionError     (ValueError)    an option's value that does not exist
|-- IndexingError   (IndexError)    an index out of range or of a kind not supported
|-- NoGradientError (LookupError)   a gradient through an operator that has none
|-- NotANumberError (ValueError)    a nan, where `engine.debug(nans=True)` looks for them
|-- TapeError       (RuntimeError)  a tape asked for what its life does not allow
`-- RuleError       (RuntimeError)  a gradient rule that breaks its contract
"""

import os
import sys

PACKAGE = os.path.dirname(__file__) + os.sep


class EngineError(Exception):
    """The base of every error here; its message ends with the line that made the call."""

    def __init__(self, message):
        self.message = message
        super().__init__(f"{message}{_place()}")


def _place():
    """` (file:line)` of the innermost call from outside this package."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE):
            return f" ({file}:{frame.f_lineno})"
        frame = frame.f_back
    return ""


class OperandError(EngineError, TypeError):
    """Something that is not a Tensor, a Variable or a number."""


class DtypeError(EngineError, TypeError):
    """A dtype that is unknown, mixed with another, or not differentiable."""


class MissingAttributeError(EngineError, AttributeError):
    """A method that arrays have elsewhere."""


class ShapeError(EngineError, ValueError):
    """Shapes or axes that do not fit."""


class MatrixError(EngineError, ValueError):
    """A matrix that is singular or not positive definite, or one that LAPACK gives up on."""


class OptionError(EngineError, ValueError):
    """An option's value that does not exist."""


class IndexingError(EngineError, IndexError):
    """An index out of range, or of a kind that is not supported."""


class NoGradientError(EngineError, LookupError):
    """A gradient through an operator that has none."""


class NotANumberError(EngineError, ValueError):
    """An operator or a rule made a nan while `engine.debug(nans=True)` looks for them."""


class TapeError(EngineError, RuntimeError):
    """A tape asked for something that its life does not allow."""


class RuleError(EngineError, RuntimeError):
    """A gradient rule that is missing, or returns a wrong shape or dtype."""


class GradientWarning(UserWarning):
    """A gradient was asked for where none can exist, such as of an integer."""


def describe(value):
    """A value in a few words for a message: `float32 Tensor of shape (2, 3)`, `float (3.0)`."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        kind = type(value).__name__ if hasattr(value, "as_tensor") else "array"
        return f"{value.dtype} {kind} of shape {tuple(value.shape)}"
    text = repr(value)
    return f"{type(value).__name__} ({text if len(text) <= 40 else text[:37] + '...'})"
