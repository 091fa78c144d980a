"""Variable, a value that changes in place and that tapes watch by themselves."""

from . import recording
from .creation import constant
from .errors import DtypeError, ShapeError, describe
from .operand import Operand
from .recording import thread
from .tensor import Tensor, as_tensor


class Variable(Operand):
    """A value to train: operators read it, and `assign` replaces it.

    A trainable Variable is watched by every recording tape that reads it, unless the tape declines.
    Takes what `constant` takes, and raises what it raises.
    """

    __slots__ = ("__weakref__", "_tensor", "key", "name", "trainable")

    def __init__(self, value, dtype=None, trainable=True, name="Variable"):
        self.key = recording.next_key()
        self.trainable = trainable
        self.name = name
        self._hold(constant(value, dtype)._array)

    def _hold(self, array):
        # All that was ever read of a Variable goes by its key: their cotangents add up.
        self._tensor = Tensor(array)
        self._tensor.key = self.key

    @property
    def _array(self):
        return self._tensor._array

    def numpy(self):
        """The present values as a read-only ndarray, which later assignments leave as it is."""
        return self._tensor.numpy()

    def as_tensor(self):
        """The present value as a Tensor, which tapes know to have come from this Variable."""
        if self.trainable:
            for listener in thread.listeners:
                listener.note_access(self)
        return self._tensor

    value = read_value = as_tensor

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
        self._hold(new._array)
        return self

    def assign_add(self, value):
        """Replaces the value by its sum with `value`.

        Returns the Variable. Raises as `assign` does.
        """
        return self.assign(Tensor(self._array) + as_tensor(value, self.dtype))

    def assign_sub(self, value):
        """Replaces the value by its difference from `value`.

        Returns the Variable. Raises as `assign` does.
        """
        return self.assign(Tensor(self._array) - as_tensor(value, self.dtype))

    def __reduce__(self):
        # a copy is a Variable of its own, with a key of its own
        return type(self), (self.numpy(), None, self.trainable, self.name)

    def __repr__(self):
        return f"Variable({self.numpy().tolist()}, shape={self.shape}, dtype={self.dtype})"
