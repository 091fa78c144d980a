"""How accurate operators and their derivatives are, over their whole domains."""

from conformance.accuracy.lines import Line, select
from conformance.accuracy.measure import Measurement
from conformance.accuracy.sweep import Atlas, sweep

__all__ = ["Atlas", "Line", "Measurement", "select", "sweep"]
