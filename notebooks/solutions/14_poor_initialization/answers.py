# Right and wrong answers to the exercises of lesson 14. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | from the sizes, and the factor by logarithms
def read_figure():
    last = {name: net["sizes"][-1] for name, net in networks.items()}
    slope = np.diff(np.log(networks[ASKED]["sizes"])).mean()
    return [n for n in last if last[n] < 0.01], [n for n in last if last[n] > 100], np.exp(slope)


# %% exercise-1 | right | foretells all of it by the lesson's formula
def read_figure():
    factor = {name: np.sqrt(net["units"] * net["stddev"] ** 2 / 2) for name, net in networks.items()}
    return {n for n in factor if factor[n] < 0.6}, {n for n in factor if factor[n] > 1.6}, factor[ASKED]


# %% exercise-1 | wrong | a small stddev fades, whatever the number of units | set: after eight layers
def read_figure():
    stddev = {name: net["stddev"] for name, net in networks.items()}
    return {n for n in stddev if stddev[n] < 0.1}, {n for n in stddev if stddev[n] > 0.3}, 0.5


# %% exercise-1 | wrong | everything below its input's size has faded | does not belong into the first set
def read_figure():
    last = {name: net["sizes"][-1] for name, net in networks.items()}
    return {n for n in last if last[n] < 1.5}, {n for n in last if last[n] > 100}, 0.5


# %% exercise-1 | wrong | the two sets exchanged | set: after eight layers
def read_figure():
    last = {name: net["sizes"][-1] for name, net in networks.items()}
    return {n for n in last if last[n] > 100}, {n for n in last if last[n] < 0.01}, 0.5


# %% exercise-1 | wrong | forgets that ReLU halves the mean square | and it is
def read_figure():
    last = {name: net["sizes"][-1] for name, net in networks.items()}
    asked = networks[ASKED]
    factor = np.sqrt(asked["units"]) * asked["stddev"]
    return {n for n in last if last[n] < 0.01}, {n for n in last if last[n] > 100}, factor


# %% exercise-1 | wrong | what is left in the end, not the factor of one layer | and it is
def read_figure():
    last = {name: net["sizes"][-1] for name, net in networks.items()}
    return {n for n in last if last[n] < 0.01}, {n for n in last if last[n] > 100}, last[ASKED]


# %% exercise-1 | wrong | the total shared out over seven layers instead of its seventh root | and it is
def read_figure():
    last = {name: net["sizes"][-1] for name, net in networks.items()}
    factor = last[ASKED] / networks[ASKED]["sizes"][0] / 7
    return {n for n in last if last[n] < 0.01}, {n for n in last if last[n] > 100}, factor


# %% exercise-1 | wrong | the sets alone | two sets and a number are asked for
def read_figure():
    last = {name: net["sizes"][-1] for name, net in networks.items()}
    return {n for n in last if last[n] < 0.01}, {n for n in last if last[n] > 100}


# %% exercise-2 | right | a stddev for each layer, from the formula
def build():
    model = keras.Sequential([keras.Input((64,))])
    inputs = 64
    for units in UNITS:
        draw = keras.initializers.RandomNormal(stddev=inputs**-0.5)
        model.add(layers.Dense(units, activation="tanh", kernel_initializer=draw))
        inputs = units
    model.add(layers.Dense(10, activation="softmax"))
    return model


# %% exercise-2 | right | glorot_normal, as a functional model
def build():
    inputs = x = keras.Input((64,))
    for units in UNITS:
        x = layers.Dense(units, "tanh", kernel_initializer="glorot_normal")(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


# %% exercise-2 | right | orthogonal kernels
def build():
    hidden = [layers.Dense(units, "tanh", kernel_initializer="orthogonal") for units in UNITS]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])


# %% exercise-2 | wrong | the patient again | 90% are asked for
def build():
    return build_broken()


# %% exercise-2 | wrong | random_normal, five times as large | 90% are asked for
def build():
    hidden = [layers.Dense(units, "tanh", kernel_initializer="random_normal") for units in UNITS]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])


# %% exercise-2 | wrong | zeros, to be on the safe side | 90% are asked for
def build():
    hidden = [layers.Dense(units, "tanh", kernel_initializer="zeros") for units in UNITS]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])


# %% exercise-2 | wrong | the standard normal distribution | 90% are asked for
def build():
    hidden = []
    for units in UNITS:
        draw = keras.initializers.RandomNormal(stddev=1.0)
        hidden.append(layers.Dense(units, "tanh", kernel_initializer=draw))
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])


# %% exercise-2 | wrong | takes the variance for the standard deviation | 90% are asked for
def build():
    model = keras.Sequential([keras.Input((64,))])
    for inputs, units in zip([64, *UNITS[:-1]], UNITS, strict=True):
        draw = keras.initializers.RandomNormal(stddev=1 / inputs)
        model.add(layers.Dense(units, "tanh", kernel_initializer=draw))
    model.add(layers.Dense(10, activation="softmax"))
    return model


# %% exercise-2 | wrong | good first weights, and ReLU | ten times tanh and a softmax
def build():
    hidden = [layers.Dense(units, "relu", kernel_initializer="he_normal") for units in UNITS]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])


# %% exercise-2 | wrong | fewer layers | the layers should be
def build():
    hidden = [layers.Dense(units, "tanh") for units in UNITS[:3]]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])


# %% exercise-2 | wrong | batch normalization between the layers, weights as they were | the layers should be
def build():
    model = keras.Sequential([keras.Input((64,))])
    for units in UNITS:
        draw = keras.initializers.RandomNormal(stddev=0.01)
        model.add(layers.Dense(units, "tanh", kernel_initializer=draw))
        model.add(layers.BatchNormalization())
    model.add(layers.Dense(10, activation="softmax"))
    return model


# %% exercise-2 | wrong | forgets to return | returned NoneType
def build():
    build_broken()


# %% exercise-3 | right | uniform, with the same variance
def draw(shape, activation, rng):
    variance = (2 if activation == "relu" else 1) / np.prod(shape[:-1])
    limit = np.sqrt(3 * variance)
    return rng.uniform(-limit, limit, size=shape)


# %% exercise-3 | right | dense and convolution apart, and a gain for ReLU
def draw(shape, activation, rng):
    inputs = shape[0] if len(shape) == 2 else shape[0] * shape[1]
    gain = {"relu": 2**0.5, "tanh": 1.0}[activation]
    return gain * rng.standard_normal(shape) / inputs**0.5


# %% exercise-3 | wrong | the patient again | times that of the inputs
def draw(shape, activation, rng):
    return draw_broken(shape, activation, rng)


# %% exercise-3 | wrong | 0.05, as random_normal has it | times that of the inputs
def draw(shape, activation, rng):
    return rng.normal(0, 0.05, size=shape)


# %% exercise-3 | wrong | the first axis for the number of inputs, in a convolution too | times that of the inputs
def draw(shape, activation, rng):
    variance = (2 if activation == "relu" else 1) / shape[0]
    return rng.normal(0, np.sqrt(variance), size=shape)


# %% exercise-3 | wrong | the channels alone, not the steps | times that of the inputs
def draw(shape, activation, rng):
    variance = (2 if activation == "relu" else 1) / shape[-2]
    return rng.normal(0, np.sqrt(variance), size=shape)


# %% exercise-3 | wrong | one over the inputs for ReLU, too | times that of the inputs
def draw(shape, activation, rng):
    return rng.normal(0, np.prod(shape[:-1]) ** -0.5, size=shape)


# %% exercise-3 | wrong | two over the inputs for tanh, too | times that of the inputs
def draw(shape, activation, rng):
    return rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), size=shape)


# %% exercise-3 | wrong | takes the variance for the standard deviation | times that of the inputs
def draw(shape, activation, rng):
    return rng.normal(0, 2 / np.prod(shape[:-1]), size=shape)


# %% exercise-3 | wrong | equal weights of the right size | have the same weights
def draw(shape, activation, rng):
    return np.full(shape, np.prod(shape[:-1]) ** -0.5)


# %% exercise-3 | wrong | draws half of the units, and uses them twice | have the same weights
def draw(shape, activation, rng):
    variance = (2 if activation == "relu" else 1) / np.prod(shape[:-1])
    half = rng.normal(0, np.sqrt(variance), size=(*shape[:-1], (shape[-1] + 1) // 2))
    return np.concatenate([half, half], axis=-1)[..., : shape[-1]]


# %% exercise-3 | wrong | absolute values, so that nothing cancels | times that of the inputs
def draw(shape, activation, rng):
    variance = (2 if activation == "relu" else 1) / np.prod(shape[:-1])
    return np.abs(rng.normal(0, np.sqrt(variance), size=shape))


# %% exercise-3 | wrong | a generator of its own, with a fixed seed | gives the same kernel
def draw(shape, activation, rng):
    variance = (2 if activation == "relu" else 1) / np.prod(shape[:-1])
    return np.random.default_rng(0).normal(0, np.sqrt(variance), size=shape)


# %% exercise-3 | wrong | forgets to return | is None
def draw(shape, activation, rng):
    rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), size=shape)
