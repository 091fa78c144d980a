"""How TensorFlow spells neural layers: on a CPU its channels are last, so that axes are moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.backends.printing import ATOM, PRODUCT, SUM, Call, Expr, Spelling, plain
from conformance.errors import Unsupported
from conformance.window_rules import Windows, convolution_windows, pooling_windows


def _listed(lengths: tuple[int, ...]) -> str:
    """One number where all are the same."""
    return plain(lengths[0] if len(set(lengths)) == 1 else list(lengths))


def _channels_last(text: str, count: int, windows: Windows, value: str = "") -> str:
    """x, or its channels last and the padding around it."""
    moved = f"tf.transpose({text}, {plain([0, *range(2, count + 2), 1])})"
    if not any(windows.padding):
        return moved
    widths = [[0, 0], *([p, p] for p in windows.padding), [0, 0]]
    return f"tf.pad({moved}, {plain(widths)}{value})"


def _channels_first(text: str, count: int) -> Expr:
    return Expr(f"tf.transpose({text}, {plain([0, count + 1, *range(1, count + 1)])})")


def _filters(call: Call) -> str:
    """The weight as (*kernel, channels, channels)."""
    rank = len(call.types[1].shape)
    return f"tf.transpose({call.operands[1].text}, {plain([*range(2, rank), 1, 0])})"


def _convolution(call: Call) -> Expr:
    """Of gaps, which the CPU kernels lack, tf.nn.convolution makes batches."""
    count = len(call.shape) - 2
    windows = convolution_windows(call.node, call.types[1].shape[2:])
    gaps = _check(call, windows)
    x, weight = _channels_last(call.text, count, windows), _filters(call)
    if gaps:
        return _channels_first(f'tf.nn.convolution({x}, {weight}, padding="VALID", '
                               f"dilations={plain(list(windows.dilation))})", count)
    strides = plain([1, *windows.stride, 1]) if count == 3 else _listed(windows.stride)
    return _channels_first(f"tf.nn.conv{count}d({x}, {weight}, {strides}, "
                           '"VALID")', count)


def _check(call: Call, windows: Windows, *, gaps_too: bool = True) -> bool:
    """Whether the weight has gaps; raises Unsupported for what not every CPU has gradients of.

    With oneDNN there are more, in float32: github.com/tensorflow/tensorflow/issues/53631, 28264.
    """
    gaps = set(windows.dilation) != {1}
    lacks = "in groups" if call["groups"] != 1 else "with gaps" if gaps and not gaps_too else (
        "with strides and gaps" if gaps and set(windows.stride) != {1} else "")
    if lacks:
        raise Unsupported(f"tensorflow has no {call.node.op} {lacks} on a CPU ({call.node.where})")
    return gaps


def _transposed_convolution(call: Call) -> Expr:
    """Without padding, of which the result is then stripped."""
    count, lengths = len(call.shape) - 2, call.node.type.shape[2:]
    windows = convolution_windows(call.node, call.types[1].shape[2:])
    _check(call, windows, gaps_too=False)
    ends = tuple(p + n for p, n in zip(windows.padding, lengths, strict=True))
    full = [max(end, (n - 1) * step + reach) for end, n, step, reach in zip(
        ends, call.shape[2:], windows.stride, windows.reach(), strict=True)]
    bare = windows._replace(padding=(0,) * count)
    arguments = [_channels_last(call.text, count, bare), _filters(call),
                 plain([call.shape[0], *full, call.node.type.shape[1]]),
                 _listed(windows.stride), 'padding="VALID"']
    text = f"tf.nn.conv{count}d_transpose({', '.join(arguments)})"
    if any(windows.padding) or tuple(full) != lengths:
        kept = ", ".join(f"{p or ''}:{end}" for p, end in zip(windows.padding, ends, strict=True))
        text += f"[:, {kept}]"
    return _channels_first(text, count)


def _check_pooling(call: Call) -> None:
    """Its CPU kernels over three axes are for float32 and half precision."""
    if len(call.shape) == 5 and call.node.type.dtype == "float64":
        raise Unsupported(f"tensorflow has no {call.node.op} in float64 on a CPU "
                          f"({call.node.where})")


def _pooling(kind: str, around: str = "") -> Any:
    def spell(call: Call) -> Expr:
        count = len(call.shape) - 2
        _check_pooling(call)
        windows = pooling_windows(call.node, count)
        x = _channels_last(call.text, count, windows, around)
        text = (f'tf.nn.{kind}_pool{count}d({x}, {_listed(windows.kernel)}, '
                f'{_listed(windows.stride)}, "VALID")')
        return _channels_first(text, count)

    return spell


def _adaptive_average(call: Call) -> Expr:
    _check_pooling(call)
    size = call["size"]
    sizes = [size] * (len(call.shape) - 2) if isinstance(size, int) else list(size)
    return Expr(f"tf.keras.ops.adaptive_average_pool({call.text}, {plain(sizes)}, "
                'data_format="channels_first")')


def _repeating(spell: Any) -> Spelling:
    """A spelling that writes its first operand twice, so that this gets a name."""
    spell.repeats = True
    return spell


def _normalized(x: str, axes: list[int], weight: str, bias: str, call: Call) -> str:
    moments = f"*tf.nn.moments({x}, {plain(axes)}, keepdims=True)"
    return f"tf.nn.batch_normalization({x}, {moments}, {bias}, {weight}, {call['epsilon']!r})"


def _standardize(call: Call) -> Expr:
    return Expr(_normalized(call.text, list(call.axes), "None", "None", call))


def _over_last(name: str) -> Any:
    def spell(call: Call) -> Expr:
        operands = ", ".join(operand.text for operand in call.operands)
        axis = call["axis"] if isinstance(call["axis"], int) else sorted(call.axes)
        return Expr(f"tf.keras.ops.{name}({operands}, axis={plain(axis)}, "
                    f"epsilon={call['epsilon']!r})")

    return spell


def _per_channel(call: Call) -> tuple[str, str]:
    """Weight and bias, so that they broadcast with x (batch, channels, ...)."""
    index = f"[:{', None' * (len(call.shape) - 2)}]" if len(call.shape) > 2 else ""
    weight, bias = (operand.within(ATOM) + index for operand in call.operands[1:])
    return weight, bias


def _batch_norm(call: Call) -> Expr:
    axes = [0, *range(2, len(call.shape))]
    return Expr(_normalized(call.text, axes, *_per_channel(call), call))


def _instance_norm(call: Call) -> Expr:
    axes = list(range(2, len(call.shape)))
    return Expr(_normalized(call.text, axes, *_per_channel(call), call))


def _group_norm(call: Call) -> Expr:
    """tf.nn has none: Keras' layer is made of these, too."""
    grouped = f"tf.reshape({call.text}, {plain([call.shape[0], call['groups'], -1])})"
    y = f"tf.reshape({_normalized(grouped, [-1], 'None', 'None', call)}, {plain(list(call.shape))})"
    weight, bias = _per_channel(call)
    return Expr(f"{y} * {weight} + {bias}", SUM)


def _normalize(call: Call) -> Expr:
    """Its epsilon bounds the sum of squares."""
    axis = call["axis"] if isinstance(call["axis"], int) else list(call.axes)
    return Expr(f"tf.math.l2_normalize({call.text}, axis={plain(axis)}, "
                f"epsilon={call['epsilon']!r} ** 2)")


def _linear(call: Call) -> Expr:
    x, weight, bias = call.operands
    product = f"tf.matmul({x.text}, {weight.text}, transpose_b=True)" if len(call.shape) > 1 else (
        f"tf.linalg.matvec({weight.text}, {x.text})")
    return Expr(f"{product} + {bias.within(PRODUCT)}", SUM)


def _bilinear(call: Call) -> Expr:
    x, w, weight = (operand.text for operand in call.operands)
    return Expr(f'tf.einsum("...i,mij,...j->...m", {x}, {weight}, {w})')


def _attention(call: Call) -> Expr:
    """The heads come after the length."""
    arguments = [f"tf.transpose({operand.text}, [0, 2, 1, 3])" for operand in call.operands]
    if call["scale"] is not None:
        arguments.append(f"scale={call['scale']!r}")
    if call["is_causal"]:
        arguments.append("is_causal=True")
    attended = f"tf.keras.ops.dot_product_attention({', '.join(arguments)})"
    return Expr(f"tf.transpose({attended}, [0, 2, 1, 3])")


def _local_response_norm(call: Call) -> Expr:
    """It takes images, odd sizes and no float64, and does not divide alpha by the size."""
    size = call["size"]
    if size % 2 == 0 or len(call.shape) != 4 or call.node.type.dtype == "float64":
        raise Unsupported(f"tensorflow has local_response_norm for images, an odd size and no "
                          f"float64 ({call.node.where})")
    moved = f"tf.transpose({call.text}, [0, 2, 3, 1])"
    return _channels_first(
        f"tf.nn.local_response_normalization({moved}, depth_radius={size // 2}, "
        f"bias={call['k']!r}, alpha={call['alpha']!r} / {size}, beta={call['beta']!r})", 2)


LAYERS: Mapping[str, Spelling | None] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
                    _transposed_convolution),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"),
                    _pooling("max", ', constant_values=float("-inf")')),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _pooling("avg")),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
                    _adaptive_average),
    "local_response_norm": _local_response_norm,
    "standardize": _repeating(_standardize), "layer_norm": _over_last("layer_normalization"),
    "rms_norm": _over_last("rms_normalization"), "batch_norm": _repeating(_batch_norm),
    "instance_norm": _repeating(_instance_norm), "group_norm": _repeating(_group_norm),
    "normalize": _normalize,
    "linear": _linear, "bilinear": _bilinear, "scaled_dot_product_attention": _attention,
}
