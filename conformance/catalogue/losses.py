"""Losses of neural networks, by PyTorch's names.

Operands have one shape. reduction: "none", "mean" or "sum" of what is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance import losses_rules as rules
from conformance.catalogue.operator import Infer, Op
from conformance.typing_rules import REQUIRED


def loss(name: str, arity: int, meaning: str, parameters: Mapping[str, Any] | None = None,
         infer: Infer = rules.elementwise, **fields: Any) -> Op:
    return Op(name, arity, infer, {**(parameters or {}), "reduction": "mean"}, group="losses",
              meaning=meaning, **fields)


OPERATORS = (
    loss("mse_loss", 2, "(x - t)**2"),
    loss("l1_loss", 2, "abs(x - t)", kinks="x = t", linearity="piecewise"),
    loss("huber_loss", 2, "d**2 / 2 of d = x - t up to abs(d) = delta, "
         "then delta * (abs(d) - delta / 2)", {"delta": 1.0},
         kinks="the second derivative's: abs(x - t) = delta"),
    loss("smooth_l1_loss", 2, "d**2 / (2 * beta) of d = x - t up to abs(d) = beta, "
         "then abs(d) - beta / 2", {"beta": 1.0},
         kinks="the second derivative's: abs(x - t) = beta"),
    loss("binary_cross_entropy", 2, "-(t * log(x) + (1 - t) * log(1 - x))", domain="0 < x < 1"),
    loss("binary_cross_entropy_with_logits", 2,
         "t * log(1 + exp(-x)) + (1 - t) * log(1 + exp(x))"),
    loss("kl_div", 2, "t * (log(t) - x), or exp(t) * (t - x) if log_target; \"batchmean\" divides "
         "the sum by the length of the first axis", {"log_target": False}, rules.divergence,
         domain="t > 0 unless log_target"),
    loss("poisson_nll_loss", 2, "exp(x) - t * x, or x - t * log(x + eps) unless log_input",
         {"log_input": True, "eps": 1e-8}, domain="x + eps > 0 unless log_input"),
    loss("gaussian_nll_loss", 3, "(log(v) + (x - t)**2 / v) / 2 of x, t and the variance v",
         {"eps": 1e-6}, domain="v > eps"),
    loss("soft_margin_loss", 2, "log(1 + exp(-t * x))"),
    loss("hinge_embedding_loss", 2, "x where t = 1, else max(margin - x, 0)", {"margin": 1.0},
         kinks="x = margin where t is not 1", domain="t = 1 or t = -1",
         linearity="piecewise"),
    loss("margin_ranking_loss", 3, "max(margin - t * (x - w), 0) of x, w and t", {"margin": 0.0},
         kinks="t * (x - w) = margin"),
    loss("nll_loss", 1, "-x[k, target[k]] of each row k", {"target": REQUIRED},
         rules.of_indices, linearity="linear"),
    loss("cross_entropy", 1, "-sum(q * log_softmax(x)) of each row, where q is 1 at the row's "
         "target, mixed with label_smoothing parts of the same for all",
         {"target": REQUIRED, "label_smoothing": 0.0}, rules.of_indices),
    loss("softmax_cross_entropy", 2, "-sum(t * log_softmax(x)) of each row",
         infer=rules.of_rows),
    Op("cosine_similarity", 2, rules.similarity, {"axis": -1}, group="losses",
       domain="neither length 0", meaning="sum(x * w) / (norm(x) * norm(w)) along the axis"),
)
