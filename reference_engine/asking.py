"""What is asked of a tape or an accumulator: its parts, checked."""

import sys
import warnings

from .errors import (
    PACKAGE,
    DtypeError,
    GradientWarning,
    OperandError,
    OptionError,
    ShapeError,
    describe,
)
from .operand import Operand
from .structure import StructureError, flat, pairs
from .tensor import Tensor, is_float, same_dtype


def unconnected_zeros(option):
    """Whether unconnected sources get zeros."""
    option = getattr(option, "value", option)  # TensorFlow's enum has the same values
    if option not in ("none", "zero"):
        raise OptionError(f'unconnected_gradients: got {option!r}, wanted "none" or "zero"')
    return option == "zero"


def check_sources(request, sources):
    if type(sources) is not Tensor:
        for source in flat(sources):
            check_operand(f"{request}() wants Tensors or Variables as sources", source)


def seeds_of(target, output_gradients):
    """Pairs of a target and its cotangent, None for ones."""
    if type(target) is Tensor or not isinstance(target, list | tuple | dict):
        return [_seed(target, output_gradients)]
    if output_gradients is None:
        return [_seed(y, None) for y in flat(target)]
    try:
        return [_seed(y, dy) for y, dy in list(pairs(target, output_gradients))]
    except StructureError as error:
        raise ShapeError(f"output_gradients: got another structure than that of the targets "
                         f"({error}), wanted one for each target") from None  # fmt: skip


def _seed(y, dy):
    if type(y) is not Tensor:
        check_operand("gradient() wants a Tensor or a list of them as target", y)
    if y._array.dtype.kind != "f" and not is_float(y):
        warn(
            f"gradient(): got a {describe(y)} as target, wanted floats: "
            "its gradients will be None"
        )
    if dy is None:
        return y, None
    dy = same_dtype("output_gradients", dy, Tensor(y._array))[0]
    if dy.dtype != y.dtype:
        raise DtypeError(
            f"output_gradients: got dtype {dy.dtype}, wanted that of its target, {y.dtype}: "
            f"cast it with engine.astype(x, {y.dtype.name!r})"
        )
    if dy.shape != y.shape:
        raise ShapeError(
            f"output_gradients: got a {describe(dy)}, wanted the shape of its target, {y.shape}"
        )
    return y, dy


def check_operand(wanted, value):
    if not isinstance(value, Operand):
        number = isinstance(value, int | float)
        advice = f"watch a constant({value!r})" if number else "make one with constant(...)"
        raise OperandError(f"{wanted}, got {describe(value)}: {advice}")


def warn(message):
    """A GradientWarning at the line of the user's call."""
    level, frame = 1, sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, GradientWarning, stacklevel=level)
