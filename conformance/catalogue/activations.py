"""Activations of neural networks, by PyTorch's names."""

from __future__ import annotations

from conformance import activations_rules as rules
from conformance.catalogue.operator import Op, elementwise
from conformance.typing_rules import REQUIRED

OPERATORS = (
    *elementwise("""
        log_sigmoid | | | log(sigmoid(x))
        mish        | | | x * tanh(softplus(x))
        silu        | | | x * sigmoid(x)
        softsign    | | the second derivative's: 0 | x / (1 + abs(x))
        tanhshrink  | | | x - tanh(x)
        hardswish   | | -3, 3 | x * hardsigmoid(x)
        sparse_plus | | the second derivative's: -1, 1 | 0 to -1, x from 1, else (x + 1)**2 / 4
""", group="activations"),
    *elementwise("""
        hardsigmoid    | | -3, 3 | x / 6 + 1 / 2 limited to [0, 1]
        relu6          | | 0, 6  | x limited to [0, 6]
        sparse_sigmoid | | -1, 1 | x / 2 + 1 / 2 limited to [0, 1]
""", group="activations", linearity="piecewise"),
    Op("selu", 1, rules.elementwise, group="activations", kinks="0",
       meaning="s * x where x > 0, else s * a * expm1(x), with s = 1.0507009873554804934 and "
               "a = 1.6732632423543772848"),
    Op("gelu", 1, rules.gelu, {"approximate": "none"}, group="activations",
       meaning="x times the normal distribution function of x; if approximate is \"tanh\", "
               "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))"),
    Op("squareplus", 1, rules.of_positive_numbers, {"b": 4.0}, group="activations",
       meaning="(x + sqrt(x**2 + b)) / 2"),
    Op("elu", 1, rules.of_positive_numbers, {"alpha": 1.0}, group="activations",
       kinks="0, of the second derivative where alpha is 1",
       meaning="x where x > 0, else alpha * expm1(x)"),
    Op("celu", 1, rules.of_positive_numbers, {"alpha": 1.0}, group="activations",
       kinks="the second derivative's: 0",
       meaning="x where x > 0, else alpha * expm1(x / alpha)"),
    Op("leaky_relu", 1, rules.of_numbers, {"negative_slope": 0.01}, group="activations",
       kinks="0", linearity="piecewise", meaning="x where x > 0, else negative_slope * x"),
    Op("hardtanh", 1, rules.hardtanh, {"min_val": -1.0, "max_val": 1.0}, group="activations",
       kinks="the bounds", linearity="piecewise", meaning="x limited to [min_val, max_val]"),
    Op("softshrink", 1, rules.of_positive_numbers, {"lambd": 0.5}, group="activations",
       kinks="-lambd, lambd", linearity="piecewise",
       meaning="x - lambd above lambd, x + lambd below -lambd, 0 between"),
    Op("hardshrink", 1, rules.of_positive_numbers, {"lambd": 0.5}, group="activations",
       kinks="jumps at -lambd, lambd", linearity="piecewise",
       meaning="x where abs(x) > lambd, else 0"),
    Op("threshold", 1, rules.of_numbers, {"threshold": REQUIRED, "value": REQUIRED},
       group="activations", kinks="jumps at the threshold", linearity="piecewise",
       meaning="x where x > threshold, else value"),
    Op("glu", 1, rules.glu, {"axis": -1}, group="activations",
       meaning="the first half of x along the axis times the sigmoid of the second"),
    Op("prelu", 2, rules.prelu, group="activations", kinks="0",
       meaning="x where x > 0, else weight * x; one weight, or one for each place of axis 1"),
)
