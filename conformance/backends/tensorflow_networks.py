"""How TensorFlow, and Keras with it, spells the activations and losses of neural networks."""

from __future__ import annotations

from conformance.backends.loss_formulas import formula, formulas, reduced
from conformance.backends.printing import (
    ATOM,
    UNARY,
    Call,
    Expr,
    Spelling,
    function,
    plain,
    template,
)


def _elu(call: Call) -> Expr:
    """tf.nn.elu has no alpha."""
    if call["alpha"] == 1:
        return Expr(f"tf.nn.elu({call.text})")
    return function("tf.keras.activations.elu")(call)


def _gelu(call: Call) -> Expr:
    approximate = ", approximate=True" if call["approximate"] == "tanh" else ""
    return Expr(f"tf.nn.gelu({call.text}{approximate})")


def _hardtanh(call: Call) -> Expr:
    low, high = call["min_val"], call["max_val"]
    if (low, high) == (-1, 1):
        return Expr(f"tf.keras.activations.hard_tanh({call.text})")
    return Expr(f"tf.clip_by_value({call.text}, {plain(low)}, {plain(high)})")


def _prelu(call: Call) -> Expr:
    """Keras has it as a layer; its users write it so."""
    x, weight = (operand.within(ATOM) for operand in call.operands)
    if call.types[1].size > 1 and len(call.shape) > 2:
        weight = f"tf.reshape({weight}, {plain([-1, *[1] * (len(call.shape) - 2)])})"
    return Expr(f"tf.where({x} > 0, {x}, {weight} * {x})")


_prelu.repeats = True  # type: ignore[attr-defined]

WORDS = {"np": "tf", "log": "tf.math.log", "log1p": "tf.math.log1p",
         "softplus": "tf.math.softplus", "mean": "tf.reduce_mean", "sum": "tf.reduce_sum"}


def _keras(name: str, parameter: str = "") -> Spelling:
    """Keras averages over the last axis, which a mean over the others finishes."""
    written_out = formula(f"{name}_loss", WORDS)

    def spell(call: Call) -> Expr:
        if call["reduction"] != "mean" or not call.shape:
            return written_out(call)
        x, target = (operand.text for operand in call.operands)
        option = f", {parameter}={plain(call[parameter])}" if parameter else ""
        keras = {"mse": "MSE", "l1": "MAE"}.get(name, name)
        return Expr(f"tf.reduce_mean(tf.keras.losses.{keras}({target}, {x}{option}))")

    spell.repeats = written_out.repeats  # type: ignore[attr-defined]
    return spell


def _cross_entropy(call: Call) -> Expr:
    target, smoothing = plain(list(call["target"])), call["label_smoothing"]
    if smoothing:
        labels = f"tf.one_hot({target}, {call.shape[1]}, dtype=tf.{call.types[0].dtype})"
        loss = (f"tf.keras.losses.categorical_crossentropy({labels}, {call.text}, "
                f"from_logits=True, label_smoothing={plain(smoothing)})")
    else:
        loss = ("tf.nn.sparse_softmax_cross_entropy_with_logits("
                f"labels={target}, logits={call.text})")
    return reduced(call, Expr(loss), WORDS)


def _softmax_cross_entropy(call: Call) -> Expr:
    x, labels = (operand.text for operand in call.operands)
    loss = f"tf.nn.softmax_cross_entropy_with_logits(labels={labels}, logits={x})"
    return reduced(call, Expr(loss), WORDS)


def _nll_loss(call: Call) -> Expr:
    loss = f"-tf.gather({call.text}, {plain(list(call['target']))}, axis=1, batch_dims=1)"
    return reduced(call, Expr(loss, UNARY), WORDS)


def _binary_cross_entropy_with_logits(call: Call) -> Expr:
    x, labels = (operand.text for operand in call.operands)
    loss = f"tf.nn.sigmoid_cross_entropy_with_logits(labels={labels}, logits={x})"
    return reduced(call, Expr(loss), WORDS)


def _poisson_nll_loss(call: Call) -> Expr:
    if not call["log_input"]:
        return formula("poisson_nll_loss", WORDS)(call)
    x, target = (operand.text for operand in call.operands)
    return reduced(call, Expr(f"tf.nn.log_poisson_loss({target}, {x})"), WORDS)


_poisson_nll_loss.repeats = True  # type: ignore[attr-defined]

SPELLINGS: dict[str, Spelling | None] = {
    **{name: function(f"tf.nn.{name}") for name in ("relu6", "selu", "silu", "softsign")},
    **{name: function(f"tf.keras.activations.{name}") for name in (
        "celu", "glu", "mish", "sparse_plus", "sparse_sigmoid", "squareplus")},
    "elu": _elu, "gelu": _gelu, "hardtanh": _hardtanh, "prelu": _prelu,
    "hardshrink": function("tf.keras.activations.hard_shrink", lambd="threshold"),
    "hardsigmoid": function("tf.keras.activations.hard_sigmoid"),
    "hardswish": function("tf.keras.activations.hard_silu"),
    "leaky_relu": template("tf.nn.leaky_relu({0}, alpha={negative_slope})"),
    "log_sigmoid": function("tf.math.log_sigmoid"),
    "softshrink": function("tf.keras.activations.soft_shrink", lambd="threshold"),
    "tanhshrink": function("tf.keras.activations.tanh_shrink"),
    "threshold": function("tf.keras.activations.threshold", value="default_value"),
    **formulas(WORDS),
    "mse_loss": _keras("mse"), "l1_loss": _keras("l1"), "huber_loss": _keras("huber", "delta"),
    "cross_entropy": _cross_entropy, "nll_loss": _nll_loss,
    "softmax_cross_entropy": _softmax_cross_entropy, "poisson_nll_loss": _poisson_nll_loss,
    "binary_cross_entropy_with_logits": _binary_cross_entropy_with_logits,
    "cosine_similarity": template("-tf.keras.losses.cosine_similarity({0}, {1}, axis={axis})",
                                  UNARY),
}
