"""How JAX spells neural layers."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import (
    ATOM,
    PRODUCT,
    SUM,
    Call,
    Expr,
    Spelling,
    plain,
    template,
)
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
    axes = "DHW"[-len(windows.kernel):]
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


def _standardized(text: str, axes: object, call: Call) -> str:
    return f"jax.nn.standardize({text}, axis={plain(axes)}, epsilon={call['epsilon']!r})"


def _standardize(call: Call) -> Expr:
    return Expr(_standardized(call.text, call["axis"], call))


def _layer_norm(call: Call) -> Expr:
    """JAX itself leaves the weights to the caller."""
    _, weight, bias = call.operands
    text = _standardized(call.text, call["axis"], call)
    return Expr(f"{text} * {weight.within(ATOM)} + {bias.within(PRODUCT)}", SUM)


def _per_channel(call: Call, y: str) -> Expr:
    """y times weight, plus bias, of the shape (channels,)."""
    index = f"[:{', None' * (len(call.shape) - 2)}]" if len(call.shape) > 2 else ""
    weight, bias = (operand.within(ATOM) + index for operand in call.operands[1:])
    return Expr(f"{y} * {weight} + {bias}", SUM)


def _batch_norm(call: Call) -> Expr:
    axes = (0, *range(2, len(call.shape)))
    return _per_channel(call, _standardized(call.text, axes, call))


def _instance_norm(call: Call) -> Expr:
    return _per_channel(call, _standardized(call.text, tuple(range(2, len(call.shape))), call))


def _group_norm(call: Call) -> Expr:
    grouped = f"jnp.reshape({call.text}, {plain((call.shape[0], call['groups'], -1))})"
    y = f"jnp.reshape({_standardized(grouped, -1, call)}, {plain(call.shape)})"
    return _per_channel(call, y)


def _attention(call: Call) -> Expr:
    """The heads come after the length."""
    arguments = [f"jnp.swapaxes({operand.text}, 1, 2)" for operand in call.operands]
    if call["scale"] is not None:
        arguments.append(f"scale={call['scale']!r}")
    if call["is_causal"]:
        arguments.append("is_causal=True")
    attended = f"jax.nn.dot_product_attention({', '.join(arguments)})"
    return Expr(f"jnp.swapaxes({attended}, 1, 2)")


LAYERS: Mapping[str, Spelling | None] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
                    _transposed_convolution),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), _greatest),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _average),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
                     "local_response_norm")),
    "standardize": _standardize, "layer_norm": _layer_norm, "batch_norm": _batch_norm,
    "instance_norm": _instance_norm, "group_norm": _group_norm,
    "rms_norm": template("{0} * jax.lax.rsqrt(jnp.mean({0}**2, axis={axis}, keepdims=True) + "
                         "{epsilon}) * {1}", PRODUCT),
    "normalize": template("{0} / jnp.maximum(jnp.linalg.vector_norm({0}, axis={axis}, "
                          "keepdims=True), {epsilon})", PRODUCT),
    "linear": template("{0} @ {1}.T + {2}", SUM),
    "bilinear": template('jnp.einsum("...i,mij,...j->...m", {0}, {2}, {1})'),
    "scaled_dot_product_attention": _attention,
}
