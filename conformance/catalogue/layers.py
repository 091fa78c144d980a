"""Linear layers and attention."""

from __future__ import annotations

from conformance import layer_rules as layers
from conformance.catalogue.operator import Op

OPERATORS = (
    Op("linear", 3, layers.linear, group="layers",
       meaning="x @ matrix_transpose(weight) + bias, of x (..., n), weight (m, n) and bias (m,)"),
    Op("bilinear", 3, layers.bilinear, group="layers",
       meaning="sum over i and j of x[..., i] weight[m, i, j] w[..., j]; operands x, w, weight"),
    Op("scaled_dot_product_attention", 3, layers.attention, {"scale": None, "is_causal": False},
       group="layers",
       meaning="softmax(scale * query @ matrix_transpose(key)) @ value of (batch, heads, length, "
       "features); scale None is 1 / sqrt(features); is_causal: query i looks at keys 0 to i"),
)
