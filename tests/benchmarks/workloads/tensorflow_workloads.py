"""The programs in eager TensorFlow; Hessian times vector is reverse over reverse.

Convolution is in NHWC, the only layout that TensorFlow has on a CPU.
"""

import tensorflow as tf

LEFT_OUT = {}
LAYOUTS = {"conv2d": [(0, 2, 3, 1), (2, 3, 1, 0)]}
variable = tf.Variable
source = data = tf.constant


def set_threads(count):
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def call(program, inputs):
    return lambda: program(*inputs)


def to_numpy(result):
    return result.numpy()


def notebook_sum_square(x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.reduce_sum(x)
        z = y**2
    return tape.gradient(z, x), tape.gradient(y, x)


def chained_powers(x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**2
        z = y**2
    return tape.gradient(z, x), tape.gradient(y, x)


def second_derivative(x):
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x**3
        dy_dx = inner.gradient(y, x)
    return dy_dx, outer.gradient(dy_dx, x)


def sum_of_squares(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(x * x)
    return loss, tape.gradient(loss, x)


def scalar_chain(x, w, b):
    with tf.GradientTape() as tape:
        tape.watch([x, w, b])
        y = x
        for _ in range(40):
            y = 0.5 * tf.exp(tf.sin(w * y + b))
    return y, *tape.gradient(y, [x, w, b])


def mlp_loss(w1, b1, w2, b2, x, target):
    hidden = tf.tanh(x @ w1 + b1)
    return tf.reduce_mean(tf.square(hidden @ w2 + b2 - target))


def mlp(*inputs):
    with tf.GradientTape() as tape:
        loss = mlp_loss(*inputs)
    return loss, *tape.gradient(loss, inputs[:4])


def mlp_hessian_vector(*inputs):
    parameters, vector, examples = inputs[:4], inputs[4:8], inputs[8:]
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = mlp_loss(*parameters, *examples)
        gradients = inner.gradient(loss, parameters)
    return outer.gradient(gradients, parameters, output_gradients=vector)


def cross_entropy(logits, labels):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    return loss, tape.gradient(loss, logits)


def recurrent(wx, wh, b, x):
    with tf.GradientTape() as tape:
        h = tf.zeros(x.shape[1:])
        for step in tf.unstack(x):
            h = tf.tanh(step @ wx + h @ wh + b)
        loss = tf.reduce_mean(tf.square(h))
    return loss, *tape.gradient(loss, [wx, wh, b])


def mixture(weights, means, log_scales, lower, x, below, eye):
    with tf.GradientTape() as tape:
        scales = tf.exp(log_scales)[:, :, None]
        whiten = lower * below + scales * eye
        white = tf.matmul(x - means[:, None, :], whiten, transpose_b=True)
        height = (weights + tf.reduce_sum(log_scales, axis=1))[:, None]
        terms = height - 0.5 * tf.reduce_sum(tf.square(white), axis=2)
        loss = (tf.reduce_sum(tf.reduce_logsumexp(terms, axis=0))
                - x.shape[0] * tf.reduce_logsumexp(weights))
    return loss, *tape.gradient(loss, [weights, means, log_scales, lower])


def conv2d(x, weight):
    with tf.GradientTape() as tape:
        tape.watch([x, weight])
        loss = tf.reduce_mean(tf.square(tf.nn.conv2d(x, weight, strides=1, padding="SAME")))
    return loss, *tape.gradient(loss, [x, weight])
