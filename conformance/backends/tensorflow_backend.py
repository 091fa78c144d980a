"""TensorFlow: GradientTape, one a level, with watch for constants and none for Variables."""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from conformance.backends import matrices, tensorflow_arrays, tensorflow_networks
from conformance.backends.base import Backend, Program
from conformance.backends.printing import (
    PRODUCT,
    STANDARD,
    SUM,
    Call,
    Expr,
    Spelling,
    function,
    nested,
    plain,
    template,
    whole,
)
from conformance.backends.styles import TAPES, TapeStyle, as_variable
from conformance.backends.tensorflow_layers import LAYERS
from conformance.backends.tensorflow_transforms import TRANSFORMS
from conformance.errors import Unsupported
from conformance.typing_rules import FLOATS


class GradientTapeStyle(TapeStyle):
    """Tapes, and a dense tensor where the gradient of a gather is IndexedSlices."""

    def gradient(self, call: list[int], tape: str) -> None:
        super().gradient(call, tape)
        for i in call:
            if self._is_sparse(self.target(i), self.source(i)):
                name = self.names[i]
                self.block.line(f"{name} = tf.convert_to_tensor({name})")

    def _is_sparse(self, target: int, source: int) -> bool:
        """Whether all that the target has from its source are rows that were gathered."""
        consumers = [node for i in self.graph.ancestors[target]
                     if source in (node := self.graph.nodes[i]).inputs
                     and self.flow.connected(target, i) and self.flow.connected(i, source)]
        return bool(consumers) and all(
            node.op == "take" and node["axis"] in (0, -len(self.graph.nodes[source].type.shape))
            for node in consumers)


def _listed(name: str, *parameters: str) -> Spelling:
    """`name(x, [2, 3])`: a shape or axes, which TensorFlow likes as a list."""
    def spell(call: Call) -> Expr:
        listed = (plain(list(call[p]) if isinstance(call[p], tuple) else call[p])
                  for p in parameters)
        return Expr(f"{name}({', '.join([call.text, *listed])})")

    return spell


def _over_axes(name: str) -> Spelling:
    def spell(call: Call) -> Expr:
        axis = call["axis"]
        arguments = [call.text]
        if axis is not None:
            arguments.append(f"axis={plain(list(axis) if isinstance(axis, tuple) else axis)}")
        if dict(call.node.parameters).get("keepdims"):
            arguments.append("keepdims=True")
        return Expr(f"{name}({', '.join(arguments)})")

    return spell


def _variance(call: Call) -> Expr:
    """TensorFlow's variance has no correction: it is rescaled."""
    variance, correction = _over_axes("tf.math.reduce_variance")(call), call["correction"]
    if not correction:
        return variance
    count = math.prod(call.shape[axis] for axis in call.axes)
    return Expr(f"{variance.text} * {count} / {plain(whole(count - correction))}", PRODUCT)


def _deviation(call: Call) -> Expr:
    """Nor has its standard deviation."""
    if not call["correction"]:
        return _over_axes("tf.math.reduce_std")(call)
    return Expr(f"tf.sqrt({_variance(call).text})")


def _norm(call: Call) -> Expr:
    """Over two axes tf.norm is that of a matrix, which for 2 (by another name) is the same."""
    if isinstance(call["axis"], tuple) and len(call["axis"]) != 1 and (
            call["ord"] != 2 or len(call["axis"]) != 2):
        raise Unsupported(f"tensorflow has no vector norm over {len(call['axis'])} axes")
    text = _over_axes("tf.norm")(call).text
    return Expr(text if call["ord"] == 2 else f"{text[:-1]}, ord={plain(call['ord'])})")


def _clip(call: Call) -> Expr:
    """tf.clip_by_value wants both bounds."""
    low, high = call["min"], call["max"]
    if high is None:
        return Expr(f"tf.maximum({call.text}, {plain(low)})")
    if low is None:
        return Expr(f"tf.minimum({call.text}, {plain(high)})")
    return Expr(f"tf.clip_by_value({call.text}, {plain(low)}, {plain(high)})")


def _squeeze(call: Call) -> Expr:
    """To TensorFlow, no axes are all axes of length 1."""
    return call.operands[0] if call["axis"] == () else _over_axes("tf.squeeze")(call)


def _flip(call: Call) -> Expr:
    return Expr(f"tf.reverse({call.text}, axis={plain(list(call.axes))})")


def _roll(call: Call) -> Expr:
    """tf.roll wants an axis."""
    if call["axis"] is not None:
        return Expr(f"tf.roll({call.text}, {call['shift']}, axis={call['axis']})")
    flat = f"tf.roll(tf.reshape({call.text}, [-1]), {call['shift']}, axis=0)"
    return Expr(f"tf.reshape({flat}, {plain(list(call.shape))})")


def _concat(call: Call) -> Expr:
    """tf.concat has no default axis."""
    return Expr(f"tf.concat([{', '.join(o.text for o in call.operands)}], axis={call['axis']})")


def _matmul(call: Call) -> Expr:
    """tf.matmul wants matrices on both sides."""
    (left, right), (a, b) = call.operands, (len(t.shape) for t in call.types)
    if a >= 2 and b >= 2:
        return Expr(f"{left.within(PRODUCT)} @ {right.within(PRODUCT + 1)}", PRODUCT)
    if a == b == 1:
        return Expr(f"tf.tensordot({left.text}, {right.text}, 1)")
    if b == 1:
        return Expr(f"tf.linalg.matvec({left.text}, {right.text})")
    return Expr(f"tf.linalg.matvec({right.text}, {left.text}, transpose_a=True)")


def _take(call: Call) -> Expr:
    indices = plain(list(call["indices"])) if call["indices"] else "tf.constant([], tf.int64)"
    return Expr(f"tf.gather({call.text}, {indices}, axis={call['axis']})")


def _promoted(spelling: Spelling) -> Spelling:
    """TensorFlow promotes nothing: real operands beside complex ones are cast."""
    def spell(call: Call) -> Expr:
        if not any(kind.is_complex for kind in call.types):
            return spelling(call)
        dtype = next(kind.dtype for kind in call.types if kind.is_complex)
        operands = [Expr(f"tf.cast({operand.text}, tf.{dtype})") if kind.is_float else operand
                    for operand, kind in zip(call.operands, call.types, strict=True)]
        return spelling(replace(call, operands=tuple(operands)))

    return spell


def _betaln(call: Call) -> Expr:
    """tf.math.lbeta takes all of its operands along the last axis of one tensor."""
    operands = [operand.text for operand in call.operands]
    shapes = {t.shape for t in call.types}
    if len(shapes) > 1:
        shape = plain(list(np.broadcast_shapes(*shapes)))
        operands = [f"tf.broadcast_to({text}, {shape})" for text in operands]
    return Expr(f"tf.math.lbeta(tf.stack([{', '.join(operands)}], axis=-1))")


class TensorFlowBackend(Backend):
    """TensorFlow 2, eager."""

    name = "tensorflow"
    module = "tensorflow"
    distribution = "tensorflow|tensorflow-cpu"
    extra = "tensorflow"
    namespace = "tf"
    imports = ("import tensorflow as tf",)
    reserved = ("tf", *TAPES)
    style = GradientTapeStyle
    tape = "tf.GradientTape"
    zero_gradients = "tf.UnconnectedGradients.ZERO"
    bare = Backend.bare | {"where", "maximum", "minimum", "atan2", "logaddexp"}
    dtypes = FLOATS
    spellings: ClassVar[Mapping[str, Spelling | None]] = {
        **{name: function(f"tf.math.{name}") for name in (
            "erf", "expm1", "log", "log1p", "reciprocal", "rsqrt", "softplus", "atan2")},
        **{name: function(f"tf.experimental.numpy.{name}") for name in (
            "log2", "log10", "hypot", "logaddexp")},
        "relu": function("tf.nn.relu"),
        "clip": _clip,
        **{name: _over_axes(f"tf.reduce_{name}") for name in (
            "sum", "mean", "prod", "max", "min", "logsumexp")},
        "var": _variance, "std": _deviation, "vector_norm": _norm,
        "softmax": function("tf.nn.softmax"), "log_softmax": function("tf.nn.log_softmax"),
        "cumulative_sum": function("tf.cumsum"),
        "reshape": _listed("tf.reshape", "shape"),
        "permute_dims": _listed("tf.transpose", "axes"),
        "broadcast_to": _listed("tf.broadcast_to", "shape"),
        "squeeze": _squeeze, "flip": _flip, "roll": _roll,
        "matrix_transpose": function("tf.linalg.matrix_transpose"),
        **tensorflow_arrays.SPELLINGS,
        **LAYERS,
        **tensorflow_networks.SPELLINGS,
        "ceil": function("tf.math.ceil"), "fmod": None,
        "frac": template("{0} - tf.experimental.numpy.fix({0})", SUM),
        "lerp": template("{0} + {2} * ({1} - {0})", SUM),
        "remainder": function("tf.math.floormod"),
        "squared_difference": function("tf.math.squared_difference"),
        "trunc": function("tf.experimental.numpy.fix"),
        **{name: function(f"tf.experimental.numpy.{name}") for name in (
            "deg2rad", "rad2deg", "logaddexp2")},
        **{name: function(f"tf.math.{name}") for name in (
            "digamma", "erfc", "erfinv", "lgamma", "ndtri", "xlogy", "xlog1py")},
        **{name: function(f"tf.math.bessel_{name}") for name in ("i0", "i0e", "i1", "i1e")},
        **{name: function(f"tf.experimental.numpy.{name}") for name in ("cbrt", "exp2", "sinc")},
        "polygamma": lambda call: Expr(f"tf.math.polygamma({call['n']}.0, {call.text})"),
        "zeta": function("tf.math.zeta"),
        "gammainc": function("tf.math.igamma"), "gammaincc": function("tf.math.igammac"),
        "betaln": _betaln,
        **dict.fromkeys(("entr", "erfcx", "log_ndtr", "logit", "multigammaln", "ndtr")),
        "take": _take,
        **{name: _promoted(STANDARD[name]) for name in (
            "add", "subtract", "multiply", "divide", "pow", "equal", "not_equal")},
        "matmul": _promoted(_matmul), "where": _promoted(function("tf.where")),
        "concat": _promoted(_concat),
        "stack": _promoted(function("tf.stack", sequence=True)),
        **{name: function(f"tf.math.{name}") for name in ("real", "imag", "conj", "angle")},
        **TRANSFORMS,
        **matrices.TENSORFLOW,
    }

    def array(self, values: np.ndarray, dtype: str) -> str:
        suffix = "" if dtype in ("float32", "complex128", "bool") else f", dtype=tf.{dtype}"
        if values.size == 0:
            kind = "" if dtype == "float32" else f", dtype=tf.{dtype}"
            return f"tf.zeros({plain(values.shape)}{kind})"
        return f"tf.constant({nested(values, dtype)}{suffix})"

    def leaf(self, values: np.ndarray, dtype: str, *, kind: str, differentiated: bool) -> str:
        return as_variable(self.array(values, dtype), "tf") if kind == "variable" else (
            self.array(values, dtype))

    def framework(self) -> ModuleType:
        """Without what TensorFlow says of itself when it starts."""
        if "tensorflow" not in sys.modules:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            with _stderr_set_aside():
                import tensorflow as tf

                tf.constant(0.0)  # the first tensor starts the devices
        return super().framework()

    def load(self, program: Program) -> tuple[Any, tuple[Any, ...]]:
        """After TensorFlow has started quietly."""
        self.framework()
        return super().load(program)

    def to_numpy(self, value: Any) -> np.ndarray:
        import tensorflow as tf

        return tf.convert_to_tensor(value).numpy()  # a Variable too


@contextmanager
def _stderr_set_aside() -> Iterator[None]:
    """Keep what native code writes on stderr, and show it only if something is raised.

    TensorFlow logs its first lines before its log level is read.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(saved, aside.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
