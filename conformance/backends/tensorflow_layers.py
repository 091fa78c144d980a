"""How TensorFlow spells neural layers: on a CPU its channels are last, so that axes are moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.backends.printing import Call, Expr, Spelling, plain
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


def _pooling(kind: str, around: str = "") -> Any:
    def spell(call: Call) -> Expr:
        count = len(call.shape) - 2
        windows = pooling_windows(call.node, count)
        x = _channels_last(call.text, count, windows, around)
        text = (f'tf.nn.{kind}_pool{count}d({x}, {_listed(windows.kernel)}, '
                f'{_listed(windows.stride)}, "VALID")')
        return _channels_first(text, count)

    return spell


def _adaptive_average(call: Call) -> Expr:
    size = call["size"]
    sizes = [size] * (len(call.shape) - 2) if isinstance(size, int) else list(size)
    return Expr(f"tf.keras.ops.adaptive_average_pool({call.text}, {plain(sizes)}, "
                'data_format="channels_first")')


LAYERS: Mapping[str, Spelling | None] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d"), _transposed_convolution),
    **dict.fromkeys(("max_pool1d", "max_pool2d"),
                    _pooling("max", ', constant_values=float("-inf")')),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), _pooling("avg")),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d"), _adaptive_average),
}
