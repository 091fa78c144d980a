"""Small programs of the kinds that people differentiate."""

from conformance import case, family, grad, uniform, variable


@case(x=uniform(4, 2), w=variable([0.75, -1.5]), b=variable(0.25))
def logistic_regression(xp, x, w, b):
    """The gradient of a logistic loss is the data times the error of the probability."""
    label = xp.asarray([1.0, 0.0, 0.0, 1.0])
    logit = x @ w + b
    loss = xp.mean(xp.softplus(logit) - label * logit)
    error = (1 / (1 + xp.exp(-logit)) - label) / 4
    return {"dloss/dw": grad(loss, w) == x.T @ error, "dloss/db": grad(loss, b) == xp.sum(error)}


@case(x=uniform(4, 2), w=variable([0.75, -1.5]))
def least_squares(xp, x, w):
    """The gradient of a mean squared error is the data times twice the mean residual."""
    residual = x @ w - xp.asarray([1.5, -0.5, 0.25, 2.0])
    loss = xp.mean(residual**2)
    dloss_dw = grad(loss, w)
    return {
        "dloss/dw": dloss_dw == x.T @ residual / 2,
        "d2loss/dwdw0": grad(dloss_dw[0], w) == x.T @ x[:, 0] / 2,
    }


@case(x=uniform(3, 2, low=0.25), w1=variable(uniform(2, 4)), b1=variable(uniform(4)),
      w2=variable(uniform(4, 1)), b2=variable(0.25))
def network_with_two_layers(xp, x, w1, b1, w2, b2):
    """A mean squared error reaches the weights and biases of both layers."""
    h = xp.tanh(x @ w1 + b1)
    error = h @ w2 + b2 - xp.asarray([[1.5], [-0.5], [2.0]])
    loss = xp.mean(error**2)
    delta = 2 * error / 3
    return {
        "dloss/dw1": grad(loss, w1) == x.T @ (delta @ w2.T * (1 - h**2)),
        "dloss/db1": grad(loss, b1) == xp.sum(delta @ w2.T * (1 - h**2), axis=0),
        "dloss/dw2": grad(loss, w2) == h.T @ delta,
        "dloss/db2": grad(loss, b2) == xp.sum(delta),
    }


@case(logits=uniform(2, 3, low=-2.0, high=2.0))
def softmax_cross_entropy(xp, logits):
    """The gradient of a cross-entropy is the probability less the label."""
    label = xp.asarray([[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])
    loss = -xp.mean(xp.sum(label * xp.log_softmax(logits, axis=-1), axis=-1))
    return {"dloss/dlogits": grad(loss, logits) == (xp.softmax(logits, axis=-1) - label) / 2}


@case(logits=uniform(2, 3, low=-2.0, high=2.0))
def cross_entropy_written_out(xp, logits):
    """Probabilities, logarithm and picking by hand give the gradient of the fused loss."""
    p = xp.exp(logits) / xp.sum(xp.exp(logits), axis=1, keepdims=True)
    loss = -(xp.log(p[0, 1]) + xp.log(p[1, 2])) / 2
    label = xp.asarray([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return {"dloss/dlogits": grad(loss, logits) == (xp.softmax(logits, axis=1) - label) / 2}


@case(x=[[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]], scale=[1.5, -0.5, 2.0], shift=[0.25, 1.0, -0.75])
def layer_normalisation(xp, x, scale, shift):
    """Mean and variance both pass gradients on to every element of a row."""
    w = xp.asarray([[0.5, -1.5, 2.0], [1.0, 0.75, -0.25]])
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    spread = xp.sqrt(xp.mean(centred**2, axis=-1, keepdims=True) + 0.03125)
    y = centred / spread * scale + shift
    return {
        "dy/dx": grad(w * y, x),
        "dy/dscale": grad(w * y, scale) == xp.sum(w * centred / spread, axis=0),
        "dy/dshift": grad(w * y, shift) == xp.sum(w, axis=0),
    }


@case(x=uniform(4, 2), scale=[1.5, -0.5])
def batch_normalisation(xp, x, scale):
    """Statistics over a batch couple the gradients of its rows."""
    w = xp.asarray([[0.5, -1.5], [2.0, 1.0], [0.75, -0.25], [-1.25, 3.0]])
    spread = xp.var(x, axis=0) + 0.03125
    y = (x - xp.mean(x, axis=0)) * xp.rsqrt(spread) * scale
    return {"dy/dx": grad(w * y, x), "dy/dscale": grad(w * y, scale)}


@case(query=uniform(2, 2, low=-2.0, high=2.0), key=uniform(2, 2, low=-2.0, high=2.0),
      value=uniform(2, 2, low=-2.0, high=2.0))
def attention_head(xp, query, key, value):
    """Queries and keys get their gradients through the weights, and values through the sums."""
    w = xp.asarray([[0.5, -1.25], [2.0, 3.0]])
    p = xp.softmax(query @ key.T / xp.sqrt(2.0), axis=-1)
    y = w * (p @ value)
    ds = p * (w @ value.T - xp.sum(p * (w @ value.T), axis=-1, keepdims=True)) / xp.sqrt(2.0)
    return {
        "dy/dquery": grad(y, query) == ds @ key,
        "dy/dkey": grad(y, key) == ds.T @ query,
        "dy/dvalue": grad(y, value) == p.T @ w,
    }


@case(x=[0.5, -1.25, 2.0, 0.75], mean=0.25, log_scale=-0.5)
def gaussian_likelihood(xp, x, mean, log_scale):
    """A normal log-likelihood has a score for its location and for its scale."""
    z = (x - mean) * xp.exp(-log_scale)
    loss = xp.sum(z**2 / 2 + log_scale)
    return {
        "dloss/dx": grad(loss, x) == z * xp.exp(-log_scale),
        "dloss/dmean": grad(loss, mean) == -xp.sum(z) * xp.exp(-log_scale),
        "dloss/dlog_scale": grad(loss, log_scale) == 4 - xp.sum(z**2),
    }


@case(x=[1.5, -0.5, 0.25, 2.0], h=[0.25, -0.75], w=[[0.5, -1.25], [0.75, 0.25]], u=[1.5, -0.5])
def recurrent_cell(xp, x, h, w, u):
    """Weights that are shared by four steps collect a gradient from each."""
    state = h
    for step in range(4):
        state = xp.tanh(w @ state + u * x[step])
    loss = xp.sum(state * xp.asarray([2.0, -1.5]))
    return {
        "dloss/dw": grad(loss, w),
        "dloss/du": grad(loss, u),
        "dloss/dh": grad(loss, h),
        "dloss/dx": grad(loss, x),
    }


@case(x=0.75, rate=-0.5)
def euler_steps_of_decay(xp, x, rate):
    """Four steps of a linear equation multiply the initial value by a fourth power."""
    y = x
    for _ in range(4):
        y = y + 0.25 * rate * y
    return {
        "dy/dx": grad(y, x) == (1 + rate / 4) ** 4,
        "dy/drate": grad(y, rate) == x * (1 + rate / 4) ** 3,
    }


@case(position=0.75, velocity=-0.5, stiffness=1.5)
def symplectic_steps_of_a_pendulum(xp, position, velocity, stiffness):
    """The end of a trajectory depends on its start and on the law of motion."""
    q, p = position, velocity
    for _ in range(4):
        p = p - 0.25 * stiffness * xp.sin(q)
        q = q + 0.25 * p
    return {
        "dq/dposition": grad(q, position),
        "dq/dvelocity": grad(q, velocity),
        "dq/dstiffness": grad(q, stiffness),
        "area": grad(q, position) * grad(p, velocity) - grad(q, velocity) * grad(p, position) == 1,
    }


@case(x=[0.5, -1.25], w=1.5)
def predator_and_prey(xp, x, w):
    """Steps of a coupled system mix the gradients of its two populations."""
    state = xp.exp(x)
    for _ in range(3):
        state = state * (1 + 0.125 * (w - xp.flip(state)) * xp.asarray([1.0, -1.0]))
    return {"dstate/dx": grad(state[0], x), "dstate/dw": grad(state[0], w)}


@case(x=[2.0, -1.5, -0.5, 0.25])
def guarded_logarithm(xp, x):
    """A logarithm guarded inside and outside its choice has a finite gradient everywhere."""
    y = xp.where(x > 0, xp.log(xp.where(x > 0, x, 1.0)), 0.0)
    safe = xp.where(x > 0, x, 1.0)
    return {"dy/dx": grad(y + x, x) == 1 + xp.where(x > 0, 1 / safe, 0.0)}


@case(x=[2.0, -1.5, 0.25], w=[1.0, 0.0, 0.5])
def guarded_quotient(xp, x, w):
    """A quotient that replaces a divisor of zero never divides by it in the gradient either."""
    present = xp.asarray([True, False, True])
    y = xp.where(present, x / xp.where(present, w, 1.0), 0.0)
    return {
        "dy/dx": grad(y, x) == xp.asarray([1.0, 0.0, 2.0]),
        "dy/dw": grad(y, w) == xp.asarray([-2.0, 0.0, -1.0]),
    }


@family(
    softplus={"x": [-2.0, -0.5, 0.75, 1.5]},
    swish={"x": [-2.0, -0.5, 0.75, 1.5]},
    gelu={"x": [-2.0, -0.5, 0.75, 1.5]},
    mish={"x": [-2.0, -0.5, 0.75, 1.5]},
    elu={"x": [-2.0, -0.5, 0.75, 1.5]},
    leaky={"x": [-2.0, -0.5, 0.75, 1.5]},
)
def activation(xp, name, x):
    """Activations that are written out have their slopes from the chain and product rules."""
    y = {
        "softplus": lambda: xp.log1p(xp.exp(x)),
        "swish": lambda: x * xp.sigmoid(x),
        "gelu": lambda: 0.5 * x * (1 + xp.erf(x / xp.sqrt(2.0))),
        "mish": lambda: x * xp.tanh(xp.softplus(x)),
        "elu": lambda: xp.where(x > 0, x, xp.expm1(xp.minimum(x, 0.0))),
        "leaky": lambda: xp.maximum(x, 0.125 * x),
    }[name]()
    return {"dy/dx": grad(y, x)}


@case(x=[0.5, -1.25, 2.0], centre=[[1.5, 0.25, -0.5], [0.75, -2.0, 1.0]])
def distances_to_centres(xp, x, centre):
    """A sum of distances pulls a point along the unit vectors towards the centres."""
    distance = xp.sqrt(xp.sum((x - centre) ** 2, axis=1))
    unit = (x - centre) / xp.expand_dims(distance, axis=1)
    return {
        "dy/dx": grad(distance, x) == xp.sum(unit, axis=0),
        "dy/dcentre": grad(distance, centre) == -unit,
    }


@case(x=[0.5, -1.25, 2.0, 0.75, 1.5], kernel=[1.5, -0.5, 0.25])
def convolution_by_slices(xp, x, kernel):
    """A kernel that slides over a signal collects a gradient at every position."""
    y = sum(kernel[i] * x[i:i + 3] for i in range(3))
    w = xp.asarray([2.0, -1.5, 0.75])
    return {
        "dy/dkernel": grad(y * w, kernel)
        == xp.stack([x[0:3] @ w, x[1:4] @ w, x[2:5] @ w]),
        "dy/dx": grad(y * w, x),
    }


@case(x=1.5)
def babylonian_square_root(xp, x):
    """Three steps of an iteration differentiate to the slope of what they converge to."""
    y = 1.25
    for _ in range(3):
        y = 0.5 * (y + x / y)
    return {"dy/dx": grad(y, x), "d2y/dx2": grad(grad(y, x), x)}


@case(a=1.5, b=-0.5, c=0.75, x=0.5)
def horner_scheme(xp, a, b, c, x):
    """Coefficients of a polynomial have the powers of its argument as gradients."""
    y = (a * x + b) * x + c
    return {
        "dy/da": grad(y, a) == x**2,
        "dy/db": grad(y, b) == x,
        "dy/dc": grad(y, c) == 1,
        "dy/dx": grad(y, x) == 2 * a * x + b,
    }


@case(spot=1.5, strike=1.25, volatility=0.5)
def price_of_an_option(xp, spot, strike, volatility):
    """The delta of an option is the probability that its formula contains."""
    d1 = (xp.log(spot / strike) + volatility**2 / 2) / volatility
    d2 = d1 - volatility
    cdf = [0.5 * (1 + xp.erf(d / xp.sqrt(2.0))) for d in (d1, d2)]
    price = spot * cdf[0] - strike * cdf[1]
    return {
        "delta": grad(price, spot) == cdf[0],
        "gamma": grad(grad(price, spot), spot),
        "vega": grad(price, volatility),
        "dprice/dstrike": grad(price, strike) == -cdf[1],
    }
