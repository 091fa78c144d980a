"""Losses of neural networks: their gradients, curvatures, and gradients for targets."""

from conformance import case, family, grad

X = [[0.5, -1.25, 2.0], [0.75, 3.0, -0.375]]
FAR_AND_NEAR = [[1.75, -1.0, -0.5], [-0.625, 2.75, 0.25]]
PROBABILITIES = [[0.5, 0.125, 0.9375], [0.75, 0.3125, 0.625]]
TARGETS = [[0.25, 0.875, 0.5], [0.0625, 0.5, 0.75]]
# rows that sum to 1, as TensorFlow wants them
LABELS = [[0.25, 0.625, 0.125], [0.0625, 0.5, 0.4375]]
SIGNS = [[1.0, -1.0, -1.0], [1.0, 1.0, -1.0]]
WEIGHTS = [[1.0, -0.5, 2.0], [0.75, 1.5, -1.25]]

# member: operator, parameters, x, t
SMOOTH = {
    "mse_loss": ("mse_loss", {}, X, FAR_AND_NEAR),
    "mse_loss_of_each": ("mse_loss", {"reduction": "none"}, X, FAR_AND_NEAR),
    "huber_loss": ("huber_loss", {}, X, FAR_AND_NEAR),
    "wide_huber_loss": ("huber_loss", {"delta": 2.0, "reduction": "sum"}, X, FAR_AND_NEAR),
    "smooth_l1_loss": ("smooth_l1_loss", {}, X, FAR_AND_NEAR),
    "wide_smooth_l1_loss": ("smooth_l1_loss", {"beta": 2.0, "reduction": "none"}, X,
                            FAR_AND_NEAR),
    "binary_cross_entropy": ("binary_cross_entropy", {}, PROBABILITIES, TARGETS),
    "binary_cross_entropy_of_each": ("binary_cross_entropy", {"reduction": "none"},
                                     PROBABILITIES, TARGETS),
    "binary_cross_entropy_with_logits": ("binary_cross_entropy_with_logits", {}, X, TARGETS),
    "summed_binary_cross_entropy_with_logits": (
        "binary_cross_entropy_with_logits", {"reduction": "sum"}, X, TARGETS),
    "poisson_nll_loss": ("poisson_nll_loss", {}, X, PROBABILITIES),
    "poisson_nll_loss_of_rates": ("poisson_nll_loss", {"log_input": False, "reduction": "sum"},
                                  PROBABILITIES, TARGETS),
    "soft_margin_loss": ("soft_margin_loss", {}, X, SIGNS),
    "soft_margin_loss_of_each": ("soft_margin_loss", {"reduction": "none"}, X, SIGNS),
    "softmax_cross_entropy": ("softmax_cross_entropy", {}, X, LABELS),
    "softmax_cross_entropy_of_rows": ("softmax_cross_entropy", {"reduction": "none"}, X, LABELS),
    "kl_div_of_logarithms": ("kl_div", {"log_target": True, "reduction": "sum"}, X, TARGETS),
}


@family(**{name: {"x": x, "t": t} for name, (_, _, x, t) in SMOOTH.items()})
def loss_and_its_curvature(xp, name, x, t):
    """The gradient of a loss, what its Hessian makes of a vector, and both inside a square."""
    operator, parameters, _, _ = SMOOTH[name]
    loss = getattr(xp, operator)(x, t, **parameters)
    square = loss**2
    slope = grad(loss, x)
    return {"dloss/dx": slope, "d2square/dx2": grad(xp.asarray(WEIGHTS) * grad(square, x), x)}


LINES = {
    "l1_loss": ("l1_loss", {}, X, FAR_AND_NEAR),
    "l1_loss_of_each": ("l1_loss", {"reduction": "none"}, X, FAR_AND_NEAR),
    "kl_div": ("kl_div", {}, X, TARGETS),
    "kl_div_of_a_batch": ("kl_div", {"reduction": "batchmean"}, X, TARGETS),
    "hinge_embedding_loss": ("hinge_embedding_loss", {}, X, SIGNS),
    "summed_hinge_embedding_loss": ("hinge_embedding_loss", {"margin": 2.5, "reduction": "sum"},
                                    X, SIGNS),
}


@family(**{name: {"x": x, "t": t} for name, (_, _, x, t) in LINES.items()})
def loss_of_lines(xp, name, x, t):
    """A loss that grows as a line has all its curvature from what it is inside of."""
    operator, parameters, _, _ = LINES[name]
    loss = getattr(xp, operator)(x, t, **parameters)
    dsquare_dx = grad(loss**2, x)
    return {"dloss/dx": grad(loss, x), "dsquare/dx": dsquare_dx,
            "d2square/dx2": grad(xp.asarray(WEIGHTS) * dsquare_dx, x)}


TO_TARGETS = {name: {**SMOOTH, **LINES}[name] for name in (
    "mse_loss", "l1_loss_of_each", "huber_loss", "smooth_l1_loss", "kl_div",
    "kl_div_of_logarithms", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "poisson_nll_loss", "softmax_cross_entropy", "softmax_cross_entropy_of_rows")}


@family(**{name: {"x": x, "t": t} for name, (_, _, x, t) in TO_TARGETS.items()})
def loss_and_its_target(xp, name, x, t):
    """A target has a gradient as well, as when it is another network's output."""
    operator, parameters, _, _ = TO_TARGETS[name]
    square = getattr(xp, operator)(x, t, **parameters) ** 2
    weights = xp.asarray(WEIGHTS)
    dsquare_dt, dsquare_dx = grad(square, t), grad(square, x)
    return {"dsquare/dt": dsquare_dt, "d2square/dtdx": grad(weights * dsquare_dt, x),
            "d2square/dt2": grad(weights * dsquare_dt, t),
            "d2square/dxdt": grad(weights * dsquare_dx, t)}


@family(
    mean={"x": X, "t": FAR_AND_NEAR, "v": PROBABILITIES},
    sum={"x": X, "t": FAR_AND_NEAR, "v": PROBABILITIES},
    none={"x": X, "t": FAR_AND_NEAR, "v": PROBABILITIES},
)
def likelihood_of_a_variance(xp, reduction, x, t, v):
    """A network that predicts its own variance has a gradient for it."""
    loss = xp.gaussian_nll_loss(x, t, v, reduction=reduction)
    dloss_dx, dloss_dv = grad(loss, x), grad(loss, v)
    weights = xp.asarray(WEIGHTS)
    return {"dloss/dx": dloss_dx, "dloss/dv": dloss_dv, "d2loss/dx2": grad(weights * dloss_dx, x),
            "d2loss/dxdv": grad(weights * dloss_dx, v), "d2loss/dv2": grad(weights * dloss_dv, v)}


@family(
    mean={"x": X, "w": FAR_AND_NEAR, "t": SIGNS},
    none={"x": X, "w": FAR_AND_NEAR, "t": SIGNS},
)
def ranking_with_a_margin(xp, reduction, x, w, t):
    """A pair pulls at both of its scores while they are not a margin apart."""
    loss = xp.margin_ranking_loss(x, w, t, margin=0.5, reduction=reduction)
    dsquare_dx, dsquare_dw = grad(loss**2, x), grad(loss**2, w)
    return {"dloss/dx": grad(loss, x), "dloss/dw": grad(loss, w), "dsquare/dx": dsquare_dx,
            "d2square/dx2": grad(xp.asarray(WEIGHTS) * dsquare_dx, x),
            "d2square/dwdx": grad(xp.asarray(WEIGHTS) * dsquare_dw, x)}


ROWS = [[0.5, -1.25, 2.0, 0.25], [0.75, 3.0, -0.375, -1.0], [-2.0, 0.5, 1.5, -0.75]]
CLASSES = {
    "cross_entropy": ("cross_entropy", {}),
    "cross_entropy_of_rows": ("cross_entropy", {"reduction": "none"}),
    "smoothed_cross_entropy": ("cross_entropy", {"label_smoothing": 0.125}),
    "summed_smoothed_cross_entropy": ("cross_entropy", {"label_smoothing": 0.5,
                                                        "reduction": "sum"}),
    "nll_loss": ("nll_loss", {}),
    "nll_loss_of_rows": ("nll_loss", {"reduction": "none"}),
}


@family(**{name: {"x": ROWS} for name in CLASSES})
def loss_of_classes(xp, name, x):
    """The class of a row is an index, which has no gradient."""
    operator, parameters = CLASSES[name]
    loss = getattr(xp, operator)(x, target=(0, 2, 3), **parameters)
    weights = xp.asarray([[1.0, -0.5, 2.0, 0.75], [1.5, -1.25, 0.25, 3.0], [0.5, 2.5, -2.0, 1.25]])
    dsquare_dx = grad(loss**2, x)
    return {"dloss/dx": grad(loss, x), "dsquare/dx": dsquare_dx,
            "d2square/dx2": grad(weights * dsquare_dx, x)}


@family(
    rows={"x": X, "w": FAR_AND_NEAR},
    columns={"x": X, "w": FAR_AND_NEAR},
)
def similarity_of_directions(xp, name, x, w):
    """A similarity of directions has no slope along either vector."""
    axis = {"rows": -1, "columns": 0}[name]
    y = xp.cosine_similarity(x, w, axis=axis)
    cotangent = xp.asarray({"rows": [1.0, -0.5], "columns": [1.0, -0.5, 2.0]}[name])
    dy_dx, dy_dw = grad(cotangent * y, x), grad(cotangent * y, w)
    weights = xp.asarray(WEIGHTS)
    return {"dy/dx": dy_dx, "dy/dw": dy_dw, "d2y/dx2": grad(weights * dy_dx, x),
            "d2y/dxdw": grad(weights * dy_dx, w), "d2y/dw2": grad(weights * dy_dw, w)}


@case(x=[-30.0, -14.0, 12.0], t=[0.0, 0.0, 1.0])
def sure_and_right(xp, x, t):
    """Where a prediction is sure and right its small gradient must not be lost in a difference."""
    return {"dloss/dx": grad(xp.binary_cross_entropy_with_logits(x, t, reduction="none"), x)}
