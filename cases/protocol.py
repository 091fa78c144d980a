"""What a gradient tape records, answers and refuses, as TensorFlow's does."""

from conformance import protocol

EARLIER_USE = protocol.Difference(
    "tensorflow",
    "a record made for one operand serves every operand that is watched by the time of the "
    "gradient, so dy/dw is 8: watch() notes an id, and gradient() follows the ids of a record",
    "https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/c/eager/tape.h",
    says="8.0",
)
FORWARD_PAST_A_CUSTOM_GRADIENT = protocol.Difference(
    "tensorflow",
    "a tangent goes through the operators of the body, where the documentation says that the "
    "derivative of the author's function by its cotangent makes the forward mode",
    "https://www.tensorflow.org/api_docs/python/tf/custom_gradient",
    says="got    6.0",
)
PROMOTION = protocol.Difference(
    "reference_engine",
    "float32 and float64 make float64, as in the array API standard",
    "https://data-apis.org/array-api/latest/API_specification/type_promotion.html",
    says="wanted Exception",
)
NONE_AMONG_OUTPUT_GRADIENTS = protocol.Difference(
    "tensorflow",
    "2.21 refuses None inside a list of output gradients, for which its own code has a branch",
    "https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/python/eager/backprop.py",
    says="convert a value (None)",
)


def recorded(tf, function, *at, persistent=False):
    """A tape that watched `at`, and what it saw `function` compute from them."""
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(list(at))
        result = function(*at)
    return tape, result


def slopes(tf, function, *at):
    """The gradient of a function with respect to each of its arguments."""
    tape, result = recorded(tf, function, *at)
    return tape.gradient(result, list(at))


def slope(tf, function, x):
    """The gradient of a function of one argument."""
    return slopes(tf, function, x)[0]


# --- watching


@protocol.check("watching")
def a_watched_tensor_has_a_gradient(tf, words):
    """What is computed from a watched tensor has a derivative."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    return {"dy/dx": (tape.gradient(y, x), 6.0)}


@protocol.check("watching")
def a_tensor_that_is_not_watched_has_none(tf, words):
    """A tensor that is used without being watched is a constant."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * w
    return {"dy/d[x, w]": (tape.gradient(y, [x, w]), [3.0, None])}


@protocol.check("watching")
def a_nest_is_watched_whole(tf, words):
    """Lists, tuples and dicts are watched down to their leaves."""
    a, b, c, d = (tf.constant(float(value)) for value in (2, 3, 5, 7))
    with tf.GradientTape() as tape:
        tape.watch({"a": a, "rest": [b, (c,)]})
        y = a * b * c * d
    return {"dy/d[a, b, c, d]": (tape.gradient(y, [a, b, c, d]), [105.0, 70.0, 42.0, None])}


@protocol.check("watching")
def watching_late_sees_later_uses_only(tf, words):
    """What was computed before watch() stays a constant."""
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        early = x * x
        tape.watch(x)
        y = early * x
    return {"dy/d[x, early]": (tape.gradient(y, [x, early]), [4.0, None])}


@protocol.check("watching", EARLIER_USE)
def watching_late_changes_no_earlier_record(tf, words):
    """A use before watch() stays a constant though another operand had it recorded."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        early = x * w
        tape.watch(w)
        y = early + w * w
    return {"dy/d[x, w]": (tape.gradient(y, [x, w]), [3.0, 6.0])}


@protocol.check("watching")
def watching_an_intermediate_makes_it_a_source(tf, words):
    """A tensor computed inside the block may be watched from then on."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        tape.watch(y)
        z = y * y
    return {"dz/d[x, y]": (tape.gradient(z, [x, y]), [None, 18.0])}


@protocol.check("watching")
def watching_twice_counts_once(tf, words):
    """A tensor watched twice has the same gradient as one watched once."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        tape.watch([x, x])
        y = x * x
    return {"dy/dx": (tape.gradient(y, x), 6.0)}


@protocol.check("watching")
def watching_a_number_is_refused(tf, words):
    """A number has no identity that a tape could follow."""
    with tf.GradientTape() as tape:
        errors = [words.raised(tape.watch, value) for value in (2.0, None, [1.0])]
    return {f"watch({value})": (error, TypeError | ValueError)
            for value, error in zip(("2.0", "None", "[1.0]"), errors, strict=True)}


@protocol.check("watching")
def watching_an_integer_warns(tf, words):
    """An integer has no derivative, which watch() says at once."""
    with tf.GradientTape() as tape:
        warned = words.warned(tape.watch, tf.constant(3))
        silent = words.warned(tape.watch, tf.constant(3.0))
    return {"for an integer": (warned, True), "for a float": (silent, False)}


@protocol.check("watching")
def equal_values_are_not_the_same_tensor(tf, words):
    """A tape follows the tensor, not its value."""
    x, w = tf.constant(3.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = w * w
    return {"dy/dx": (tape.gradient(y, x), None)}


# --- variables


@protocol.check("variables")
def a_variable_is_watched_by_being_read(tf, words):
    """A trainable variable needs no watch()."""
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v * v
    return {"dy/dv": (tape.gradient(y, v), 6.0)}


@protocol.check("variables")
def an_untrainable_variable_is_not(tf, words):
    """A variable made with trainable=False is a constant."""
    v, w = tf.Variable(3.0, trainable=False), tf.Variable(5.0)
    with tf.GradientTape() as tape:
        y = v * w
    return {"dy/d[v, w]": (tape.gradient(y, [v, w]), [None, 3.0])}


@protocol.check("variables")
def an_untrainable_variable_can_be_watched(tf, words):
    """A variable is followed by watch() whatever it is for."""
    v = tf.Variable(3.0, trainable=False)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = v * v
    return {"dy/dv": (tape.gradient(y, v), 6.0)}


@protocol.check("variables")
def a_tape_may_decline_to_watch_what_is_read(tf, words):
    """With watch_accessed_variables=False only the watched variables count."""
    v, w = tf.Variable(3.0), tf.Variable(5.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = v * w
    return {"dy/d[v, w]": (tape.gradient(y, [v, w]), [5.0, None])}


@protocol.check("variables")
def a_declined_variable_counts_from_its_watch(tf, words):
    """What was read before watch() stays a constant."""
    v = tf.Variable(3.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        before = v * v
        tape.watch(v)
        y = v * before
    return {"dy/dv": (tape.gradient(y, v), 9.0)}


@protocol.check("variables")
def a_variable_read_before_the_tape_is_a_constant(tf, words):
    """A value that was read outside the block is not followed."""
    v = tf.Variable(3.0)
    r = v * 1.0
    with tf.GradientTape() as tape:
        y = r * r
    return {"dy/dv": (tape.gradient(y, v), None)}


@protocol.check("variables")
def a_variable_may_be_the_target(tf, words):
    """The derivative of a variable with respect to itself is one."""
    v = tf.Variable([3.0, 4.0])
    with tf.GradientTape() as tape:
        v * v
    return {"dv/dv": (tape.gradient(v, v), [1.0, 1.0])}


@protocol.check("variables")
def watched_variables_come_in_order_of_construction(tf, words):
    """They are a tuple, each once, in the order in which they were made, not read."""
    first, second, third = tf.Variable(1.0), tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        third * second * third
        first * 1.0
    watched = tape.watched_variables()
    return {
        "a tuple": (isinstance(watched, tuple), True),
        "how many": (len(watched), 3),
        "in order": ([one is made for one, made in
                      zip(watched, (first, second, third), strict=True)], [True, True, True]),
    }


@protocol.check("variables")
def watched_variables_are_the_trainable_and_the_watched(tf, words):
    """Tensors, untrainable variables and unread ones are not among them."""
    tape = tf.GradientTape()
    before = tape.watched_variables()
    x, v = tf.constant(1.0), tf.Variable(2.0)
    fixed, asked, unread = (tf.Variable(value, trainable=False) for value in (3.0, 4.0, 5.0))
    with tape:
        tape.watch([x, asked])
        x * v * fixed
    watched = tape.watched_variables()
    unread.assign(0.0)
    return {
        "before": (before, ()),
        "after": ([one is made for one, made in zip(watched, (v, asked), strict=True)],
                  [True, True]),
    }


@protocol.check("variables")
def watched_variables_are_known_after_the_gradient(tf, words):
    """A tape that forgot its recording still names its variables."""
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v * v
    tape.gradient(y, v)
    return {"watched": ([one is v for one in tape.watched_variables()], [True])}


@protocol.check("variables")
def an_outer_tape_watches_what_an_inner_one_reads(tf, words):
    """Every tape that records watches a variable that is read."""
    v = tf.Variable(3.0)
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        y = v * v
    return {
        "outer": ([one is v for one in outer.watched_variables()], [True]),
        "d/dv": ([outer.gradient(y, v), inner.gradient(y, v)], [6.0, 6.0]),
    }


@protocol.check("variables")
def an_integer_variable_is_not_watched(tf, words):
    """Reading an integer variable makes no gradient."""
    n, v = tf.Variable(3), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        m = n * 2
        y = v * 2.0
    return {"d/d[n, v]": (tape.gradient([m, y], [n, v]), [None, 2.0])}


@protocol.check("variables")
def a_variable_made_of_a_tensor_is_cut_from_it(tf, words):
    """A variable starts with a value, not with its history."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        v = tf.Variable(x * x)
        y = v * x
    return {"dy/d[x, v]": (tape.gradient(y, [x, v]), [9.0, 3.0])}


# --- assignment


@protocol.check("assignment")
def a_recording_keeps_the_value_that_was_read(tf, words):
    """Assigning after the block changes no gradient."""
    v = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = v * v * v
    v.assign([0.0, 0.0])
    return {"dy/dv": (tape.gradient(y, v), [3.0, 12.0]), "v": (v, [0.0, 0.0])}


@protocol.check("assignment")
def every_read_counts_with_its_own_value(tf, words):
    """A gradient sums over the reads before an assignment and after it."""
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v * v
        v.assign(10.0)
        z = y * v
    return {"z": (z, 90.0), "dz/dv": (tape.gradient(z, v), 69.0)}


@protocol.check("assignment")
def an_assignment_passes_no_gradient_to_its_variable(tf, words):
    """A variable assigned from itself starts anew."""
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        v.assign(v * v)
        z = v * 2.0
    return {"z": (z, 18.0), "dz/dv": (tape.gradient(z, v), 2.0)}


@protocol.check("assignment")
def an_assignment_passes_no_gradient_to_a_tensor(tf, words):
    """What is added to a variable is cut from its history."""
    v, x = tf.Variable(3.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        v.assign_add(x * x)
        z = v * x
    return {"z": (z, 14.0), "dz/d[v, x]": (tape.gradient(z, [v, x]), [2.0, 7.0])}


@protocol.check("assignment")
def a_step_downhill(tf, words):
    """Gradient descent is a gradient and then assign_sub."""
    v, seen = tf.Variable([4.0, -2.0]), []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = words.sum(v * v)
        v.assign_sub(0.25 * tape.gradient(loss, v))
        seen.append(v * 1.0)
    return {"steps": (seen, [[2.0, -1.0], [1.0, -0.5], [0.5, -0.25]])}


@protocol.check("assignment")
def an_assignment_of_another_shape_is_refused(tf, words):
    """A variable keeps its shape, and its value when refused."""
    v = tf.Variable([1.0, 2.0])
    return {"error": (words.raised(v.assign, [1.0, 2.0, 3.0]), ValueError),
            "v": (v, [1.0, 2.0])}


@protocol.check("assignment")
def an_assignment_of_another_dtype_is_refused(tf, words):
    """A variable keeps its dtype."""
    v = tf.Variable(1.0, dtype="float32")
    error = words.raised(v.assign, tf.constant(2.0, "float64"))
    return {"error": (error, TypeError | ValueError), "v": (v, 1.0)}


# --- sources


@protocol.check("sources")
def a_list_of_sources(tf, words):
    """A list is answered by a list."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x * w, x, w)
    return {"dy/d[x, w]": (tape.gradient(y, [x, w]), [3.0, 2.0])}


@protocol.check("sources")
def a_tuple_of_sources(tf, words):
    """A tuple is answered by a tuple."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x * w, x, w)
    return {"dy/d(w, x)": (tape.gradient(y, (w, x)), (2.0, 3.0))}


@protocol.check("sources")
def a_dict_of_sources_keeps_its_order(tf, words):
    """A dict is answered by a dict, in the order of its own keys."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x * w, x, w)
    answer = tape.gradient(y, {"z": x, "a": w})
    return {"dy/d{z: x, a: w}": (answer, {"z": 3.0, "a": 2.0})}


@protocol.check("sources")
def a_nest_of_sources(tf, words):
    """Structures nest."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x * w, x, w)
    answer = tape.gradient(y, {"b": [w, (x,)], "a": x})
    return {"dy/d{b: [w, (x,)], a: x}": (answer, {"b": [2.0, (3.0,)], "a": 3.0})}


@protocol.check("sources")
def a_named_tuple_of_sources(tf, words):
    """A named tuple is answered by one of its kind."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x * w, x, w)
    answer = tape.gradient(y, protocol.Pair(x, w))
    return {"dy/dPair(x, w)": (answer, protocol.Pair(3.0, 2.0))}


@protocol.check("sources")
def no_sources_no_answers(tf, words):
    """An empty list is answered by an empty list."""
    tape, y = recorded(tf, lambda x: x * x, tf.constant(2.0))
    return {"dy/d[]": (tape.gradient(y, []), [])}


@protocol.check("sources")
def a_source_named_twice_has_its_answer_twice(tf, words):
    """Sources may repeat, and each gets the whole derivative."""
    x = tf.constant(3.0)
    tape, y = recorded(tf, lambda x: x * x, x)
    return {"dy/d[x, x]": (tape.gradient(y, [x, x]), [6.0, 6.0])}


@protocol.check("sources")
def an_intermediate_is_a_source(tf, words):
    """An intermediate value as a source does not cut the way to its own sources."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        z = y * y + x
    return {"dz/d[x, y]": (tape.gradient(z, [x, y]), [109.0, 18.0])}


@protocol.check("sources")
def a_source_after_the_target_is_unconnected(tf, words):
    """A derivative goes backward only."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    return {"dy/d[z, x]": (tape.gradient(y, [z, x]), [None, 6.0])}


@protocol.check("sources")
def a_source_that_is_no_tensor_is_refused(tf, words):
    """A number or None cannot be differentiated by, and the tape is not used up."""
    x = tf.constant(2.0)
    tape, y = recorded(tf, lambda x: x * x, x)
    errors = [words.raised(tape.gradient, y, source) for source in (2.0, None, [x, None])]
    return {"errors": (["raised" if error else None for error in errors], ["raised"] * 3),
            "dy/dx": (tape.gradient(y, x), 4.0)}


# --- targets


@protocol.check("targets")
def several_targets_are_summed(tf, words):
    """The gradient of a list is the gradient of its sum."""
    x = tf.constant([1.0, 2.0])
    tape, targets = recorded(tf, lambda x: [x * x, 3.0 * x], x)
    return {"d/dx": (tape.gradient(targets, x), [5.0, 7.0])}


@protocol.check("targets")
def targets_of_different_shapes(tf, words):
    """Targets are summed whatever their shapes are."""
    x = tf.constant([1.0, 2.0])
    tape, targets = recorded(tf, lambda x: (x[1] * x[1], x * 3.0), x)
    return {"d/dx": (tape.gradient(targets, x), [3.0, 7.0])}


@protocol.check("targets")
def a_nest_of_targets(tf, words):
    """Targets may be in dicts, lists and tuples."""
    x = tf.constant(2.0)
    tape, targets = recorded(tf, lambda x: {"p": x * x, "q": [3.0 * x, (x * x * x,)]}, x)
    return {"d/dx": (tape.gradient(targets, x), 19.0)}


@protocol.check("targets")
def no_targets_no_gradient(tf, words):
    """Nothing depends on anything."""
    x = tf.constant(2.0)
    tape, _ = recorded(tf, lambda x: x * x, x)
    return {"d[]/dx": (tape.gradient([], x), None)}


@protocol.check("targets")
def a_target_that_is_no_scalar_stands_for_its_sum(tf, words):
    """The elements of a target are summed."""
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    w = tf.constant(2.0)
    return {"d/d[x, w]": (slopes(tf, lambda x, w: x * x * w, x, w),
                          [[[4.0, 8.0], [12.0, 16.0]], 30.0])}


@protocol.check("targets")
def a_target_named_twice_counts_twice(tf, words):
    """The sum has it twice."""
    x = tf.constant(3.0)
    tape, y = recorded(tf, lambda x: x * x, x)
    return {"d[y, y]/dx": (tape.gradient([y, y], x), 12.0)}


@protocol.check("targets")
def a_target_that_another_is_computed_from(tf, words):
    """A target's own share is added to what comes through it."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    return {"d[y, z]/d[x, y]": (tape.gradient([y, z], [x, y]), [114.0, 19.0])}


@protocol.check("targets")
def a_target_is_its_own_source(tf, words):
    """A watched tensor and an intermediate have derivative one of themselves."""
    x = tf.constant([3.0, 4.0])
    tape, y = recorded(tf, lambda x: x * x, x, persistent=True)
    return {"dx/dx": (tape.gradient(x, x), [1.0, 1.0]),
            "dy/dy": (tape.gradient(y, y), [1.0, 1.0])}


@protocol.check("targets")
def a_tensor_unknown_to_the_tape_is_its_own_source_too(tf, words):
    """What is asked of itself needs no recording."""
    x, w = tf.constant([3.0, 4.0]), tf.constant(1.0)
    tape, _ = recorded(tf, lambda w: w * w, w)
    return {"dx/dx": (tape.gradient(x, x), [1.0, 1.0])}


@protocol.check("targets")
def a_target_computed_outside_the_block_is_unconnected(tf, words):
    """Only what happens inside the block is recorded."""
    x = tf.constant(2.0)
    tape, _ = recorded(tf, lambda x: None, x)
    return {"d(x*x)/dx": (tape.gradient(x * x, x), None)}


@protocol.check("targets")
def a_target_computed_from_nothing_watched_is_unconnected(tf, words):
    """A target may have nothing to do with its source."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tape, y = recorded(tf, lambda x: w * w, x)
    return {"dy/dx": (tape.gradient(y, x), None)}


@protocol.check("targets")
def none_is_no_target(tf, words):
    """A function that forgot to return is found at once."""
    x = tf.constant(2.0)
    tape, y = recorded(tf, lambda x: x * x, x)
    return {"error": (words.raised(tape.gradient, None, x), TypeError),
            "dy/dx, asked again": (tape.gradient(y, x), 4.0)}


# --- output gradients


@protocol.check("output gradients")
def an_output_gradient_weighs_its_target(tf, words):
    """The answer is the product of the cotangent with the Jacobian."""
    x = tf.constant([1.0, 3.0])
    tape, y = recorded(tf, lambda x: x * x, x)
    cotangent = tf.constant([2.0, 5.0])
    return {"dy/dx": (tape.gradient(y, x, output_gradients=cotangent), [4.0, 30.0])}


@protocol.check("output gradients")
def output_gradients_in_a_list(tf, words):
    """Each target has its own cotangent."""
    x = tf.constant(3.0)
    tape, targets = recorded(tf, lambda x: [x * x, 5.0 * x], x)
    cotangents = [tf.constant(10.0), tf.constant(2.0)]
    return {"d/dx": (tape.gradient(targets, x, output_gradients=cotangents), 70.0)}


@protocol.check("output gradients", NONE_AMONG_OUTPUT_GRADIENTS)
def none_among_output_gradients_means_ones(tf, words):
    """A target without a cotangent counts with ones."""
    x = tf.constant(3.0)
    tape, targets = recorded(tf, lambda x: [x * x, 5.0 * x], x)
    cotangents = [tf.constant(10.0), None]
    return {"d/dx": (tape.gradient(targets, x, output_gradients=cotangents), 65.0)}


@protocol.check("output gradients")
def output_gradients_in_a_dict_are_matched_by_key(tf, words):
    """Their order is not that of the targets."""
    x = tf.constant(3.0)
    tape, targets = recorded(tf, lambda x: {"b": x * x, "a": 5.0 * x}, x)
    cotangents = {"a": tf.constant(1.0), "b": tf.constant(10.0)}
    return {"d/dx": (tape.gradient(targets, x, output_gradients=cotangents), 65.0)}


@protocol.check("output gradients")
def an_output_gradient_may_be_a_number_or_a_variable(tf, words):
    """What can be made a tensor of will do."""
    x = tf.constant(3.0)
    tape, y = recorded(tf, lambda x: x * x, x, persistent=True)
    return {"number": (tape.gradient(y, x, output_gradients=2.0), 12.0),
            "variable": (tape.gradient(y, x, output_gradients=tf.Variable(3.0)), 18.0)}


@protocol.check("output gradients")
def an_output_gradient_of_the_wrong_shape_is_refused(tf, words):
    """A cotangent has the shape of its target."""
    x = tf.constant([1.0, 3.0])
    tape, y = recorded(tf, lambda x: x * x, x)
    error = words.raised(tape.gradient, y, x, output_gradients=tf.constant([1.0, 2.0, 3.0]))
    return {"error": (error, Exception)}


@protocol.check("output gradients")
def an_output_gradient_of_the_wrong_dtype_is_refused(tf, words):
    """A cotangent has the dtype of its target."""
    x = tf.constant([1.0, 3.0], "float32")
    tape, y = recorded(tf, lambda x: x * x, x)
    cotangent = tf.constant([1.0, 2.0], "float64")
    return {"error": (words.raised(tape.gradient, y, x, output_gradients=cotangent), Exception)}


@protocol.check("output gradients")
def an_output_gradient_of_a_target_that_is_its_source(tf, words):
    """The cotangent itself comes back."""
    x = tf.constant([1.0, 3.0])
    tape, _ = recorded(tf, lambda x: x * x, x)
    cotangent = tf.constant([2.0, 5.0])
    return {"dx/dx": (tape.gradient(x, x, output_gradients=cotangent), [2.0, 5.0])}


@protocol.check("output gradients")
def a_gradient_is_linear_in_its_output_gradient(tf, words):
    """An outer tape differentiates by the cotangent, which gives a forward derivative."""
    x, weight = tf.constant([1.0, 2.0]), tf.constant([1.0, 1.0])
    with tf.GradientTape() as outer:
        outer.watch(weight)
        tape, y = recorded(tf, lambda x: x * x, x)
        pulled_back = tape.gradient(y, x, output_gradients=weight)
    tangent = tf.constant([10.0, 1.0])
    answer = outer.gradient(pulled_back, weight, output_gradients=tangent)
    return {"dy in direction (10, 1)": (answer, [20.0, 4.0])}


# --- unconnected


@protocol.check("unconnected")
def unconnected_is_none_unless_asked(tf, words):
    """The default and "none" say that there is no connection."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x * x, x, w, persistent=True)
    return {"default": (tape.gradient(y, [x, w]), [4.0, None]),
            "none": (tape.gradient(y, [x, w], unconnected_gradients="none"), [4.0, None])}


@protocol.check("unconnected")
def unconnected_may_be_zeros_of_the_source(tf, words):
    """Zeros have the shape and dtype of their source, not of the target."""
    x, w = tf.constant(2.0, "float64"), tf.constant([3.0, 1.0], "float32")
    v = tf.Variable([[1.0]])
    tape, y = recorded(tf, lambda x, w: x * x, x, w)
    answer = tape.gradient(y, [x, w, v], unconnected_gradients="zero")
    return {"dy/d[x, w, v]": (answer, [4.0, [0.0, 0.0], [[0.0]]]),
            "dtype": (words.dtype(answer[1]), "float32")}


@protocol.check("unconnected")
def an_unknown_choice_is_refused(tf, words):
    """A misspelt choice is an error even where all is connected, and costs nothing."""
    x = tf.constant(2.0)
    tape, y = recorded(tf, lambda x: x * x, x)
    error = words.raised(tape.gradient, y, x, unconnected_gradients="zeros")
    return {"error": (error, ValueError), "dy/dx, asked again": (tape.gradient(y, x), 4.0)}


@protocol.check("unconnected")
def a_none_on_the_way_stops_one_way_only(tf, words):
    """What flows around a place without a derivative arrives."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    answer = slopes(tf, lambda x, w: tf.stop_gradient(x * w) * x + tf.stop_gradient(w), x, w)
    return {"dy/d[x, w]": (answer, [6.0, None])}


@protocol.check("unconnected")
def times_zero_is_connected(tf, words):
    """A derivative of zero is a number, which None is not."""
    x = tf.constant([2.0, 3.0])
    return {"d(0*x)/dx": (slope(tf, lambda x: 0.0 * x, x), [0.0, 0.0]),
            "d(x-x)/dx": (slope(tf, lambda x: x - x, x), [0.0, 0.0])}


# --- no derivative


@protocol.check("no derivative")
def an_integer_has_no_gradient(tf, words):
    """Neither a target nor a source of integers has a derivative."""
    n = tf.constant(3)
    tape, m = recorded(tf, lambda n: n * n, n)
    return {"dm/dn": (tape.gradient(m, n), None)}


@protocol.check("no derivative")
def an_unconnected_integer_has_integer_zeros(tf, words):
    """Zeros are of the source's dtype whatever that is."""
    n = tf.constant([3, 4])
    tape, m = recorded(tf, lambda n: n * n, n)
    return {"dm/dn": (tape.gradient(m, n, unconnected_gradients="zero"), [0, 0])}


@protocol.check("no derivative")
def a_comparison_has_no_gradient(tf, words):
    """A bool is no target."""
    return {"d(x>2)/dx": (slope(tf, lambda x: x > 2.0, tf.constant(3.0)), None)}


@protocol.check("no derivative")
def the_way_through_an_integer_is_cut(tf, words):
    """A cast to integer and back has no derivative."""
    x = tf.constant(3.0, "float32")

    def through(x):
        return words.astype(words.astype(x, "int32"), "float32") * x

    return {"dy/dx": (slope(tf, through, x), 3.0)}


@protocol.check("no derivative")
def an_integer_among_targets_contributes_nothing(tf, words):
    """The other targets are answered."""
    x = tf.constant(3.0)
    tape, targets = recorded(tf, lambda x: [x * x, words.astype(x, "int32")], x)
    return {"d/dx": (tape.gradient(targets, x), 6.0)}


# --- life of a tape


@protocol.check("life")
def a_second_gradient_needs_a_persistent_tape(tf, words):
    """A tape that is not persistent answers once."""
    x = tf.constant(2.0)
    tape, y = recorded(tf, lambda x: x * x, x)
    tape.gradient(y, x)
    return {"error": (words.raised(tape.gradient, y, x), RuntimeError)}


@protocol.check("life")
def a_persistent_tape_answers_every_time(tf, words):
    """Any number of questions about any of its values, and always the same answer."""
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    asked = [tape.gradient(z, x), tape.gradient(y, x), tape.gradient(z, y), tape.gradient(z, x)]
    return {"dz/dx, dy/dx, dz/dy, dz/dx": (asked, [108.0, 6.0, 18.0, 108.0]),
            "d[y, z]/d[x, x, y]": (tape.gradient([y, z], [x, x, y]), [114.0, 114.0, 19.0])}


@protocol.check("life")
def a_tape_that_never_recorded_cannot_answer(tf, words):
    """A gradient without a block is a mistake."""
    x = tf.constant(2.0)
    return {"error": (words.raised(tf.GradientTape().gradient, x, x), RuntimeError)}


@protocol.check("life")
def a_gradient_inside_its_block_ends_the_recording(tf, words):
    """A tape that answers once records nothing afterwards."""
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        dy_dx = tape.gradient(x * x * x, x)
        z = x * dy_dx
    return {"dy/dx": (dy_dx, 12.0),
            "the second question": (words.raised(tape.gradient, z, x), RuntimeError)}


@protocol.check("life")
def a_persistent_tape_records_its_own_gradient(tf, words):
    """A gradient inside the block can be differentiated by the same tape."""
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        dy_dx = tape.gradient(x * x * x, x)
    return {"dy/dx": (dy_dx, 12.0), "d2y/dx2": (tape.gradient(dy_dx, x), 12.0)}


@protocol.check("life")
def a_gradient_after_the_block_is_not_recorded(tf, words):
    """A persistent tape does not see its own gradient from outside."""
    x = tf.constant(2.0)
    tape, y = recorded(tf, lambda x: x * x * x, x, persistent=True)
    dy_dx = tape.gradient(y, x)
    return {"d2y/dx2": (tape.gradient(dy_dx, x), None)}


@protocol.check("life")
def a_block_entered_again_goes_on(tf, words):
    """What happens between the two is not seen, and what came before is kept."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    unseen = y * y
    with tape:
        z = y * y
    return {"d[z, unseen]/dx": (tape.gradient([z, unseen], x), 108.0)}


@protocol.check("life")
def a_block_entered_again_after_the_answer_starts_afresh(tf, words):
    """A tape that forgot can record anew, but must be told again what to watch."""
    x = tf.constant(3.0)
    tape, y = recorded(tf, lambda x: x * x, x)
    tape.gradient(y, x)
    with tape:
        tape.watch(x)
        z = x * x * x
    watched = tape.gradient(z, x)
    with tape:
        z = x * x * x
    return {"dz/dx": (watched, 27.0), "not watched": (tape.gradient(z, x), None)}


@protocol.check("life")
def a_persistent_tape_entered_again_keeps_all(tf, words):
    """Its earlier values can still be built upon."""
    x = tf.constant(3.0)
    tape, y = recorded(tf, lambda x: x * x, x, persistent=True)
    first = tape.gradient(y, x)
    with tape:
        z = y * x
    return {"dy/dx": (first, 6.0), "dz/dx": (tape.gradient(z, x), 27.0)}


@protocol.check("life")
def a_tape_is_not_entered_while_it_records(tf, words):
    """It refuses, and goes on recording."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        error = words.raised(tape.__enter__)
        y = x * x
    return {"error": (error, ValueError | RuntimeError), "dy/dx": (tape.gradient(y, x), 6.0)}


@protocol.check("life")
def an_exception_ends_the_recording(tf, words):
    """What came before it can be differentiated, and nothing after it is seen."""
    x = tf.constant(3.0)
    seen = {}

    def fail():
        with tf.GradientTape() as tape:
            tape.watch(x)
            seen.update(tape=tape, y=x * x)
            raise KeyError

    error = words.raised(fail)
    after = x * x * x
    return {"error": (error, KeyError),
            "d[y, after]/dx": (seen["tape"].gradient([seen["y"], after], x), 6.0)}


@protocol.check("life")
def an_exception_leaves_outer_tapes_recording(tf, words):
    """Only the block that it leaves is over."""
    x = tf.constant(3.0)

    def fail():
        with tf.GradientTape():
            raise KeyError

    with tf.GradientTape() as tape:
        tape.watch(x)
        error = words.raised(fail)
        y = x * x
    return {"error": (error, KeyError), "dy/dx": (tape.gradient(y, x), 6.0)}


@protocol.check("life")
def an_error_in_an_operator_leaves_the_tape_as_it_was(tf, words):
    """An operator that refuses its operands is not recorded."""
    x, w = tf.constant([1.0, 2.0]), tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        error = words.raised(lambda: x + w)
        y = x * x
    return {"error": (error, Exception), "dy/d[x, w]": (tape.gradient(y, [x, w]),
                                                        [[2.0, 4.0], None])}


@protocol.check("life")
def tapes_need_not_end_in_the_order_they_began(tf, words):
    """Each sees what is computed between its own two ends."""
    x = tf.constant(2.0)
    first, second = tf.GradientTape(), tf.GradientTape()
    first.__enter__()
    second.__enter__()
    first.watch(x)
    second.watch(x)
    y = x * x * x
    first.__exit__(None, None, None)
    z = x * x
    second.__exit__(None, None, None)
    return {"first": (first.gradient([y, z], x), 12.0),
            "second": (second.gradient([y, z], x), 16.0)}


@protocol.check("life")
def resetting_forgets_records_and_what_was_watched(tf, words):
    """After reset() recording goes on with nothing watched."""
    x, v = tf.constant(3.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        before = x * v
        tape.reset()
        watched = tape.watched_variables()
        y = before * x
    return {"watched variables": (watched, ()),
            "dy/d[x, v]": (tape.gradient(y, [x, v]), [None, None])}


@protocol.check("life")
def resetting_and_watching_again(tf, words):
    """What was computed before reset() is a constant afterwards."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        before = x * x
        tape.reset()
        tape.watch(x)
        y = before * x
    return {"dy/d[x, before]": (tape.gradient(y, [x, before]), [9.0, None])}


@protocol.check("life")
def resetting_needs_a_recording(tf, words):
    """Outside its block there is nothing to reset."""
    tape = tf.GradientTape()
    return {"error": (words.raised(tape.reset), ValueError | RuntimeError)}


# --- stopped recording


@protocol.check("stopped recording")
def what_is_computed_meanwhile_is_a_constant(tf, words):
    """A stopped tape does not see how a value came about."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            unseen = x * x * x
        z = y * unseen
    return {"dz/d[x, unseen]": (tape.gradient(z, [x, unseen]), [162.0, None])}


@protocol.check("stopped recording")
def a_variable_read_meanwhile_is_not_watched(tf, words):
    """Reading counts only for tapes that record."""
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        with tape.stop_recording():
            unseen = v * v
        y = unseen * 2.0
    return {"watched variables": (tape.watched_variables(), ()),
            "dy/dv": (tape.gradient(y, v), None)}


@protocol.check("stopped recording")
def other_tapes_go_on(tf, words):
    """One tape is stopped, and no other."""
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            with inner.stop_recording():
                y = x * x
            z = y * x
        dz_dx = inner.gradient(z, x)
    return {"inner": (dz_dx, 4.0), "outer of inner": (outer.gradient(dz_dx, x), 4.0)}


@protocol.check("stopped recording")
def an_exception_meanwhile_starts_it_again(tf, words):
    """Recording goes on after the inner block however that ends."""
    x = tf.constant(3.0)

    def fail(tape):
        with tape.stop_recording():
            raise KeyError

    with tf.GradientTape() as tape:
        tape.watch(x)
        error = words.raised(fail, tape)
        y = x * x
    return {"error": (error, KeyError), "dy/dx": (tape.gradient(y, x), 6.0)}


@protocol.check("stopped recording")
def a_gradient_meanwhile_is_not_recorded(tf, words):
    """A persistent tape answers without recording its answer."""
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x * x
        with tape.stop_recording():
            dy_dx = tape.gradient(y, x)
    return {"dy/dx": (dy_dx, 12.0), "d2y/dx2": (tape.gradient(dy_dx, x), None)}


@protocol.check("stopped recording")
def stopping_what_does_not_record_is_refused(tf, words):
    """Neither a tape before its block nor one after it can be stopped."""
    def stop(tape):
        with tape.stop_recording():
            pass

    before = tf.GradientTape()
    after, _ = recorded(tf, lambda x: x * x, tf.constant(2.0))
    return {"before": (words.raised(stop, before), ValueError | RuntimeError),
            "after": (words.raised(stop, after), ValueError | RuntimeError)}


# --- nesting


@protocol.check("nesting")
def three_tapes_give_a_third_derivative(tf, words):
    """Each tape differentiates the gradient of the one inside it."""
    x = tf.constant(2.0)
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = x * x * x * x * x
            d1 = first.gradient(y, x)
        d2 = second.gradient(d1, x)
    return {"d1, d2, d3": ([d1, d2, third.gradient(d2, x)], [80.0, 160.0, 240.0])}


@protocol.check("nesting")
def a_gradient_taken_outside_the_outer_block_is_a_constant(tf, words):
    """The outer tape must see the inner one's answer being computed."""
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, lambda x: x * x * x, x)
    dy_dx = inner.gradient(y, x)
    return {"dy/dx": (dy_dx, 12.0), "d2y/dx2": (outer.gradient(dy_dx, x), None)}


@protocol.check("nesting")
def each_tape_watches_for_itself(tf, words):
    """What the inner tape watches the outer does not."""
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        inner, y = recorded(tf, lambda x: x * x * x, x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx": (dy_dx, 12.0), "d2y/dx2": (outer.gradient(dy_dx, x), None)}


@protocol.check("nesting")
def a_line_has_no_second_derivative(tf, words):
    """A constant gradient has no connection, which "zero" makes zero."""
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        inner, y = recorded(tf, lambda x: 3.0 * x, x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx": (dy_dx, 3.0), "d2y/dx2": (outer.gradient(dy_dx, x), None),
            "zero": (outer.gradient(dy_dx, x, unconnected_gradients="zero"), 0.0)}


@protocol.check("nesting")
def a_gradient_penalty(tf, words):
    """The gradient of a gradient's square."""
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, lambda x: words.sum(x * x * x), x)
        penalty = words.sum(tf.square(inner.gradient(y, x)))
    return {"dpenalty/dx": (outer.gradient(penalty, x), [36.0, 288.0])}


@protocol.check("nesting")
def a_mixed_derivative(tf, words):
    """The inner tape differentiates by one argument and the outer by another."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(w)
        inner, y = recorded(tf, lambda x: x * x * w * w, x)
        dy_dx = inner.gradient(y, x)
    return {"d2y/dxdw": (outer.gradient(dy_dx, w), 24.0)}


@protocol.check("nesting")
def second_derivatives_of_a_variable(tf, words):
    """Both tapes watch the variable by its being read."""
    v = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = v * v * v
        dy_dv = inner.gradient(y, v)
    return {"dy/dv, d2y/dv2": ([dy_dv, outer.gradient(dy_dv, v)], [12.0, 12.0])}


@protocol.check("nesting")
def a_gradient_step_is_differentiated_through(tf, words):
    """A step of gradient descent is part of the recorded program."""
    x, rate = tf.constant(3.0), tf.constant(0.25)
    with tf.GradientTape() as outer:
        outer.watch([x, rate])
        inner, loss = recorded(tf, lambda x: x * x, x)
        stepped = x - rate * inner.gradient(loss, x)
        after = stepped * stepped
    return {"dafter/d[x, rate]": (outer.gradient(after, [x, rate]), [1.5, -18.0])}


# --- threads


@protocol.check("threads")
def a_tape_does_not_see_another_thread(tf, words):
    """Work in another thread is not recorded."""
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        elsewhere = words.in_thread(lambda: x * x)
        here = x * x * x
    return {"elsewhere": (tape.gradient(elsewhere, x), None),
            "here": (tape.gradient(here, x), 27.0)}


@protocol.check("threads")
def tapes_of_two_threads_do_not_meet(tf, words):
    """Each thread has its own recording at the same time."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        other = words.in_thread(lambda: slope(tf, lambda x: x * x * x, x))
        z = y * x
    return {"other": (other, 27.0), "this": (tape.gradient(z, x), 27.0)}


@protocol.check("threads")
def a_tape_may_go_on_in_another_thread(tf, words):
    """A recording can be continued, and asked, where it was not begun."""
    x = tf.constant(3.0)
    tape, y = recorded(tf, lambda x: x * x, x)

    def go_on():
        with tape:
            z = y * x
        return tape.gradient(z, x)

    return {"dz/dx": (words.in_thread(go_on), 27.0)}


# --- jacobian


@protocol.check("jacobian")
def a_jacobian_has_the_targets_axes_first(tf, words):
    """Rows belong to the target and columns to the source."""
    x = tf.constant([1.0, 2.0, 3.0])
    tape, y = recorded(tf, lambda x: tf.stack([x[0] * x[1], x[2] * x[2]], axis=0), x)
    return {"dy/dx": (tape.jacobian(y, x), [[2.0, 1.0, 0.0], [0.0, 0.0, 6.0]])}


@protocol.check("jacobian")
def a_jacobian_of_matrices(tf, words):
    """Its shape is the target's and then the source's."""
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    tape, y = recorded(tf, lambda x: words.sum(x * x, axis=0), x)
    return {"dy/dx": (tape.jacobian(y, x), [[[2.0, 0.0], [6.0, 0.0]], [[0.0, 4.0], [0.0, 8.0]]])}


@protocol.check("jacobian")
def a_jacobian_of_a_scalar_is_its_gradient(tf, words):
    """A target without axes adds none."""
    x, w = tf.constant([1.0, 2.0]), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x[0] * x[1] * w, x, w)
    return {"dy/d[x, w]": (tape.jacobian(y, [x, w]), [[6.0, 3.0], 2.0])}


@protocol.check("jacobian")
def a_jacobian_keeps_the_structure_of_its_sources(tf, words):
    """Sources nest as in gradient()."""
    x, w = tf.constant([1.0, 2.0]), tf.constant(3.0)
    tape, y = recorded(tf, lambda x, w: x * w, x, w)
    return {"dy/d{x, w}": (tape.jacobian(y, {"x": x, "w": [w]}),
                           {"x": [[3.0, 0.0], [0.0, 3.0]], "w": [[1.0, 2.0]]})}


@protocol.check("jacobian")
def a_jacobian_of_a_variable(tf, words):
    """A variable is a source like any other."""
    v = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = v * v
    return {"dy/dv": (tape.jacobian(y, v), [[2.0, 0.0], [0.0, 4.0]])}


@protocol.check("jacobian")
def an_unconnected_jacobian(tf, words):
    """It is None, or zeros of the target's and the source's shape."""
    x, w = tf.constant([1.0, 2.0]), tf.constant([3.0, 1.0, 2.0])
    tape, y = recorded(tf, lambda x, w: x * x, x, w, persistent=True)
    zero = tape.jacobian(y, [x, w], unconnected_gradients="zero")
    return {"none": (tape.jacobian(y, w), None),
            "zero": (zero, [[[2.0, 0.0], [0.0, 4.0]], [[0.0] * 3, [0.0] * 3]])}


@protocol.check("jacobian")
def a_jacobian_of_what_is_its_own_source(tf, words):
    """It is the identity."""
    x = tf.constant([1.0, 2.0])
    tape, _ = recorded(tf, lambda x: x * x, x)
    return {"dx/dx": (tape.jacobian(x, x), [[1.0, 0.0], [0.0, 1.0]])}


@protocol.check("jacobian")
def a_jacobian_uses_the_tape_up(tf, words):
    """It counts as the one answer of a tape that is not persistent."""
    x = tf.constant([1.0, 2.0])
    tape, y = recorded(tf, lambda x: x * x, x)
    tape.jacobian(y, x)
    return {"gradient": (words.raised(tape.gradient, y, x), RuntimeError),
            "jacobian": (words.raised(tape.jacobian, y, x), RuntimeError)}


@protocol.check("jacobian")
def a_hessian_is_the_jacobian_of_a_gradient(tf, words):
    """An outer tape takes the Jacobian of an inner one's gradient."""
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, lambda x: x[0] * x[0] * x[0] * x[1], x)
        gradient = inner.gradient(y, x)
    return {"d2y/dx2": (outer.jacobian(gradient, x), [[12.0, 3.0], [3.0, 0.0]])}


@protocol.check("jacobian")
def a_batch_jacobian_has_one_jacobian_an_example(tf, words):
    """Each example has the Jacobian of its own row."""
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    tape, y = recorded(tf, lambda x: x * x, x)
    return {"dy/dx": (tape.batch_jacobian(y, x),
                      [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]])}


@protocol.check("jacobian")
def a_batch_jacobian_of_more_axes(tf, words):
    """Its shape is the batch, the target's other axes and the source's other axes."""
    x = tf.reshape(tf.constant([float(n) for n in range(12)]), [2, 2, 3])
    tape, y = recorded(tf, lambda x: words.sum(x * x, axis=2), x)
    answer = tape.batch_jacobian(y, x)
    return {"shape": (tuple(answer.shape), (2, 2, 2, 3)),
            "of one element": (answer[1, 1, 1], [18.0, 20.0, 22.0]),
            "of another's": (answer[1, 1, 0], [0.0, 0.0, 0.0])}


@protocol.check("jacobian")
def a_batch_jacobian_of_unlike_batches_is_refused(tf, words):
    """Target and source need the same first axis, and another one."""
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    tape, y = recorded(tf, lambda x: (x * x)[:1], x, persistent=True)
    return {"unlike": (words.raised(tape.batch_jacobian, y, x), ValueError),
            "one axis": (words.raised(tape.batch_jacobian, y, x[0]), ValueError)}


@protocol.check("jacobian")
def an_unconnected_batch_jacobian_is_zero_when_asked(tf, words):
    """Zeros are of the whole shape."""
    x, w = tf.constant([[1.0], [3.0]]), tf.constant([[5.0, 6.0], [7.0, 8.0]])
    tape, y = recorded(tf, lambda x, w: x * x, x, w)
    answer = tape.batch_jacobian(y, w, unconnected_gradients="zero")
    return {"dy/dw": (answer, [[[0.0, 0.0]], [[0.0, 0.0]]])}


# --- stop_gradient


@protocol.check("stop_gradient")
def a_stopped_factor_is_a_constant(tf, words):
    """Its value counts and its derivative does not."""
    x = tf.constant(3.0)
    tape, y = recorded(tf, lambda x: x * tf.stop_gradient(x * x), x)
    return {"y": (y, 27.0), "dy/dx": (tape.gradient(y, x), 9.0)}


@protocol.check("stop_gradient")
def a_stopped_result_is_unconnected(tf, words):
    """There is no derivative, rather than one of zero."""
    return {"dy/dx": (slope(tf, tf.stop_gradient, tf.constant(3.0)), None)}


@protocol.check("stop_gradient")
def a_stopped_variable_is_a_constant(tf, words):
    """Reading through stop_gradient gives no derivative."""
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.stop_gradient(v) * v
    return {"dy/dv": (tape.gradient(y, v), 3.0)}


@protocol.check("stop_gradient")
def a_stopped_factor_is_constant_at_every_order(tf, words):
    """The second derivative treats it as a constant too."""
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, lambda x: tf.stop_gradient(x) * x * x * x, x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx, d2y/dx2": ([dy_dx, outer.gradient(dy_dx, x)], [24.0, 24.0])}


# --- custom_gradient


@protocol.check("custom_gradient")
def a_custom_gradient_replaces_the_true_one(tf, words):
    """The value is the function's and the derivative is its author's."""
    @tf.custom_gradient
    def function(x):
        return x * x, lambda dy: dy * 100.0

    x = tf.constant(3.0)
    return {"y": (function(x), 9.0), "dy/dx": (slope(tf, function, x), 100.0)}


@protocol.check("custom_gradient")
def a_custom_gradient_stands_in_a_chain(tf, words):
    """It is given what comes from above and hands on what it makes of that."""
    @tf.custom_gradient
    def function(x):
        return x * x, lambda dy: dy * 10.0

    x = tf.constant(3.0)
    return {"d/dx": (slope(tf, lambda x: function(x * 2.0) * 3.0 + x * x, x), 66.0)}


@protocol.check("custom_gradient")
def a_custom_gradient_of_several_inputs(tf, words):
    """One answer an input, in a tuple or a list."""
    @tf.custom_gradient
    def in_a_tuple(x, w):
        return x * w, lambda dy: (dy * 7.0, dy * 8.0)

    @tf.custom_gradient
    def in_a_list(x, w):
        return x * w, lambda dy: [dy * 7.0, dy * 8.0]

    x, w = tf.constant(3.0), tf.constant(2.0)
    return {"tuple": (slopes(tf, in_a_tuple, x, w), [7.0, 8.0]),
            "list": (slopes(tf, in_a_list, x, w), [7.0, 8.0])}


@protocol.check("custom_gradient")
def a_custom_gradient_may_leave_an_input_out(tf, words):
    """None for an input is as if it were unconnected."""
    @tf.custom_gradient
    def function(x, w):
        return x * w, lambda dy: (dy * 7.0, None)

    x, w = tf.constant(3.0), tf.constant(2.0)
    tape, y = recorded(tf, function, x, w, persistent=True)
    return {"none": (tape.gradient(y, [x, w]), [7.0, None]),
            "zero": (tape.gradient(y, [x, w], unconnected_gradients="zero"), [7.0, 0.0])}


@protocol.check("custom_gradient")
def a_custom_gradient_of_too_few_or_too_many_answers_is_refused(tf, words):
    """There is one answer for each input."""
    @tf.custom_gradient
    def too_few(x, w):
        return x * w, lambda dy: dy

    @tf.custom_gradient
    def too_many(x, w):
        return x * w, lambda dy: (dy, dy, dy)

    x, w = tf.constant(3.0), tf.constant(2.0)
    return {"too few": (words.raised(slopes, tf, too_few, x, w), ValueError | RuntimeError),
            "too many": (words.raised(slopes, tf, too_many, x, w), ValueError | RuntimeError)}


@protocol.check("custom_gradient")
def a_custom_gradient_of_the_same_input_twice(tf, words):
    """Both answers are summed."""
    @tf.custom_gradient
    def function(x, w):
        return x * w, lambda dy: (dy * 10.0, dy)

    return {"dy/dx": (slope(tf, lambda x: function(x, x), tf.constant(3.0)), 11.0)}


@protocol.check("custom_gradient")
def a_custom_gradient_of_several_outputs(tf, words):
    """It is given one cotangent an output, and the outputs keep their structure."""
    @tf.custom_gradient
    def function(x):
        return (x * x, 3.0 * x), lambda da, db: da * 2.0 + db * 30.0

    def weighed(x):
        first, second = function(x)
        return first + 5.0 * second

    x = tf.constant(3.0)
    return {"outputs": (function(x), (9.0, 9.0)), "d/dx": (slope(tf, weighed, x), 152.0)}


@protocol.check("custom_gradient")
def an_output_that_is_not_used_has_a_cotangent_of_zero(tf, words):
    """The author's function never meets None."""
    seen = []

    @tf.custom_gradient
    def function(x):
        def gradient(da, db):
            seen.append(db)
            return da * 2.0 + words.sum(db)

        return (x * x, tf.stack([x, x], axis=0)), gradient

    answer = slope(tf, lambda x: function(x)[0], tf.constant(3.0))
    return {"d/dx": (answer, 2.0), "the other cotangent": (seen, [[0.0, 0.0]])}


@protocol.check("custom_gradient")
def a_custom_gradient_is_differentiated_for_the_second_order(tf, words):
    """The second derivative is that of the author's gradient, not of the function."""
    @tf.custom_gradient
    def function(x):
        return x * x * x, lambda dy: dy * x * x * x * x * x

    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, function, x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx, d2y/dx2": ([dy_dx, outer.gradient(dy_dx, x)], [32.0, 80.0])}


@protocol.check("custom_gradient")
def the_cotangent_of_a_custom_gradient_is_differentiated(tf, words):
    """The second derivative also goes through what came from above."""
    @tf.custom_gradient
    def function(x):
        return x * x * x, lambda dy: dy * 10.0

    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, lambda x: tf.square(function(x)), x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx, d2y/dx2": ([dy_dx, outer.gradient(dy_dx, x)], [160.0, 200.0])}


@protocol.check("custom_gradient")
def a_custom_gradient_may_use_what_the_function_computed(tf, words):
    """A value of the body is connected when the gradient is differentiated."""
    @tf.custom_gradient
    def function(x):
        cube = x * x * x
        return cube, lambda dy: dy * cube

    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, function, x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx, d2y/dx2": ([dy_dx, outer.gradient(dy_dx, x)], [8.0, 12.0])}


@protocol.check("custom_gradient")
def a_custom_gradient_within_a_custom_gradient(tf, words):
    """The gradient's own derivative may be its author's too."""
    @tf.custom_gradient
    def function(x):
        @tf.custom_gradient
        def gradient(dy):
            return dy * 7.0, lambda ddy: ddy * 50.0

        return x * x * x, gradient

    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, lambda x: tf.square(function(x)), x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx, d2y/dx2": ([dy_dx, outer.gradient(dy_dx, x)], [112.0, 700.0])}


@protocol.check("custom_gradient")
def a_custom_gradient_does_not_reach_what_the_function_closes_over(tf, words):
    """Only arguments have derivatives."""
    x, w = tf.constant(2.0), tf.constant(5.0)

    @tf.custom_gradient
    def function(x):
        return x * w, lambda dy: dy * 9.0

    tape, y = recorded(tf, lambda x, w: function(x), x, w)
    return {"dy/d[x, w]": (tape.gradient(y, [x, w]), [9.0, None])}


@protocol.check("custom_gradient")
def a_custom_gradient_of_a_variable_as_an_argument(tf, words):
    """The variable receives the author's answer."""
    @tf.custom_gradient
    def function(x):
        return x * x, lambda dy: dy * 9.0

    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = function(v)
    return {"y": (y, 4.0), "dy/dv": (tape.gradient(y, v), 9.0)}


@protocol.check("custom_gradient")
def a_custom_gradient_of_variables_that_the_function_reads(tf, words):
    """The author is told of them by keyword and answers with a second list."""
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def function(x):
        def gradient(dy, variables=None):
            return dy * 7.0, [dy * 11.0 for _ in variables]

        return x * v, gradient

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return {"dy/d[x, v]": (tape.gradient(y, [x, v]), [7.0, 11.0])}


@protocol.check("custom_gradient")
def a_custom_gradient_that_ignores_its_variables_is_refused(tf, words):
    """A function that reads a variable must say what becomes of it."""
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def function(x):
        return x * v, lambda dy: dy

    return {"error": (words.raised(slope, tf, function, tf.constant(3.0)), TypeError)}


@protocol.check("custom_gradient")
def keyword_arguments_of_a_custom_gradient_are_not_differentiated(tf, words):
    """They go to the function as they are."""
    @tf.custom_gradient
    def function(x, factor=2.0):
        return x * factor, lambda dy: dy * factor * 10.0

    x = tf.constant(3.0)
    return {"y": (function(x, factor=4.0), 12.0),
            "dy/dx": (slope(tf, lambda x: function(x, factor=4.0), x), 40.0)}


@protocol.check("custom_gradient")
def a_custom_gradient_of_the_identity(tf, words):
    """A function that returns its argument still has its author's gradient."""
    @tf.custom_gradient
    def reversed_gradient(x):
        return x, lambda dy: -dy

    x = tf.constant(3.0)
    return {"y": (reversed_gradient(x), 3.0),
            "d/dx": (slope(tf, lambda x: reversed_gradient(x) * x, x), 0.0)}


@protocol.check("custom_gradient")
def a_jacobian_through_a_custom_gradient(tf, words):
    """The author's gradient serves every row."""
    @tf.custom_gradient
    def function(x):
        return x * x, lambda dy: dy * 100.0

    x = tf.constant([3.0, 1.0])
    tape, y = recorded(tf, function, x)
    return {"dy/dx": (tape.jacobian(y, x), [[100.0, 0.0], [0.0, 100.0]])}


@protocol.check("custom_gradient", FORWARD_PAST_A_CUSTOM_GRADIENT)
def a_custom_gradient_counts_forward_too(tf, words):
    """A tangent meets the author's derivative, as a cotangent does."""
    @tf.custom_gradient
    def function(x):
        return x * x, lambda dy: dy * 100.0

    x = tf.constant(3.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        y = function(x)
    return {"jvp": (forward.jvp(y), 100.0)}


# --- recompute_grad


@protocol.check("recompute_grad")
def a_recomputed_function_runs_once_more_for_its_gradient(tf, words):
    """Its values are not kept, and its gradient is the true one."""
    calls = []

    def function(x):
        calls.append(x)
        return x * x * x

    x = tf.constant(2.0)
    tape, y = recorded(tf, tf.recompute_grad(function), x)
    forward = len(calls)
    answer = tape.gradient(y, x)
    return {"y": (y, 8.0), "dy/dx": (answer, 12.0), "calls": ([forward, len(calls)], [1, 2])}


@protocol.check("recompute_grad")
def a_recomputed_function_of_several_inputs_and_outputs(tf, words):
    """Structure, positions and keywords are kept."""
    function = tf.recompute_grad(lambda x, w, power=1.0: (x * w * power, x + w))
    x, w = tf.constant(2.0), tf.constant(3.0)

    def weighed(x, w):
        first, second = function(x, w, power=4.0)
        return first + 10.0 * second

    return {"outputs": (function(x, w), (6.0, 5.0)),
            "d/d[x, w]": (slopes(tf, weighed, x, w), [22.0, 18.0])}


@protocol.check("recompute_grad")
def a_recomputed_function_has_a_second_derivative(tf, words):
    """Recomputing is recorded by an outer tape."""
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        inner, y = recorded(tf, tf.recompute_grad(lambda x: x * x * x), x)
        dy_dx = inner.gradient(y, x)
    return {"dy/dx, d2y/dx2": ([dy_dx, outer.gradient(dy_dx, x)], [12.0, 12.0])}


@protocol.check("recompute_grad")
def a_recomputed_function_reaches_its_variables(tf, words):
    """A variable that it reads has its gradient."""
    v, x = tf.Variable(5.0), tf.constant(2.0)
    tape, y = recorded(tf, tf.recompute_grad(lambda x: x * v * v), x)
    return {"dy/d[x, v]": (tape.gradient(y, [x, v]), [25.0, 20.0])}


@protocol.check("recompute_grad")
def a_recomputed_function_reads_its_variables_again(tf, words):
    """What was assigned in the meantime is what the gradient is computed from."""
    v, x = tf.Variable(5.0), tf.constant(2.0)
    tape, y = recorded(tf, tf.recompute_grad(lambda x: x * v * v), x)
    v.assign(1.0)
    return {"y": (y, 50.0), "dy/d[x, v]": (tape.gradient(y, [x, v]), [1.0, 4.0])}


# --- forward mode


@protocol.check("forward")
def a_tangent_goes_forward(tf, words):
    """The product of the Jacobian with the tangent, for any value, any number of times."""
    x = tf.constant([1.0, 2.0])
    with words.ForwardAccumulator(x, tf.constant([1.0, 10.0])) as forward:
        y = x * x
        z = words.sum(y)
    return {"jvp": ([forward.jvp(x), forward.jvp(y), forward.jvp(z), forward.jvp(y)],
                    [[1.0, 10.0], [2.0, 40.0], 42.0, [2.0, 40.0]])}


@protocol.check("forward")
def several_tangents_are_summed(tf, words):
    """Each primal has its tangent, and answers keep their structure."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    with words.ForwardAccumulator([x, w], [tf.constant(1.0), tf.constant(10.0)]) as forward:
        y = x * w
        z = x * x
    return {"jvp": (forward.jvp({"y": y, "z": [z, (y,)]}), {"y": 23.0, "z": [4.0, (23.0,)]})}


@protocol.check("forward")
def primals_and_tangents_in_a_dict(tf, words):
    """They are matched by key."""
    x, w = tf.constant(2.0), tf.constant(3.0)
    tangents = {"w": tf.constant(10.0), "x": tf.constant(1.0)}
    with words.ForwardAccumulator({"x": x, "w": w}, tangents) as forward:
        y = x * w
    return {"jvp": (forward.jvp(y), 23.0)}


@protocol.check("forward")
def a_value_without_a_tangent_is_unconnected(tf, words):
    """None, or zeros of its own shape."""
    x, w = tf.constant(2.0), tf.constant([3.0, 4.0])
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        y = w * w
    return {"none": ([forward.jvp(y), forward.jvp(w)], [None, None]),
            "zero": (forward.jvp(y, unconnected_gradients="zero"), [0.0, 0.0])}


@protocol.check("forward")
def an_unknown_choice_is_refused_forward_too(tf, words):
    """A misspelt choice is an error even where all is connected."""
    x = tf.constant(2.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        y = x * x
    return {"error": (words.raised(forward.jvp, y, unconnected_gradients="zeros"), ValueError)}


@protocol.check("forward")
def what_is_computed_outside_has_no_tangent(tf, words):
    """A block entered again goes on, without what came between."""
    x = tf.constant(2.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        y = x * x
    between = y * y
    with forward:
        z = y * y
    return {"jvp": (forward.jvp([y, between, z]), [4.0, None, 32.0])}


@protocol.check("forward")
def a_variable_has_a_tangent(tf, words):
    """A variable is a primal, trainable or not."""
    v, fixed = tf.Variable(3.0), tf.Variable(3.0, trainable=False)
    with words.ForwardAccumulator([v, fixed], [tf.constant(2.0), tf.constant(10.0)]) as forward:
        y = v * v
        z = fixed * fixed
    return {"jvp": (forward.jvp([y, z, v]), [12.0, 60.0, 2.0])}


@protocol.check("forward")
def a_stopped_value_has_no_tangent(tf, words):
    """Stopping works both ways."""
    x = tf.constant(2.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        y = tf.stop_gradient(x) * x
        z = tf.stop_gradient(x)
    return {"jvp": (forward.jvp([y, z]), [2.0, None])}


@protocol.check("forward")
def an_integer_result_has_no_tangent(tf, words):
    """Integers and bools carry no derivative forward either."""
    x = tf.constant(2.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        n = words.astype(x, "int32")
        b = x > 1.0
    return {"jvp": (forward.jvp([n, b]), [None, None])}


@protocol.check("forward")
def primals_and_tangents_that_do_not_match_are_refused(tf, words):
    """Structures, dtypes and distinct primals are asked for."""
    x, w = tf.constant(2.0, "float32"), tf.constant(3.0, "float32")
    one, wide = tf.constant(1.0, "float32"), tf.constant(1.0, "float64")
    make = words.ForwardAccumulator
    return {"too few": (words.raised(make, [x, w], [one]), ValueError),
            "keys": (words.raised(make, {"x": x, "w": w}, {"x": one, "v": one}),
                     TypeError | ValueError),
            "dtype": (words.raised(make, x, wide), TypeError | ValueError),
            "twice": (words.raised(make, [x, x], [one, one]), ValueError)}


@protocol.check("forward")
def an_accumulator_is_not_entered_while_it_records(tf, words):
    """It refuses, and goes on."""
    x = tf.constant(2.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        error = words.raised(forward.__enter__)
        y = x * x
    return {"error": (error, ValueError | RuntimeError), "jvp": (forward.jvp(y), 4.0)}


@protocol.check("forward")
def an_exception_ends_an_accumulator(tf, words):
    """What came before it has its tangent and what comes after has none."""
    x, seen = tf.constant(2.0), {}

    def fail():
        with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
            seen.update(forward=forward, y=x * x)
            raise KeyError

    error = words.raised(fail)
    after = x * x
    return {"error": (error, KeyError),
            "jvp": (seen["forward"].jvp([seen["y"], after]), [4.0, None])}


@protocol.check("forward")
def an_accumulator_does_not_see_another_thread(tf, words):
    """Work in another thread has no tangent."""
    x = tf.constant(2.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward:
        elsewhere = words.in_thread(lambda: x * x)
        here = x * x
    return {"jvp": (forward.jvp([elsewhere, here]), [None, 4.0])}


@protocol.check("forward")
def forward_over_forward(tf, words):
    """The outer accumulator differentiates the inner one's tangent."""
    x, one = tf.constant(2.0), tf.constant(1.0)
    with words.ForwardAccumulator(x, one) as outer:
        with words.ForwardAccumulator(x, one) as inner:
            y = x * x * x
        tangent = inner.jvp(y)
    return {"d1, d2, d1": ([tangent, outer.jvp(tangent), outer.jvp(y)], [12.0, 12.0, 12.0])}


@protocol.check("forward")
def forward_to_the_third_order(tf, words):
    """Accumulators nest to any depth."""
    x, one = tf.constant(2.0), tf.constant(1.0)
    with words.ForwardAccumulator(x, one) as third:
        with words.ForwardAccumulator(x, one) as second:
            with words.ForwardAccumulator(x, one) as first:
                y = x * x * x * x
            d1 = first.jvp(y)
        d2 = second.jvp(d1)
    return {"d1, d2, d3": ([d1, d2, third.jvp(d2)], [32.0, 48.0, 48.0])}


@protocol.check("forward")
def forward_over_reverse(tf, words):
    """The tangent of a gradient is a product with the Hessian."""
    x = tf.constant([1.0, 2.0])
    with words.ForwardAccumulator(x, tf.constant([1.0, 0.0])) as forward:
        tape, y = recorded(tf, lambda x: words.sum(x * x * x) * x[1], x)
        gradient = tape.gradient(y, x)
    return {"gradient": (gradient, [6.0, 33.0]), "jvp": (forward.jvp(gradient), [12.0, 3.0])}


@protocol.check("forward")
def reverse_over_forward(tf, words):
    """The gradient of a tangent is the same product."""
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        with words.ForwardAccumulator(x, tf.constant([1.0, 0.0])) as forward:
            y = words.sum(x * x * x) * x[1]
        tangent = forward.jvp(y)
    return {"jvp": (tangent, 6.0), "gradient": (tape.gradient(tangent, x), [12.0, 3.0])}


@protocol.check("forward")
def reverse_by_the_tangent(tf, words):
    """A tangent enters linearly, and a tape sees it."""
    x, direction = tf.constant(2.0), tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch(direction)
        with words.ForwardAccumulator(x, direction) as forward:
            y = x * x * x
        tangent = forward.jvp(y)
    return {"jvp": (tangent, 60.0), "by the tangent": (tape.gradient(tangent, direction), 12.0)}


@protocol.check("forward")
def a_stopped_tape_stops_no_accumulator(tf, words):
    """Only the one tape stops recording."""
    x = tf.constant(2.0)
    with words.ForwardAccumulator(x, tf.constant(1.0)) as forward, tf.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            y = x * x
    return {"jvp": (forward.jvp(y), 4.0), "gradient": (tape.gradient(y, x), None)}


# --- dtype


@protocol.check("dtype")
def a_gradient_has_the_dtype_of_its_source(tf, words):
    """In every floating-point format."""
    answers = {dtype: slope(tf, lambda x: 2.0 * x * x + 1.5 * x - x / 4.0,
                            tf.constant([1.0, 2.0], dtype))
               for dtype in ("float16", "float32", "float64")}
    return {**{f"d/dx in {dtype}": (answer, [5.25, 9.25]) for dtype, answer in answers.items()},
            "dtypes": ([words.dtype(answer) for answer in answers.values()], list(answers))}


@protocol.check("dtype")
def a_cast_hands_the_gradient_back_in_the_sources_dtype(tf, words):
    """A computation in double precision has a gradient in its source's half precision."""
    x = tf.constant(3.0, "float16")
    tape, y = recorded(tf, lambda x: tf.square(words.astype(x, "float64")), x)
    answer = tape.gradient(y, x)
    return {"y": (words.dtype(y), "float64"), "dy/dx": (answer, 6.0),
            "dtype": (words.dtype(answer), "float16")}


@protocol.check("dtype")
def python_numbers_take_the_dtype_of_the_tensor(tf, words):
    """On either side of an operator, integers among them."""
    x = tf.constant(2.0, "float16")
    results = [2 * x, x * 2.5, 1 - x, x / 4, 1.0 / x, x**3, 2.0**x, 3 + x]
    return {"values": (results, [4.0, 5.0, -1.0, 0.5, 0.5, 8.0, 4.0, 5.0]),
            "dtypes": ([words.dtype(result) for result in results], ["float16"] * 8),
            "gradient": (words.dtype(slope(tf, lambda x: 2 * x**3 / 7, x)), "float16")}


@protocol.check("dtype", PROMOTION)
def two_dtypes_do_not_mix(tf, words):
    """Single and double precision need a cast, inside a tape as outside."""
    x, w = tf.constant(2.0, "float32"), tf.constant(3.0, "float64")
    return {"error": (words.raised(lambda: x * w), Exception),
            "recorded": (words.raised(slopes, tf, lambda x, w: x * w, x, w), Exception)}


@protocol.check("dtype")
def sources_of_two_dtypes(tf, words):
    """Each gradient has the dtype of its own source."""
    x, w = tf.constant(2.0, "float32"), tf.constant(3.0, "float64")
    answers = slopes(tf, lambda x, w: words.astype(x, "float64") * w, x, w)
    return {"dy/d[x, w]": (answers, [3.0, 2.0]),
            "dtypes": ([words.dtype(answer) for answer in answers], ["float32", "float64"])}


@protocol.check("dtype")
def a_tangent_has_the_dtype_of_its_value(tf, words):
    """Forward as well as backward."""
    x = tf.constant(3.0, "float32")
    with words.ForwardAccumulator(x, tf.constant(1.0, "float32")) as forward:
        y = tf.square(words.astype(x, "float64"))
    tangent = forward.jvp(y)
    return {"jvp": (tangent, 6.0), "dtype": (words.dtype(tangent), "float64")}


# --- complex


@protocol.check("complex")
def a_holomorphic_gradient_is_conjugated(tf, words):
    """The gradient of z squared is the conjugate of 2z, the direction of steepest ascent."""
    for_each = {dtype: slope(tf, lambda z: z * z, tf.constant(3 + 4j, dtype))
                for dtype in ("complex64", "complex128")}
    return {**{f"d/dz in {dtype}": (answer, 6 - 8j) for dtype, answer in for_each.items()},
            "dtypes": ([words.dtype(answer) for answer in for_each.values()], list(for_each))}


@protocol.check("complex")
def gradients_of_real_and_imaginary_part(tf, words):
    """A real target of a complex source has a complex gradient."""
    z = tf.constant(3 + 4j)
    answers = [slope(tf, function, z) for function in (words.real, words.imag)]
    return {"real, imag": (answers, [1 + 0j, 1j])}


@protocol.check("complex")
def a_gradient_of_the_conjugate(tf, words):
    """Conjugating twice undoes itself, in the gradient too."""
    z = tf.constant(3 + 4j)
    return {"conj": (slope(tf, words.conj, z), 1 + 0j),
            "square of conj": (slope(tf, lambda z: tf.square(words.conj(z)), z), 6 - 8j)}


@protocol.check("complex")
def a_gradient_of_the_absolute_value(tf, words):
    """It points away from the origin with length one, and is zero there."""
    z = tf.constant([3 + 4j, 0j, -2j])
    return {"abs": (slope(tf, tf.abs, z), [0.6 + 0.8j, 0j, -1j])}


@protocol.check("complex")
def a_gradient_of_the_squared_absolute_value(tf, words):
    """2z, however it is written."""
    z = tf.constant(3 + 4j)
    ways = [lambda z: words.real(z * words.conj(z)), lambda z: tf.square(tf.abs(z)),
            lambda z: z * words.conj(z),
            lambda z: tf.square(words.real(z)) + tf.square(words.imag(z))]
    return {"d|z|^2/dz": ([slope(tf, way, z) for way in ways], [6 + 8j] * 4)}


@protocol.check("complex")
def a_complex_output_gradient(tf, words):
    """It is multiplied by the conjugate of the derivative."""
    z = tf.constant(3 + 4j)
    tape, y = recorded(tf, lambda z: z * z, z)
    return {"dy/dz": (tape.gradient(y, z, output_gradients=tf.constant(1j)), 8 + 6j)}


@protocol.check("complex")
def a_real_source_of_a_complex_target_has_a_real_gradient(tf, words):
    """It is the gradient of the target's real part."""
    x = tf.constant(3.0, "float64")
    answer = slope(tf, lambda x: words.astype(x, "complex128") * tf.constant(2 + 3j), x)
    return {"dy/dx": (answer, 2.0), "dtype": (words.dtype(answer), "float64")}


@protocol.check("complex")
def a_second_complex_derivative(tf, words):
    """A gradient of a gradient is conjugated twice: of z cubed, the conjugate of 6z."""
    z = tf.constant(3 + 4j)
    with tf.GradientTape() as outer:
        outer.watch(z)
        inner, y = recorded(tf, lambda z: z * z * z, z)
        dy_dz = inner.gradient(y, z)
    return {"dy/dz, d2y/dz2": ([dy_dz, outer.gradient(dy_dz, z)], [-21 - 72j, 18 - 24j])}


@protocol.check("complex")
def a_custom_gradient_of_complex_numbers(tf, words):
    """Its author works with gradients as the tape answers them."""
    @tf.custom_gradient
    def function(z):
        return z * z, lambda dy: dy * tf.constant(10j)

    z = tf.constant(3 + 4j)
    return {"d/dz": (slope(tf, function, z), 10j),
            "above a square": (slope(tf, lambda z: tf.square(function(z)), z), 480 - 140j),
            "below a square": (slope(tf, lambda z: function(z * z), z), 80 + 60j)}


@protocol.check("complex")
def a_complex_tangent_is_not_conjugated(tf, words):
    """Forward, the derivative of z squared is 2z times the tangent."""
    z = tf.constant(3 + 4j)
    with words.ForwardAccumulator(z, tf.constant(1j)) as forward:
        y = z * z
        w = words.conj(z)
        r = tf.abs(z)
    return {"jvp": (forward.jvp([y, w, r]), [-8 + 6j, -1j, 0.8])}


# --- programs


@protocol.check("programs")
def an_index_sends_its_gradient_to_its_place(tf, words):
    """All other elements receive zero."""
    x = tf.constant([1.0, 2.0, 3.0])
    m = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    return {"x[1]": (slope(tf, lambda x: x[1] * x[1], x), [0.0, 4.0, 0.0]),
            "x[-1]": (slope(tf, lambda x: x[-1], x), [0.0, 0.0, 1.0]),
            "m[0, 1]": (slope(tf, lambda m: m[0, 1], m), [[0.0, 1.0], [0.0, 0.0]]),
            "m[1]": (slope(tf, lambda m: m[1], m), [[0.0, 0.0], [1.0, 1.0]])}


@protocol.check("programs")
def a_slice_sends_its_gradient_to_its_places(tf, words):
    """With steps, from the end, and with new axes."""
    x, weight = tf.constant([1.0, 2.0, 3.0]), tf.constant([1.0, 5.0, 7.0])
    m = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    return {"x[::2]": (slope(tf, lambda x: x[::2] * weight[:2], x), [1.0, 0.0, 5.0]),
            "x[::-1]": (slope(tf, lambda x: x[::-1] * weight, x), [7.0, 5.0, 1.0]),
            "x[..., 1:]": (slope(tf, lambda x: x[..., 1:], x), [0.0, 1.0, 1.0]),
            "x[None, :]": (slope(tf, lambda x: x[None, :] * weight, x), [1.0, 5.0, 7.0]),
            "m[:, 0]": (slope(tf, lambda m: m[:, 0], m), [[1.0, 0.0], [1.0, 0.0]])}


@protocol.check("programs")
def overlapping_parts_are_summed(tf, words):
    """An element that is taken twice receives twice."""
    x = tf.constant([1.0, 2.0, 3.0])
    return {"d/dx": (slope(tf, lambda x: x[:2] * x[1:], x), [2.0, 4.0, 2.0])}


@protocol.check("programs")
def a_branch_is_the_one_that_ran(tf, words):
    """Python decides, and the tape sees what was computed."""
    def function(x):
        return x * x if x > 0.0 else -5.0 * x

    return {"at 3": (slope(tf, function, tf.constant(3.0)), 6.0),
            "at -3": (slope(tf, function, tf.constant(-3.0)), -5.0)}


@protocol.check("programs")
def a_loop_is_as_long_as_it_ran(tf, words):
    """A loop that depends on a value is recorded turn by turn."""
    def function(x):
        y = x
        while y < 100.0:
            y = y * x
        return y

    return {"x**5": (slope(tf, function, tf.constant(3.0)), 405.0),
            "x**7": (slope(tf, function, tf.constant(2.0)), 448.0)}


@protocol.check("programs")
def a_long_chain(tf, words):
    """Thousands of steps are no deeper than one."""
    def function(x):
        for _ in range(3000):
            x = x + 1.0
        return x * x

    return {"dy/dx": (slope(tf, function, tf.constant(0.0)), 6000.0)}


@protocol.check("programs")
def what_was_broadcast_is_summed(tf, words):
    """Each gradient has the shape of its source."""
    x, w, s = tf.constant([[1.0], [2.0]]), tf.constant([10.0, 20.0, 30.0]), tf.constant(2.0)
    return {"d/d[x, w, s]": (slopes(tf, lambda x, w, s: x * w * s, x, w, s),
                             [[[120.0], [120.0]], [6.0, 6.0, 6.0], 180.0])}


@protocol.check("programs")
def a_mask_chooses_the_gradient_too(tf, words):
    """Each side of where receives its own elements."""
    x, w = tf.constant([1.0, -1.0, 4.0]), tf.constant([2.0, 3.0, 5.0])
    answer = slopes(tf, lambda x, w: tf.where(x > 0.0, tf.sqrt(tf.abs(x)), x * w), x, w)
    return {"d/d[x, w]": (answer, [[0.5, 3.0, 0.25], [0.0, -1.0, 0.0]])}


@protocol.check("programs")
def joined_parts_receive_their_shares(tf, words):
    """What concat and stack join, even the same tensor twice, is taken apart."""
    x, w = tf.constant([1.0, 2.0]), tf.constant([3.0])
    five = tf.constant([1.0, 2.0, 3.0, 4.0, 5.0])
    two = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    return {"concat": (slopes(tf, lambda x, w: tf.concat([x, w, x], axis=0) * five, x, w),
                       [[5.0, 7.0], [3.0]]),
            "stack": (slope(tf, lambda x: tf.stack([x, 2.0 * x], axis=0) * two, x), [7.0, 10.0])}


@protocol.check("programs")
def a_reshape_is_undone(tf, words):
    """A gradient comes back in the shape of its source."""
    x = tf.constant([1.0, 2.0, 3.0, 4.0])
    weight = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    return {"d/dx": (slope(tf, lambda x: tf.reshape(x, [2, 2]) * weight, x),
                     [1.0, 2.0, 3.0, 4.0])}


@protocol.check("programs")
def a_name_is_not_a_copy(tf, words):
    """Another name of a tensor is the same source, and x + 0 is another tensor."""
    x = tf.constant(3.0)
    same = x
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        copy = x + 0.0
        y = x * same * copy
    return {"dy/d[x, same, copy]": (tape.gradient(y, [x, same, copy]), [27.0, 27.0, 9.0]),
            "dcopy/dx": (tape.gradient(copy, x), 1.0),
            "dx/dcopy": (tape.gradient(x, copy), None)}


@protocol.check("programs")
def constant_of_a_tensor_is_that_tensor(tf, words):
    """Gradients go on flowing through it."""
    x = tf.constant(3.0)
    return {"the same": (tf.constant(x) is x, True),
            "d/dx": (slope(tf, lambda x: tf.constant(x) * 2.0, x), 2.0)}


@protocol.check("programs")
def a_detour_through_numpy_is_a_constant(tf, words):
    """What leaves the tensors leaves the recording."""
    x = tf.constant(3.0)
    return {"numpy": (slope(tf, lambda x: tf.constant(x.numpy() * 2.0) * 1.0, x), None),
            "float": (slope(tf, lambda x: float(x) * x, x), 3.0)}


@protocol.check("programs")
def every_operator_of_python(tf, words):
    """Signs, differences, quotients, powers and matrix products, with numbers on either side."""
    x, w = tf.constant(2.0), tf.constant(4.0)
    a, b = tf.constant([[1.0, 2.0]]), tf.constant([[3.0], [4.0]])
    return {"-x - w + x/w - 2/x": (slopes(tf, lambda x, w: -x - w + x / w - 2.0 / x, x, w),
                                   [-0.25, -1.125]),
            "x**w": (slopes(tf, lambda x, w: x**w + 1.0 * x**3, x, w)[0], 44.0),
            "5 - x": (slope(tf, lambda x: 5.0 - x, x), -1.0),
            "abs(-x)": (slope(tf, lambda x: abs(-x), x), 1.0),
            "a @ b": (slopes(tf, lambda a, b: a @ b, a, b), [[[3.0, 4.0]], [[1.0], [2.0]]])}


@protocol.check("programs")
def the_functions_of_every_textbook(tf, words):
    """Derivatives of exp, log, sin, cos, tanh, sqrt, square and abs where they are known."""
    zero, four = tf.constant(0.0), tf.constant(4.0)
    names = ("exp", "sin", "cos", "tanh")
    return {"at 0": ([slope(tf, getattr(tf, name), zero) for name in names],
                     [1.0, 1.0, 0.0, 1.0]),
            "at 4": ([slope(tf, function, four)
                      for function in (words.log, tf.sqrt, tf.square, tf.abs)],
                     [0.25, 0.25, 8.0, 1.0])}


@protocol.check("programs")
def empty_tensors_have_empty_gradients(tf, words):
    """Nothing is summed to zero."""
    x, w = tf.constant([1.0, 2.0]), tf.constant(3.0)
    answer = slopes(tf, lambda x, w: x[:0] * w, x, w)
    return {"d/d[x, w]": (answer, [[0.0, 0.0], 0.0])}
