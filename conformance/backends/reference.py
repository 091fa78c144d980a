"""The reference engine: GradientTape as TensorFlow has it, operators as the array API names them."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.backends.base import Backend
from conformance.backends.printing import function, nested, plain
from conformance.backends.styles import TapeStyle


class ReferenceBackend(Backend):
    """reference_engine, the suite's own NumPy tape."""

    name = "reference"
    module = "reference_engine"
    distribution = "gradient-conformance"
    namespace = "engine"
    imports = ("import reference_engine as engine",)
    reserved = ("engine", "tape", "outer_tape", *(f"tape_{level}" for level in range(3, 10)))
    style = TapeStyle
    tape = "engine.GradientTape"
    zero_gradients = '"zero"'
    bare = Backend.bare | {"where", "maximum", "minimum"}
    spellings = {"take": function("engine.take")}

    def array(self, values: np.ndarray, dtype: str) -> str:
        suffix = "" if dtype in ("float64", "bool", "int64") else f', dtype="{dtype}"'
        if values.size == 0:
            return f"engine.zeros({plain(values.shape)}{suffix})"
        return f"engine.constant({nested(values, dtype)}{suffix})"

    def leaf(self, values: np.ndarray, dtype: str, *, kind: str, differentiated: bool) -> str:
        text = self.array(values, dtype)
        if kind != "variable":
            return text
        if values.size == 0:
            return f"engine.Variable({text})"
        return text.replace("engine.constant(", "engine.Variable(", 1)

    def to_numpy(self, value: Any) -> np.ndarray:
        return value.numpy()
