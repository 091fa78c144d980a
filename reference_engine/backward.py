"""Going backward over records: from cotangents of results to cotangents of what they came from.

`unbroadcast` and `accumulate` are looked up in this module at every call, so that a test may
replace either by a wrong one and expect to be caught.
"""

import functools
import sys

import numpy as np

from .creation import astype
from .debugging import switches
from .errors import RuleError, describe
from .rules.reductions import sum, total
from .saving import NOTHING
from .tensor import Tensor

# A record is a tuple: the operator, the key of its output (or a tuple of keys), the keys of its
# inputs (None for one that is not followed), what is kept of output and inputs, the parameters, and
# the shapes of the inputs (None where all are that of the output).


IN_PLACE = 2048  # elements; a smaller array is made as fast as it is added to


def _alone():
    dx = np.empty(1)
    return sys.getrefcount(dx)


ALONE = _alone()  # what getrefcount says of an array that only a local variable holds


# NumPy 1.26 makes float64 of a float32 scalar and a Python number.
SCALARS_WIDEN = (np.float32(1) * 1.0).dtype == np.float64


def _narrow(dx, dtype, op):
    """dx in the dtype of the cotangent that it was computed from, if it was widened."""
    widened = getattr(dx, "dtype", dtype) == np.float64 != dtype
    return astype(dx, dtype) if widened and dtype.kind == "f" and op.name != "astype" else dx


def accumulate(dx, more):
    """The cotangent of something used twice: the sum of those from its uses."""
    return dx + more


def unbroadcast(dx, shape):
    """`dx` summed over the axes that broadcasting added to `shape` or stretched."""
    add = sum if type(dx) is Tensor else total
    added = dx.ndim - len(shape)
    if added:
        dx = add(dx, axis=tuple(range(added)))
        if dx.shape == shape:
            return dx
    sizes = enumerate(zip(shape, dx.shape, strict=False))
    stretched = tuple([axis for axis, (size, got) in sizes if size == 1 != got])
    return add(dx, axis=stretched, keepdims=True) if stretched else dx


def pull_back(records, cotangents, sources, connected, tensors):
    """The cotangents of the keys `sources`, from those of other keys.

    records: in order; used up, so that what nobody else holds is freed on the way.
    cotangents: by key; used up.
    connected: the keys that depend on a source; None for all.
    tensors: cotangents are Tensors and somebody records this; else they are plain arrays.
    """
    found, owned = {}, set()  # owned: keys whose cotangent is a buffer of ours, to add to in place
    checking = switches.rules
    while records:
        op, key, keys, kept, parameters, shapes = records.pop()
        several = type(key) is tuple
        if several:
            dy = _cotangents_of_several(key, cotangents, sources, found, kept[0], tensors)
        else:
            dy = cotangents.pop(key, None)
        if dy is None:
            continue
        if key in sources:
            found[key] = dy
        if tensors:
            values = kept
        elif several:
            values = [tuple([y._array for y in kept[0]]), *[x._array for x in kept[1:]]]
        elif len(kept) == 2:  # written out, for speed
            values = kept[0]._array, kept[1]._array
        elif len(kept) == 3:
            values = kept[0]._array, kept[1]._array, kept[2]._array
        else:
            values = [x._array for x in kept]
        rules = op.rules if not op.variadic else _rules_of_variadic(op, keys)
        if checking:
            _check_count(op, rules, keys)
        position = -1
        for k, rule in zip(keys, rules, strict=True):
            position += 1
            if k is None or rule is None or (connected is not None and k not in connected):
                continue
            dx = rule(dy, *values, **parameters)
            ours = True
            if type(dx) is Tensor:
                if not tensors:
                    dx, ours = dx._array, False
            elif dx is None:
                continue
            if SCALARS_WIDEN and not several:
                dx = _narrow(dx, dy.dtype, op)
            if shapes is not None and dx.shape != shapes[position]:
                dx = unbroadcast(dx, shapes[position])
            if checking and kept[position + 1] is not NOTHING:  # recorded before the switch
                _check(dx, kept[position + 1], position, op)
            if k not in cotangents:
                cotangents[k] = dx
            elif tensors or dx.size < IN_PLACE:
                cotangents[k] = accumulate(cotangents[k], dx)
            elif k in owned:
                cotangents[k] += dx
            else:
                fresh = ours and not several and dx.base is None and sys.getrefcount(dx) <= ALONE
                if fresh and not _is_any_of(dx, (dy, *values, *parameters.values())):
                    cotangents[k] = _added(dx, cotangents[k])
                else:
                    cotangents[k] = dx + cotangents[k]
                owned.add(k)
    for key in sources:
        if key in cotangents:
            found[key] = cotangents[key]
    return found


def _is_any_of(dx, others):
    return any(dx is other for other in others)


def _added(dx, total):
    """dx + total, in dx's own buffer: a rule has just made it, and nobody else has it."""
    if dx.flags.writeable and dx.shape == total.shape and dx.dtype == total.dtype:
        dx += total
        return dx
    return dx + total


def connected_to(sources, records):
    """The keys `sources` and those of all that the records compute from them."""
    connected = set(sources)
    for _, key, keys, *_ in records:
        if not connected.isdisjoint(keys):
            connected.update(key if type(key) is tuple else (key,))
    return connected


def _cotangents_of_several(keys, cotangents, sources, found, outputs, tensors):
    """The tuple of cotangents of an operator's outputs, zeros for those that have none."""
    given = [cotangents.pop(key, None) for key in keys]
    if all(dy is None for dy in given):
        return None
    for key, dy in zip(keys, given, strict=True):
        if dy is not None and key in sources:
            found[key] = dy
    zeros = [np.zeros(y.shape, y.dtype) if dy is None else dy
             for y, dy in zip(outputs, given, strict=True)]  # fmt: skip
    return tuple([Tensor(dy) if tensors and type(dy) is not Tensor else dy for dy in zeros])


def _rules_of_variadic(op, keys):
    return [op.rules[0] and functools.partial(op.rules[0], i) for i in range(len(keys))]


def _check_count(op, rules, keys):
    if len(rules) != len(keys):
        raise RuleError(f"{op.name}: got {len(rules)} rules, wanted one for each of its "
                        f"{len(keys)} inputs")  # fmt: skip


def _serves(dx, dtype):
    """Whether dx has the dtype, or the wider one that NumPy makes of it beside a Python number.

    It does that to 16-bit floats that are not its own, and before version 2 to all 0-d arrays. The
    gradient of a source is cast to its dtype in the end.
    """
    wider = dx.dtype.kind == "f" and dx.dtype.itemsize > dtype.itemsize
    return dx.dtype == dtype or (wider and (dtype.itemsize == 2 or not dx.ndim))


def _check(dx, x, position, op):
    """What `debug(rules=True)` asks of a rule."""
    fits = hasattr(dx, "dtype") and dx.shape == x.shape and _serves(dx, x.dtype)
    if not fits:
        raise RuleError(
            f"the rule of {op.name} for input {position} gave {describe(dx)}, "
            f"wanted a dtype and shape like those of the input, a {describe(x)}"
        )
