"""What a Tensor and a Variable share: the attributes of an array, and the ways into NumPy."""

import numpy as np

from .errors import MissingAttributeError, OperandError, OptionError, ShapeError, describe


def _engine():
    import reference_engine  # late: the operators are written in Tensors

    return reference_engine


def _numpy_protocol():
    from . import numpy_protocol

    return numpy_protocol


_TAPE = "record with engine.GradientTape() as tape, and ask tape.gradient(y, x)"
_COPY = "it does not change; x.numpy().copy() may be written to"
_ADVICE = {
    "backward": _TAPE,
    "grad": _TAPE,
    "requires_grad": _TAPE,
    "requires_grad_": _TAPE,
    "detach": "call engine.stop_gradient(x)",
    "clone": _COPY,
    "copy": _COPY,
    "assign": "only a Variable is assigned to: make one with engine.Variable(x)",
}


class Operand:
    """Something that operators accept and gradients are taken with respect to."""

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
        return self._array.shape

    @property
    def dtype(self):
        """The NumPy dtype."""
        return self._array.dtype

    @property
    def ndim(self):
        """The number of axes."""
        return self._array.ndim

    @property
    def size(self):
        """The number of elements."""
        return self._array.size

    def __array__(self, dtype=None, copy=None):
        return (
            np.array(self.numpy(), dtype=dtype)
            if copy
            else self.numpy().astype(dtype or self.dtype, copy=False)
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        return _numpy_protocol().of_ufunc(ufunc, method, inputs, keywords)

    def __array_function__(self, function, types, arguments, keywords):
        return _numpy_protocol().of_function(function, arguments, keywords)

    def __array_namespace__(self, *, api_version=None):
        return _engine()

    def __dlpack__(self, **keywords):
        # NumPy exports no read-only array: this is a copy
        return np.array(self.numpy()).__dlpack__(**keywords)

    def __dlpack_device__(self):
        return np.empty(0).__dlpack_device__()

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(f"a {type(self).__name__} has no attribute {name!r}")
        advice = _ADVICE.get(name)
        if advice is None and name in _engine().__all__:
            advice = f"call engine.{name}(x, ...)"
        raise MissingAttributeError(
            f"a {type(self).__name__} has no attribute {name!r}" + (f": {advice}" if advice else "")
        )

    def __setitem__(self, key, value):
        raise OperandError(
            f"x[...] = ...: a {type(self).__name__} is not written to in part: engine.where(mask, "
            "value, x) and engine.put_along_axis make another Tensor, and v.assign(...) replaces "
            "the value of a Variable"
        )

    @property
    def device(self):
        """Where the values are, as the array API asks: always "cpu"."""
        return "cpu"

    def to_device(self, device, /, *, stream=None):
        """Itself, on the one device that there is. Raises OptionError for another than "cpu"."""
        if device != "cpu":
            raise OptionError(f'to_device: got {device!r}, wanted "cpu"')
        return self

    @property
    def T(self):
        """The transpose of a matrix. Raises ShapeError for another number of axes."""
        if self.ndim != 2:
            raise ShapeError(f"T: got a {describe(self)}, wanted two axes: use permute_dims")
        return _engine().matrix_transpose(self)

    @property
    def mT(self):
        """The transpose of each matrix of a stack."""
        return _engine().matrix_transpose(self)

    @property
    def real(self):
        """The real parts."""
        return _engine().real(self)

    @property
    def imag(self):
        """The imaginary parts, zeros of real values."""
        return _engine().imag(self)

    def astype(self, dtype):
        """The values in another dtype; gradients come back in this one."""
        return _engine().astype(self, dtype)

    def item(self):
        """The only element as a Python number."""
        return self._only_element("item").item()

    def tolist(self):
        """The values as nested lists of Python numbers."""
        return self.numpy().tolist()

    def __len__(self):
        if self.ndim == 0:
            raise OperandError(f"len(): got a {describe(self)}, wanted at least one axis")
        return self.shape[0]

    def __iter__(self):
        return (self[position] for position in range(len(self)))

    def __float__(self):
        return float(self._only_element("float"))

    def __int__(self):
        return int(self._only_element("int"))

    def __complex__(self):
        return complex(self._only_element("complex"))

    def __index__(self):
        if self.dtype.kind not in "iu":
            raise OperandError(f"index: got a {describe(self)}, wanted an integer Tensor")
        return int(self._only_element("index"))

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
    # Python's operators, + - * / // % ** @ < <= > >= == != & | ^ ~ - abs() and [], are put here by
    # the package: they are the engine's operators themselves, without a call in between.
