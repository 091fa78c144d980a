"""Variable, a value that changes in place and that tapes watch by themselves."""

from .creation import constant
from .errors import DtypeError, ShapeError, describe
from .operand import Operand
from .operators import FORWARDS, rule
from .recording import active_tapes, record
from .tensor import Tensor, as_tensor

FORWARDS["read_variable"] = lambda x: x
rule("read_variable", lambda dy, y, x: dy)


class Variable(Operand):
    """A value to train: operators read it, and `assign` replaces it.

    A trainable Variable is watched by every recording tape that reads it, unless the tape declines.
    Takes what `constant` takes, and raises what it raises.
    """

    __slots__ = ("_array", "trainable")

    def __init__(self, value, dtype=None, trainable=True):
        self._array = constant(value, dtype).numpy()
        self.trainable = trainable

    def numpy(self):
        """The present values as a read-only ndarray, which later assignments leave as it is."""
        return self._array

    def as_tensor(self):
        """The present value as a Tensor, which tapes know to have come from this Variable."""
        snapshot = Tensor(self._array)
        for tape in active_tapes():
            tape.note_access(self)
        record("read_variable", (self,), {}, snapshot)
        return snapshot

    def assign(self, value):
        """Replaces the value by one of the same shape and dtype; no gradient flows through this.

        What tapes have recorded keeps the old value. Returns the Variable. Raises ShapeError,
        DtypeError.
        """
        new = as_tensor(value, self.dtype)
        if new.shape != self.shape:
            raise ShapeError(
                f"assign: got a {describe(new)}, wanted shape {self.shape}, which a Variable keeps"
            )
        if new.dtype != self.dtype:
            raise DtypeError(
                f"assign: got dtype {new.dtype}, wanted {self.dtype}: cast it with engine.astype"
            )
        self._array = new.numpy()
        return self

    def assign_add(self, value):
        """Replaces the value by its sum with `value`.

        Returns the Variable. Raises as `assign` does.
        """
        return self.assign(self + value)

    def assign_sub(self, value):
        """Replaces the value by its difference from `value`.

        Returns the Variable. Raises as `assign` does.
        """
        return self.assign(self - value)

    def __repr__(self):
        return f"Variable({self._array.tolist()}, shape={self.shape}, dtype={self.dtype})"
