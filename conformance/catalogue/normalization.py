"""Normalisations: values brought to mean 0 and variance 1, or divided by their size."""

from __future__ import annotations

from conformance import layer_rules as layers
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

EPSILON = {"epsilon": 1e-5}
OVER = {"axis": -1, **EPSILON}

OPERATORS = (
    Op("standardize", 1, layers.normalized, OVER, group="normalization",
       meaning="(x - mean) / sqrt(variance + epsilon) over the axes; the variance is the mean of "
       "(x - mean)**2"),
    Op("layer_norm", 3, layers.last_axes, OVER, group="normalization",
       meaning="standardize(x) * weight + bias over the last axes, whose shape the weight has"),
    Op("rms_norm", 2, layers.last_axes, OVER, group="normalization",
       meaning="x / sqrt(mean(x**2) + epsilon) * weight over the last axes, whose shape the "
       "weight has"),
    Op("batch_norm", 3, layers.channels(2, batch=True), EPSILON, group="normalization",
       meaning="x (batch, channels, ...) standardised over all axes but the channels', then "
       "weight * that + bias a channel: as in training"),
    Op("instance_norm", 3, layers.channels(3), EPSILON, group="normalization",
       meaning="x (batch, channels, ...) standardised over all axes past the second, then "
       "weight * that + bias a channel"),
    Op("group_norm", 3, layers.grouped_channels, {"groups": REQUIRED, **EPSILON},
       group="normalization",
       meaning="x (batch, channels, ...) standardised over each group of channels, then "
       "weight * that + bias a channel"),
    Op("normalize", 1, layers.normalized, {"axis": -1, "epsilon": 1e-12}, group="normalization",
       kinks="a norm of epsilon", meaning="x / maximum(sqrt(sum(x**2)), epsilon) over the axes"),
    Op("local_response_norm", 1, layers.neighbours,
       {"size": REQUIRED, "alpha": 1e-4, "beta": 0.75, "k": 1.0}, group="normalization",
       meaning="x (batch, channels, ...) / (k + alpha * m)**beta: m is the mean of the squares of "
       "`size` channels, size // 2 before it and the rest from it on, 0 past the ends"),
)
