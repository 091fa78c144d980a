"""What a tape keeps of an operator call: only what the operator's rules read.

That is seen from the rules themselves. A rule that does not mention its `x` needs no x, and one
that mentions `x.shape` alone needs no values of x.
"""

import dis
import functools
import inspect
import math

UNREAD, SHAPE, VALUES = range(3)


class _Switches:
    keep_all = False  # while rules are checked, which takes the shapes and dtypes of all inputs


switches = _Switches()
_LOOKS_AROUND = frozenset({"locals", "vars", "eval", "exec", "dir", "_getframe"})
_SHAPES = frozenset({"shape", "dtype", "ndim", "size"})


class Shaped:
    """Stands for a Tensor of which only the shape and the dtype are kept."""

    __slots__ = ("dtype", "shape")
    key = None

    def __init__(self, x):
        array = x._array
        self.shape = array.shape
        self.dtype = array.dtype

    @property
    def _array(self):
        return self

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def size(self):
        return math.prod(self.shape)


class _Nothing:
    """Stands for a Tensor that no rule reads."""

    _array = key = None


NOTHING = _Nothing()


def everything(y, inputs):
    """Keeps y (or the tuple of several outputs) and all inputs."""
    return (y, *inputs)


def shapes(y, inputs):
    """Keeps the shapes of the inputs, for a rule that reads nothing else."""
    return (NOTHING, *[Shaped(x) for x in inputs])


def with_shapes_of_y(keep, y, inputs):
    """What `keep` keeps, and of several outputs the shapes at least, for cotangents of zeros."""
    first, *others = keep(y, inputs)
    return (first if first is y else tuple([Shaped(part) for part in y]), *others)


def keeper(rules):
    """The function (y, inputs) -> what to keep of them, for an operator with these rules."""
    if switches.keep_all:
        return everything
    reads = _merged([_reads(function, len(rules)) for function in rules if function is not None])
    if not reads or all(read == VALUES for read in reads):
        return everything
    nothing = (NOTHING,) * len(rules)
    if not any(reads):
        return lambda y, inputs: (NOTHING, *nothing)
    if reads[0] == UNREAD and all(read == VALUES for read in reads[1:]):
        return lambda y, inputs: (NOTHING, *inputs)
    if reads[0] == VALUES and not any(reads[1:]):
        return lambda y, inputs: (y, *nothing)
    if reads == [UNREAD, SHAPE]:
        return lambda y, inputs: (NOTHING, Shaped(inputs[0]))
    if reads == [UNREAD, UNREAD, VALUES]:
        return lambda y, inputs: (NOTHING, NOTHING, inputs[1])
    if reads == [UNREAD, VALUES, UNREAD]:
        return lambda y, inputs: (NOTHING, inputs[0], NOTHING)
    return functools.partial(_kept, tuple(reads))


def _kept(reads, y, inputs):
    kept = [NOTHING if read == UNREAD else x if read == VALUES else Shaped(x)
            for read, x in zip(reads[1:], inputs, strict=True)]  # fmt: skip
    return (y if reads[0] else NOTHING, *kept)


def _merged(reads):
    return [max(column) for column in zip(*reads, strict=True)]


def _reads(function, count):
    """How a rule of an operator with `count` inputs reads y and each input."""
    wanted = count + 1
    if not inspect.isfunction(function):
        return [VALUES] * wanted
    code = function.__code__
    if code.co_flags & inspect.CO_VARARGS or code.co_argcount < wanted + 1 or (
            _LOOKS_AROUND & set(code.co_names)):
        return [VALUES] * wanted
    names = code.co_varnames[1 : wanted + 1]
    reads = {name: VALUES if name in code.co_cellvars else UNREAD for name in names}
    instructions = list(dis.get_instructions(code))
    for this, following in zip(instructions, [*instructions[1:], None], strict=True):
        if "LOAD_FAST" not in this.opname:
            continue
        # Two variables may be loaded, or one stored and one loaded, at once; an attribute that
        # follows is of the last.
        loaded = this.argval if isinstance(this.argval, tuple) else (this.argval,)
        for name in loaded:
            if name in reads:
                shape = name == loaded[-1] and _is_shape(following)
                reads[name] = max(reads[name], SHAPE if shape else VALUES)
    return list(reads.values())


def _is_shape(instruction):
    return instruction.opname == "LOAD_ATTR" and instruction.argval in _SHAPES
