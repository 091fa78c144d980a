"""How good the law of comparison is: random programs, false alarms, planted mistakes found.

The cases say what is right of the operators that they use. This package asks two questions of the
law that judges them, on programs that nobody chose: does a correct framework ever get `differs`,
and how small a mistake gets it? `docs/comparison-law.md` has the derivation and the answers.
"""
