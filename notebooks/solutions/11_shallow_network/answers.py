# Right and wrong answers to the exercises of lesson 11. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | three questions, as NumPy arrays
def what_ails(history, rule, guess):
    train, validation = np.array(history["loss"]), np.array(history["val_loss"])
    if train[-1] > rule:
        return "underfits"
    if not (validation < guess).any():
        return "memorises"
    return "overfits" if validation[-1] / validation.min() > 1.1 else "none"


# %% exercise-1 | right | all words that apply, and then the first
def what_ails(history, rule, guess):
    *_, last = history["val_loss"]
    lowest = sorted(history["val_loss"])[0]
    applies = {
        "underfits": history["loss"][39] - rule > 0,
        "memorises": lowest >= guess,
        "overfits": last > lowest + lowest / 10,
        "none": True,
    }
    return next(word for word, true in applies.items() if true)


# %% exercise-1 | wrong | curves that lie close together are fine | the answer is 'underfits'
def what_ails(history, rule, guess):
    loss, lowest, last = history["loss"][-1], min(history["val_loss"]), history["val_loss"][-1]
    if last < 1.2 * loss:
        return "none"
    if loss > rule:
        return "underfits"
    if lowest >= guess:
        return "memorises"
    return "overfits" if last > 1.1 * lowest else "none"


# %% exercise-1 | wrong | better than guessing is not underfitting | the answer is 'underfits'
def what_ails(history, rule, guess):
    lowest = min(history["val_loss"])
    if history["loss"][-1] > guess:
        return "underfits"
    if lowest >= guess:
        return "memorises"
    return "overfits" if history["val_loss"][-1] > 1.1 * lowest else "none"


# %% exercise-1 | wrong | holds the validation loss against the rule's training loss | the answer is
def what_ails(history, rule, guess):
    lowest = min(history["val_loss"])
    if history["val_loss"][-1] > rule:
        return "underfits"
    if lowest >= guess:
        return "memorises"
    return "overfits" if history["val_loss"][-1] > 1.1 * lowest else "none"


# %% exercise-1 | wrong | a gap between the curves is overfitting | yours is 'overfits'
def what_ails(history, rule, guess):
    if history["loss"][-1] > rule:
        return "underfits"
    if min(history["val_loss"]) >= guess:
        return "memorises"
    return "overfits" if history["val_loss"][-1] > 1.1 * history["loss"][-1] else "none"


# %% exercise-1 | wrong | reads the first epoch instead of the last | yours is 'underfits'
def what_ails(history, rule, guess):
    lowest = min(history["val_loss"])
    if history["loss"][0] > rule:
        return "underfits"
    if lowest >= guess:
        return "memorises"
    return "overfits" if history["val_loss"][-1] > 1.1 * lowest else "none"


# %% exercise-1 | wrong | the lesson's ln 7 for every table | yours is
def what_ails(history, rule, guess):
    lowest = min(history["val_loss"])
    if history["loss"][-1] > rule:
        return "underfits"
    if lowest >= np.log(7):
        return "memorises"
    return "overfits" if history["val_loss"][-1] > 1.1 * lowest else "none"


# %% exercise-1 | wrong | looks at the validation curve first | the answer is 'underfits'
def what_ails(history, rule, guess):
    lowest = min(history["val_loss"])
    if lowest >= guess:
        return "memorises"
    if history["val_loss"][-1] > 1.1 * lowest:
        return "overfits"
    return "underfits" if history["loss"][-1] > rule else "none"


# %% exercise-1 | wrong | a fixed answer | yours is 'underfits'
def what_ails(history, rule, guess):
    return "underfits"


# %% exercise-2 | right | strides, and an LSTM that reads what is left
def build():
    front = layers.Conv1D(8, 5, strides=4, activation="relu")
    return keras.Sequential([keras.Input((64, 1)), front, layers.LSTM(8), layers.Dense(1, activation="sigmoid")])


# %% exercise-2 | right | one long kernel
def build():
    front = layers.Conv1D(8, 25, activation="relu")
    head = [layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((64, 1)), front, *head])


# %% exercise-2 | wrong | the broken network again | of the training records
def build():
    return build_broken()


# %% exercise-2 | wrong | four times the filters | weights, and 700 are allowed
def build():
    convolutions = [layers.Conv1D(32, 3, activation="relu") for _ in range(3)]
    head = [layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((64, 1)), *convolutions, *head])


# %% exercise-2 | wrong | two layers more of the same kind | of the training records
def build():
    convolutions = [layers.Conv1D(6, 3, activation="relu") for _ in range(5)]
    head = [layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((64, 1)), *convolutions, *head])


# %% exercise-2 | wrong | the maximum instead of the mean | of the training records
def build():
    convolutions = [layers.Conv1D(8, 3, activation="relu") for _ in range(3)]
    head = [layers.GlobalMaxPooling1D(), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((64, 1)), *convolutions, *head])


# %% exercise-2 | wrong | a large dense layer over everything | weights, and 700 are allowed
def build():
    hidden = [layers.Flatten(), layers.Dense(64, activation="relu")]
    return keras.Sequential([keras.Input((64, 1)), *hidden, layers.Dense(1, activation="sigmoid")])


# %% exercise-2 | wrong | forgets to return | returned NoneType
def build():
    build_broken()


# %% exercise-3 | right | a convolution, and Flatten
def fit_network(X, y, most_weights):
    filters = 4
    front = [layers.Conv1D(filters, 2, activation="relu"), layers.Flatten()]
    model = keras.Sequential([keras.Input(X.shape[1:]), *front, layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=30, batch_size=100, verbose=0)
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


# %% exercise-3 | wrong | the broken network, made smaller | rows as steps,
def fit_network(X, y, most_weights):
    hidden = [layers.GlobalAveragePooling1D(), layers.Dense(32, activation="relu"), layers.Dense(32, activation="relu")]
    model = keras.Sequential([keras.Input(X.shape[1:]), *hidden, layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(X, y, epochs=20, batch_size=50, verbose=0)
    return model


# %% exercise-3 | wrong | averaging over time, and patience | rows as steps,
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
