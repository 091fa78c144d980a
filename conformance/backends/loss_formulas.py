"""Losses that a framework lacks, as its users write them: a formula, and how it is reduced."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import ATOM, PRODUCT, SUM, UNARY, Call, Expr, Spelling, template

# {0}, {1}, {2} are operands, {np} the framework's functions of the array API's names; a formula
# comes with how tightly it binds
FORMULAS = {
    "mse_loss": ("({0} - {1}) ** 2", PRODUCT),
    "l1_loss": ("{np}.abs({0} - {1})", ATOM),
    "huber_loss": ("{np}.where({np}.abs({0} - {1}) <= {delta}, 0.5 * ({0} - {1}) ** 2, "
                   "{delta} * ({np}.abs({0} - {1}) - 0.5 * {delta}))", ATOM),
    "smooth_l1_loss": ("{np}.where({np}.abs({0} - {1}) < {beta}, 0.5 * ({0} - {1}) ** 2 / {beta}, "
                       "{np}.abs({0} - {1}) - 0.5 * {beta})", ATOM),
    "binary_cross_entropy": ("-({1} * {log}({0}) + (1 - {1}) * {log1p}(-{0}))", UNARY),
    "kl_div": ("{1} * ({log}({1}) - {0})", PRODUCT),
    "kl_div_from_log": ("{np}.exp({1}) * ({1} - {0})", PRODUCT),
    "poisson_nll_loss": ("{0} - {1} * {log}({0} + {eps})", SUM),
    "poisson_nll_loss_of_log": ("{np}.exp({0}) - {1} * {0}", SUM),
    "gaussian_nll_loss": ("0.5 * ({log}({2}) + ({0} - {1}) ** 2 / {2})", PRODUCT),
    "soft_margin_loss": ("{softplus}(-{1} * {0})", ATOM),
    "hinge_embedding_loss": ("{np}.where({1} == 1, {0}, {np}.maximum({margin} - {0}, 0.0))", ATOM),
    "margin_ranking_loss": ("{np}.maximum({margin} - {2} * ({0} - {1}), 0.0)", ATOM),
}
VARIANTS = {"kl_div": ("log_target", "kl_div_from_log"),
            "poisson_nll_loss": ("log_input", "poisson_nll_loss_of_log")}


def reduced(call: Call, loss: Expr, reductions: Mapping[str, str]) -> Expr:
    """The loss inside the framework's mean or sum."""
    match call["reduction"]:
        case "none":
            return loss
        case "batchmean":
            return Expr(f"{reductions['sum']}({loss.text}) / {call.shape[0]}", PRODUCT)
        case reduction:
            return Expr(f"{reductions[reduction]}({loss.text})")


def formula(name: str, words: Mapping[str, str]) -> Spelling:
    """A loss of FORMULAS; words: what a framework calls what stands in braces, "mean" and "sum"."""
    def spelled(key: str) -> Spelling:
        text, precedence = FORMULAS[key]
        for word, theirs in words.items():
            text = text.replace(f"{{{word}}}", theirs)
        return template(text, precedence)

    plain_one = spelled(name)
    flag, other = VARIANTS.get(name, (None, name))
    flagged = spelled(other)

    def spell(call: Call) -> Expr:
        chosen = flagged if flag is not None and call[flag] else plain_one
        return reduced(call, chosen(call), words)

    spell.repeats = plain_one.repeats  # type: ignore[attr-defined]
    return spell


def formulas(words: Mapping[str, str]) -> dict[str, Spelling | None]:
    """All losses of FORMULAS."""
    variants = {other for _, other in VARIANTS.values()}
    return {name: formula(name, words) for name in FORMULAS if name not in variants}
