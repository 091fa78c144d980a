"""TensorFlow: GradientTape, one a level, with watch for constants and none for Variables."""

from __future__ import annotations

import importlib.metadata as metadata
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.backends.base import Backend
from conformance.backends.printing import Call, Expr, Spelling, function, nested, plain, template
from conformance.backends.styles import TapeStyle
from conformance.errors import Unsupported


def _reduce(name: str) -> Spelling:
    return function(f"tf.reduce_{name}")


def _variance(call: Call) -> Expr:
    if call["correction"] != 0.0:
        raise Unsupported(f"tensorflow's variance has no correction ({call.node.where})")
    return function("tf.math.reduce_variance")(call)


def _cumulative_sum(call: Call) -> Expr:
    return Expr(f"tf.cumsum({call.operands[0].text}, axis={call['axis']})")


def _clip(call: Call) -> Expr:
    """tf.clip_by_value wants both bounds."""
    text, low, high = call.operands[0].text, call["min"], call["max"]
    if low is None:
        return Expr(f"tf.minimum({text}, {plain(high)})")
    if high is None:
        return Expr(f"tf.maximum({text}, {plain(low)})")
    return Expr(f"tf.clip_by_value({text}, {plain(low)}, {plain(high)})")


def _flip(call: Call) -> Expr:
    axes = call["axis"]
    if axes is None:
        axes = tuple(range(len(call.types[0].shape)))
    elif not isinstance(axes, tuple):
        axes = (axes,)
    return Expr(f"tf.reverse({call.operands[0].text}, axis={plain(list(axes))})")


def _roll(call: Call) -> Expr:
    text, shape = call.operands[0].text, call.types[0].shape
    if call["axis"] is not None:
        return Expr(f"tf.roll({text}, shift={call['shift']}, axis={call['axis']})")
    flat = f"tf.roll(tf.reshape({text}, [-1]), shift={call['shift']}, axis=0)"
    return Expr(f"tf.reshape({flat}, {plain(shape)})")


def _concat(call: Call) -> Expr:
    parts = ", ".join(operand.text for operand in call.operands)
    return Expr(f"tf.concat([{parts}], axis={call['axis']})")


def _matmul(call: Call) -> Expr:
    """tf.matmul wants matrices on both sides; tensordot takes vectors."""
    left, right = (t.shape for t in call.types)
    if len(left) >= 2 and len(right) >= 2:
        return Expr(f"{call.operands[0].within(2)} @ {call.operands[1].within(3)}", 2)
    if len(left) <= 2 and len(right) <= 2:
        return Expr(f"tf.tensordot({call.operands[0].text}, {call.operands[1].text}, 1)")
    return function("tf.experimental.numpy.matmul")(call)


class TensorFlowBackend(Backend):
    """TensorFlow 2, eager."""

    name = "tensorflow"
    module = "tensorflow"
    distribution = "tensorflow"
    extra = "tensorflow"
    namespace = "tf"
    imports = ("import tensorflow as tf",)
    reserved = ("tf", "tape", "outer_tape", *(f"tape_{level}" for level in range(3, 10)))
    style = TapeStyle
    tape = "tf.GradientTape"
    zero_gradients = "tf.UnconnectedGradients.ZERO"
    spellings: Mapping[str, Spelling | None] = {
        "erf": function("tf.math.erf"), "expm1": function("tf.math.expm1"),
        "log": function("tf.math.log"), "log1p": function("tf.math.log1p"),
        "log2": function("tf.experimental.numpy.log2"),
        "log10": function("tf.experimental.numpy.log10"),
        "reciprocal": function("tf.math.reciprocal"), "relu": function("tf.nn.relu"),
        "rsqrt": function("tf.math.rsqrt"), "softplus": function("tf.math.softplus"),
        "atan2": function("tf.math.atan2"),
        "hypot": function("tf.experimental.numpy.hypot"),
        "logaddexp": function("tf.experimental.numpy.logaddexp"),
        "clip": _clip,
        "sum": _reduce("sum"), "mean": _reduce("mean"), "prod": _reduce("prod"),
        "max": _reduce("max"), "min": _reduce("min"), "logsumexp": _reduce("logsumexp"),
        "var": _variance,
        "softmax": function("tf.nn.softmax"), "log_softmax": function("tf.nn.log_softmax"),
        "cumulative_sum": _cumulative_sum,
        "reshape": template("tf.reshape({0}, {shape})"),
        "permute_dims": template("tf.transpose({0}, {axes})"),
        "expand_dims": template("tf.expand_dims({0}, axis={axis})"),
        "squeeze": template("tf.squeeze({0}, axis={axis})"),
        "broadcast_to": template("tf.broadcast_to({0}, {shape})"),
        "flip": _flip, "roll": _roll,
        "matrix_transpose": function("tf.linalg.matrix_transpose"),
        "concat": _concat,
        "stack": function("tf.stack", sequence=True),
        "matmul": _matmul,
        "take": template("tf.gather({0}, {indices}, axis={axis})"),
    }

    def array(self, values: np.ndarray, dtype: str) -> str:
        suffix = "" if dtype in ("float32", "bool") else f", dtype=tf.{dtype}"
        if values.size == 0:
            return f"tf.zeros({plain(values.shape)}{suffix})"
        return f"tf.constant({nested(values, dtype)}{suffix})"

    def leaf(self, values: np.ndarray, dtype: str, *, kind: str, differentiated: bool) -> str:
        text = self.array(values, dtype)
        if kind != "variable":
            return text
        if values.size == 0:
            return f"tf.Variable({text})"
        return text.replace("tf.constant(", "tf.Variable(", 1)

    def version(self) -> str:
        """Of whichever distribution provides TensorFlow; tensorflow-cpu is one."""
        for distribution in ("tensorflow", "tensorflow-cpu"):
            try:
                return metadata.version(distribution)
            except metadata.PackageNotFoundError:
                continue
        return super().version()

    def to_numpy(self, value: Any) -> np.ndarray:
        import tensorflow as tf

        return tf.convert_to_tensor(value).numpy()  # a gather's gradient comes as IndexedSlices
