"""How HIPS autograd spells neural layers, most of which are another package's."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import SUM, Spelling, template

LAYERS: Mapping[str, Spelling | None] = {
    **dict.fromkeys((
        "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
        "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
        "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "local_response_norm",
        "standardize", "layer_norm", "rms_norm", "batch_norm", "instance_norm", "group_norm",
        "normalize", "scaled_dot_product_attention")),
    "linear": template("np.dot({0}, {1}.T) + {2}", SUM),
    "bilinear": template('np.einsum("...i,mij,...j->...m", {0}, {2}, {1})'),
}
