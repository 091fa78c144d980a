"""How JAX spells neural layers."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import PRODUCT, Call, Expr, Spelling, plain
from conformance.errors import Unsupported
from conformance.window_rules import convolution_windows, pooling_windows


def _convolution(call: Call) -> Expr:
    x, weight = (operand.text for operand in call.operands)
    windows = convolution_windows(call.node, call.types[1].shape[2:])
    arguments = [x, weight, plain(windows.stride), plain([(p, p) for p in windows.padding])]
    if set(windows.dilation) != {1}:
        arguments.append(f"rhs_dilation={plain(windows.dilation)}")
    if call["groups"] != 1:
        arguments.append(f"feature_group_count={call['groups']}")
    return Expr(f"jax.lax.conv_general_dilated({', '.join(arguments)})")


def _transposed_convolution(call: Call) -> Expr:
    """lax.conv_transpose counts its padding on the result of no padding at all."""
    if call["groups"] != 1:
        raise Unsupported(f"jax has no {call.node.op} in groups ({call.node.where})")
    x, weight = (operand.text for operand in call.operands)
    windows = convolution_windows(call.node, call.types[1].shape[2:])
    extra = call["output_padding"]
    extras = (extra,) * len(windows.kernel) if isinstance(extra, int) else extra
    padding = [(reach - 1 - p, reach - 1 - p + e) for reach, p, e in zip(
        windows.reach(), windows.padding, extras, strict=True)]
    arguments = [x, weight, plain(windows.stride), plain(padding)]
    if set(windows.dilation) != {1}:
        arguments.append(f"rhs_dilation={plain(windows.dilation)}")
    axes = "HW"[:len(windows.kernel)]
    numbers = f'("NC{axes}", "OI{axes}", "NC{axes}")'
    arguments += [f"dimension_numbers={numbers}", "transpose_kernel=True"]
    return Expr(f"jax.lax.conv_transpose({', '.join(arguments)})")


def _window(call: Call, start: str, reducer: str) -> str:
    windows = pooling_windows(call.node, len(call.shape) - 2)
    around = [(p, p) for p in windows.padding]
    padding = plain([(0, 0), (0, 0), *around]) if any(windows.padding) else '"VALID"'
    return (f"jax.lax.reduce_window({call.text}, {start}, jax.lax.{reducer}, "
            f"{plain((1, 1, *windows.kernel))}, {plain((1, 1, *windows.stride))}, {padding})")


def _greatest(call: Call) -> Expr:
    return Expr(_window(call, "-jnp.inf", "max"))


def _average(call: Call) -> Expr:
    size = 1
    for length in pooling_windows(call.node, len(call.shape) - 2).kernel:
        size *= length
    return Expr(f"{_window(call, '0.0', 'add')} / {size}", PRODUCT)


LAYERS: Mapping[str, Spelling | None] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d"), _transposed_convolution),
    **dict.fromkeys(("max_pool1d", "max_pool2d"), _greatest),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), _average),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d")),
}
