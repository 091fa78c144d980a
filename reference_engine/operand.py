"""What a Tensor and a Variable share: Python's operators, each an operator of the engine."""

import numpy as np

from .errors import OperandError, ShapeError, describe


def _engine():
    import reference_engine  # late: the operators are written in Tensors

    return reference_engine


class Operand:
    """Something that operators accept and gradients are taken with respect to."""

    # NumPy then leaves `array * tensor` to us, and refuses np.sin(tensor), which would lose its
    # gradient.
    __array_ufunc__ = None
    __slots__ = ()

    def numpy(self):
        """The values as a read-only ndarray, not copied."""
        raise NotImplementedError

    def as_tensor(self):
        """The Tensor that stands for this operand in an operator call."""
        raise NotImplementedError

    @property
    def shape(self):
        """The sizes of the axes, a tuple of ints."""
        return self.numpy().shape

    @property
    def dtype(self):
        """The NumPy dtype."""
        return self.numpy().dtype

    @property
    def ndim(self):
        """The number of axes."""
        return self.numpy().ndim

    @property
    def size(self):
        """The number of elements."""
        return self.numpy().size

    def __array__(self, dtype=None, copy=None):
        return (
            np.array(self.numpy(), dtype=dtype)
            if copy
            else self.numpy().astype(dtype or self.dtype, copy=False)
        )

    def __len__(self):
        if self.ndim == 0:
            raise OperandError(f"len(): got a {describe(self)}, wanted at least one axis")
        return self.shape[0]

    def __iter__(self):
        return (self[position] for position in range(len(self)))

    def __float__(self):
        return float(self._only_element("float"))

    def __bool__(self):
        return bool(self._only_element("bool"))

    def _only_element(self, wanted):
        if self.size != 1:
            raise ShapeError(
                f"{wanted}(): got a {describe(self)}, wanted one element: index or reduce it first"
            )
        return self.numpy().reshape(())

    # == is elementwise, as in NumPy, so that two equal tensors are not one dictionary key.
    __hash__ = object.__hash__

    def __eq__(self, other):
        return _engine().equal(self, other)

    def __ne__(self, other):
        return _engine().not_equal(self, other)

    def __lt__(self, other):
        return _engine().less(self, other)

    def __le__(self, other):
        return _engine().less_equal(self, other)

    def __gt__(self, other):
        return _engine().greater(self, other)

    def __ge__(self, other):
        return _engine().greater_equal(self, other)

    def __neg__(self):
        return _engine().negative(self)

    def __abs__(self):
        return _engine().abs(self)

    def __add__(self, other):
        return _engine().add(self, other)

    def __radd__(self, other):
        return _engine().add(other, self)

    def __sub__(self, other):
        return _engine().subtract(self, other)

    def __rsub__(self, other):
        return _engine().subtract(other, self)

    def __mul__(self, other):
        return _engine().multiply(self, other)

    def __rmul__(self, other):
        return _engine().multiply(other, self)

    def __truediv__(self, other):
        return _engine().divide(self, other)

    def __rtruediv__(self, other):
        return _engine().divide(other, self)

    def __pow__(self, other):
        return _engine().pow(self, other)

    def __rpow__(self, other):
        return _engine().pow(other, self)

    def __matmul__(self, other):
        return _engine().matmul(self, other)

    def __rmatmul__(self, other):
        return _engine().matmul(other, self)

    def __getitem__(self, key):
        return _engine().getitem(self, key)
