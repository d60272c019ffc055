# Right and wrong answers to the exercises of lesson 11. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | two comprehensions, lists instead of sets
def read_figure():
    late = [name for name in records if records[name]["training"][60] < records[name]["rule"]]
    early = [name for name in records if records[name]["training"][20] < records[name]["rule"]]
    return late, [name for name in early if name not in late]


# %% exercise-1 | right | how far above the rule, in a table
def read_figure():
    over = pd.DataFrame({name: record["training"] - record["rule"] for name, record in records.items()})
    under = set(over.columns[over.loc[60] < 0])
    return under, set(over.columns[over.loc[20] < 0]) - under


# %% exercise-1 | wrong | curves that lie close together are fine, a gap is not | set: the training accuracy is
def read_figure():
    gap = {name for name, r in records.items() if r["training"][60] - r["validation"][60] > 0.1}
    return gap, set()


# %% exercise-1 | wrong | holds the validation curve against the rule | set: the training accuracy is
def read_figure():
    below = {name for name, r in records.items() if r["validation"][60] < r["rule"]}
    return below, set()


# %% exercise-1 | wrong | a training accuracy of 0.6 and more is no underfitting | set: the training accuracy is
def read_figure():
    low = {name for name, r in records.items() if r["training"][60] < 0.6}
    return low, {name for name, r in records.items() if r["training"][20] < 0.6} - low


# %% exercise-1 | wrong | whoever still rises needs patience | set: the training accuracy is
def read_figure():
    under = {name for name, r in records.items() if r["training"][60] < r["rule"]}
    return under, {name for name, r in records.items() if r["training"][60] > r["training"][20]}


# %% exercise-1 | wrong | counts those who were late as underfitting | belong into the first set
def read_figure():
    early = {name for name, r in records.items() if r["training"][20] < r["rule"]}
    return early, set()


# %% exercise-1 | wrong | the two sets in the other order | set: the training accuracy is
def read_figure():
    under = {name for name, r in records.items() if r["training"][60] < r["rule"]}
    late = {name for name, r in records.items() if r["training"][20] < r["rule"]} - under
    return late, under


# %% exercise-1 | wrong | everybody underfits | belong into the first set
def read_figure():
    return set("ABCDEF"), set()


# %% exercise-1 | wrong | one set only | two sets of letters are asked for
def read_figure():
    return {name for name, r in records.items() if r["training"][60] < r["rule"]}


# %% exercise-1 | wrong | a letter that is not there | there is no network
def read_figure():
    return {"A", "G"}, set()


# %% exercise-2 | right | two layers of sixteen
def build():
    hidden = [layers.Dense(16, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input((15, 6)), layers.Flatten(), *hidden, layers.Dense(7, activation="softmax")])


# %% exercise-2 | right | a convolution that reads three steps, and tanh
def build():
    inputs = keras.Input((15, 6))
    x = layers.Conv1D(16, 3, strides=2, activation="tanh")(inputs)
    x = layers.Dense(16, activation="tanh")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(x))


# %% exercise-2 | right | sixteen units that read in order, as in the lesson
def build():
    return keras.Sequential([keras.Input((15, 6)), layers.LSTM(16), layers.Dense(7, activation="softmax")])


# %% exercise-2 | wrong | the patient again | weights, and 2,500 are allowed
def build():
    return build_broken()


# %% exercise-2 | wrong | one more layer, each narrower, to keep to the limit | of the training windows
def build():
    hidden = [layers.Dense(units, activation="relu") for units in (2, 32, 24, 16)]
    return keras.Sequential([keras.Input((15, 6)), layers.Flatten(), *hidden, layers.Dense(7, activation="softmax")])


# %% exercise-2 | wrong | the two units alone | of the training windows
def build():
    hidden = layers.Dense(2, activation="relu")
    return keras.Sequential([keras.Input((15, 6)), layers.Flatten(), hidden, layers.Dense(7, activation="softmax")])


# %% exercise-2 | wrong | another activation, and less behind it | of the training windows
def build():
    hidden = [layers.Dense(units, activation="tanh") for units in (2, 40, 40)]
    return keras.Sequential([keras.Input((15, 6)), layers.Flatten(), *hidden, layers.Dense(7, activation="softmax")])


# %% exercise-2 | wrong | three units instead of two, and the rest behind them | of the training windows
def build():
    hidden = [layers.Dense(units, activation="relu") for units in (3, 32, 32)]
    return keras.Sequential([keras.Input((15, 6)), layers.Flatten(), *hidden, layers.Dense(7, activation="softmax")])


# %% exercise-2 | wrong | averages over time to save weights | of the training windows
def build():
    hidden = [layers.GlobalAveragePooling1D(), layers.Dense(2, activation="relu")]
    return keras.Sequential([keras.Input((15, 6)), *hidden, layers.Dense(7, activation="softmax")])


# %% exercise-2 | wrong | wide, and does not count | weights, and 2,500 are allowed
def build():
    hidden = layers.Dense(64, activation="relu")
    return keras.Sequential([keras.Input((15, 6)), layers.Flatten(), hidden, layers.Dense(7, activation="softmax")])


# %% exercise-2 | wrong | a sigmoid for each exercise | are no probabilities
def build():
    hidden = layers.Dense(24, activation="relu")
    return keras.Sequential([keras.Input((15, 6)), layers.Flatten(), hidden, layers.Dense(7, activation="sigmoid")])


# %% exercise-2 | wrong | forgets to return | returned NoneType
def build():
    build_broken()


# %% exercise-2 | wrong | hands over a network that has been trained on all ten people | it has been trained
def build():
    model = keras.Sequential(
        [
            keras.Input((15, 6)),
            layers.Flatten(),
            layers.Dense(20, activation="relu"),
            layers.Dense(7, activation="softmax"),
        ]
    )
    x = watch.X[:, ::5]
    x = (x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1))
    model.compile(keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(x, watch.y, batch_size=63, epochs=40, verbose=0)
    return model


# %% exercise-3 | right | an LSTM with as many units as the limit allows
def fit_network(X, y, most_weights):
    features = X.shape[2]
    units = max(u for u in range(1, 50) if 4 * u * (features + u + 1) + 10 * (u + 1) <= most_weights)
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.LSTM(units), layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=25, batch_size=50, verbose=0)
    return model


# %% exercise-3 | right | Flatten alone: all pixels, a linear rule, and one-hot labels
def fit_network(X, y, most_weights):
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.Flatten(), layers.Dense(10)])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=loss)
    model.fit(X, np.eye(10)[y], epochs=30, batch_size=100, verbose=0)
    return model


# %% exercise-3 | wrong | the broken network again | weights, and 2,000 are allowed
def fit_network(X, y, most_weights):
    return fit_broken(X, y)


# %% exercise-3 | wrong | the broken network, made smaller | of the training images
def fit_network(X, y, most_weights):
    hidden = [layers.GlobalAveragePooling1D(), layers.Dense(32, activation="relu"), layers.Dense(32, activation="relu")]
    model = keras.Sequential([keras.Input(X.shape[1:]), *hidden, layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=20, batch_size=50, verbose=0)
    return model


# %% exercise-3 | wrong | averaging over time, and patience | of the training images
def fit_network(X, y, most_weights):
    hidden = [layers.GlobalAveragePooling1D(), layers.Dense(64, activation="relu")]
    model = keras.Sequential([keras.Input(X.shape[1:]), *hidden, layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=60, batch_size=100, verbose=0)
    return model


# %% exercise-3 | wrong | reads in order, and does not count | weights, and 2,000 are allowed
def fit_network(X, y, most_weights):
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.LSTM(32), layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=1, verbose=0)
    return model


# %% exercise-3 | wrong | counts the recurrent weights and forgets the inputs' | weights, and 2,000 are allowed
def fit_network(X, y, most_weights):
    units = int((most_weights / 4) ** 0.5)
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.LSTM(units), layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=1, verbose=0)
    return model


# %% exercise-3 | wrong | the rule of thumb: five examples per weight | of the training images
def fit_network(X, y, most_weights):
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.LSTM(3), layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=15, batch_size=50, verbose=0)
    return model


# %% exercise-3 | wrong | fits on all images, by their global names | of the training images
def fit_network(X_, y_, most_weights):
    model = keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    model.fit(images, y, epochs=20, batch_size=100, verbose=0)
    return model


# %% exercise-3 | wrong | the shape typed in | raised ValueError
def fit_network(X, y, most_weights):
    model = keras.Sequential([layers.Reshape((64,)), layers.Dense(10, activation="softmax")])
    model.build((None, 8, 8))
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=20, batch_size=100, verbose=0)
    rows = keras.Input((8, 8))
    return keras.Model(rows, model(rows))


# %% exercise-3 | wrong | predicts the digit instead of ten numbers | should have the shape
def fit_network(X, y, most_weights):
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.Flatten(), layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(X, y, epochs=1, verbose=0)
    return model
