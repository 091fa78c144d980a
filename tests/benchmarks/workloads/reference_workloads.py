"""The programs on the reference engine; Hessian times vector is reverse over reverse."""

import reference_engine as engine

LEFT_OUT = {}
LAYOUTS = {}
variable = engine.Variable
source = data = engine.constant


def set_threads(count):
    """NumPy's BLAS reads the environment."""


def call(program, inputs):
    return lambda: program(*inputs)


def to_numpy(result):
    return result.numpy()


def notebook_sum_square(x):
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = engine.sum(x)
        z = y**2
    return tape.gradient(z, x), tape.gradient(y, x)


def chained_powers(x):
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**2
        z = y**2
    return tape.gradient(z, x), tape.gradient(y, x)


def second_derivative(x):
    with engine.GradientTape() as outer:
        with engine.GradientTape() as inner:
            y = x**3
        dy_dx = inner.gradient(y, x)
    return dy_dx, outer.gradient(dy_dx, x)


def sum_of_squares(x):
    with engine.GradientTape() as tape:
        tape.watch(x)
        loss = engine.sum(x * x)
    return loss, tape.gradient(loss, x)


def scalar_chain(x, w, b):
    with engine.GradientTape() as tape:
        tape.watch([x, w, b])
        y = x
        for _ in range(40):
            y = 0.5 * engine.exp(engine.sin(w * y + b))
    return y, *tape.gradient(y, [x, w, b])


def mlp_loss(w1, b1, w2, b2, x, target):
    hidden = engine.tanh(x @ w1 + b1)
    return engine.mean(engine.square(hidden @ w2 + b2 - target))


def mlp(*inputs):
    with engine.GradientTape() as tape:
        loss = mlp_loss(*inputs)
    return loss, *tape.gradient(loss, inputs[:4])


def mlp_hessian_vector(*inputs):
    parameters, vector, examples = inputs[:4], inputs[4:8], inputs[8:]
    with engine.GradientTape() as outer:
        with engine.GradientTape() as inner:
            loss = mlp_loss(*parameters, *examples)
        gradients = inner.gradient(loss, parameters)
    return outer.gradient(gradients, parameters, output_gradients=vector)


def cross_entropy(logits, labels):
    with engine.GradientTape() as tape:
        tape.watch(logits)
        loss = engine.sparse_softmax_cross_entropy(logits, labels)
    return loss, tape.gradient(loss, logits)


def recurrent(wx, wh, b, x):
    with engine.GradientTape() as tape:
        h = engine.zeros(x.shape[1:], "float32")
        for step in x:
            h = engine.tanh(step @ wx + h @ wh + b)
        loss = engine.mean(engine.square(h))
    return loss, *tape.gradient(loss, [wx, wh, b])


def mixture(weights, means, log_scales, lower, x, below, eye):
    with engine.GradientTape() as tape:
        scales = engine.expand_dims(engine.exp(log_scales), 2)
        whiten = engine.matrix_transpose(lower * below + scales * eye)
        white = (x - engine.expand_dims(means, 1)) @ whiten
        height = engine.expand_dims(weights + engine.sum(log_scales, axis=1), 1)
        terms = height - 0.5 * engine.sum(engine.square(white), axis=2)
        loss = (engine.sum(engine.logsumexp(terms, axis=0))
                - x.shape[0] * engine.logsumexp(weights))  # fmt: skip
    return loss, *tape.gradient(loss, [weights, means, log_scales, lower])


def conv2d(x, weight):
    with engine.GradientTape() as tape:
        tape.watch([x, weight])
        loss = engine.mean(engine.square(engine.conv2d(x, weight, padding=1)))
    return loss, *tape.gradient(loss, [x, weight])
