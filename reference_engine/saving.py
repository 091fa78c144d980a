"""What a tape keeps of an operator call: only what the operator's rules read.

That is seen from the rules themselves. A rule that does not mention its `x` needs no x, and one
that mentions `x.shape` alone needs no values of x.
"""

import dis
import inspect
import operator

UNREAD, SHAPE, VALUES = range(3)
_SHAPES = frozenset({"shape", "dtype", "ndim", "size"})


class Shaped:
    """Stands for a Tensor of which only the shape and the dtype are kept."""

    __slots__ = ("dtype", "ndim", "shape", "size")
    key = None

    def __init__(self, x):
        self.shape, self.dtype, self.ndim, self.size = x.shape, x.dtype, x.ndim, x.size

    @property
    def _array(self):
        return self


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


def keeper(rules):
    """The function (y, inputs) -> what to keep of them, for an operator with these rules."""
    reads = _merged([_reads(function, len(rules)) for function in rules if function is not None])
    if not reads or all(read == VALUES for read in reads):
        return everything
    pick = operator.itemgetter(*[i if read == VALUES else -1 for i, read in enumerate(reads)])
    shaped = [i for i, read in enumerate(reads) if read == SHAPE]
    if not shaped:
        return lambda y, inputs: pick((y, *inputs, NOTHING))

    def keep(y, inputs):
        kept = list(pick((y, *inputs, NOTHING)))
        for i in shaped:
            kept[i] = Shaped(inputs[i - 1]) if i else y if type(y) is tuple else Shaped(y)
        return tuple(kept)

    return keep


def _merged(reads):
    return [max(column) for column in zip(*reads, strict=True)]


def _reads(function, count):
    """How a rule of an operator with `count` inputs reads y and each input."""
    code = getattr(function, "__code__", None)
    wanted = count + 1
    if code is None or code.co_flags & inspect.CO_VARARGS or code.co_argcount < wanted + 1:
        return [VALUES] * wanted
    names = code.co_varnames[1 : wanted + 1]
    reads = {name: VALUES if name in code.co_cellvars else UNREAD for name in names}
    instructions = list(dis.get_instructions(code))
    for this, following in zip(instructions, [*instructions[1:], None], strict=True):
        if not this.opname.startswith("LOAD_FAST"):
            continue
        loaded = this.argval if isinstance(this.argval, tuple) else (this.argval,)
        for name in loaded:  # two variables may be loaded at once; an attribute is of the last
            if name in reads:
                shape = name == loaded[-1] and _is_shape(following)
                reads[name] = max(reads[name], SHAPE if shape else VALUES)
    return list(reads.values())


def _is_shape(instruction):
    return instruction.opname == "LOAD_ATTR" and instruction.argval in _SHAPES
