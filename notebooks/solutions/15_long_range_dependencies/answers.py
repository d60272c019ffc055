# Right and wrong answers to the exercises of lesson 15. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | a list of letters, and the crossing by interpolating the printed powers
def read_figure():
    far = [name for name, p in panels.items() if np.log10(p["line"][p["cue"]]) < -3]
    powers = np.log10(panels[ASKED]["line"][::10])
    return far, 99 - np.interp(-3, powers, np.arange(0, 100, 10))


# %% exercise-1 | right | a little off, as the eye is, and small letters
def read_figure():
    far = {name.lower() for name, p in panels.items() if p["line"][p["cue"]] < 1e-3}
    return far, float(np.sum(panels[ASKED]["line"] > 1.3e-3))


# %% exercise-1 | wrong | whichever curve goes below the dotted line somewhere | the set: at its cue
def read_figure():
    far = {name for name, p in panels.items() if p["line"].min() < 1e-3}
    return far, 99 - np.flatnonzero(panels[ASKED]["line"] >= 1e-3).min()


# %% exercise-1 | wrong | a cue in the first half is far | the set: at its cue
def read_figure():
    far = {name for name, p in panels.items() if p["cue"] < 40}
    return far, 99 - np.flatnonzero(panels[ASKED]["line"] >= 1e-3).min()


# %% exercise-1 | wrong | the others | the set: at its cue
def read_figure():
    near = {name for name, p in panels.items() if p["line"][p["cue"]] >= 1e-3}
    return near, 99 - np.flatnonzero(panels[ASKED]["line"] >= 1e-3).min()


# %% exercise-1 | wrong | the step of the crossing, not the steps behind it | steps follow that one
def read_figure():
    far = {name for name, p in panels.items() if p["line"][p["cue"]] < 1e-3}
    return far, np.flatnonzero(panels[ASKED]["line"] >= 1e-3).min()


# %% exercise-1 | wrong | the crossing of a hundredth | steps follow that one
def read_figure():
    far = {name for name, p in panels.items() if p["line"][p["cue"]] < 1e-3}
    return far, 99 - np.flatnonzero(panels[ASKED]["line"] >= 1e-2).min()


# %% exercise-1 | wrong | the steps that follow the panel's own cue | steps follow that one
def read_figure():
    far = {name for name, p in panels.items() if p["line"][p["cue"]] < 1e-3}
    return far, 99 - panels[ASKED]["cue"]


# %% exercise-1 | wrong | letters only | a set of letters and a number
def read_figure():
    return {name for name, p in panels.items() if p["line"][p["cue"]] < 1e-3}


# %% exercise-1 | wrong | a letter that is not there | there is no panel
def read_figure():
    return {"A", "H"}, 30


# %% exercise-2 | right | the maximum over what a convolution of one step says
def build():
    inputs = keras.Input((50, 17))
    h = layers.Conv1D(32, 1, activation="relu")(inputs)
    h = layers.GlobalMaxPooling1D()(h)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(h))


# %% exercise-2 | right | a GRU, all its steps
def build():
    steps = layers.GRU(16, return_sequences=True)
    answer = layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.Input((50, 17)), steps, layers.GlobalMaxPooling1D(), answer])


# %% exercise-2 | right | stays bidirectional, and all its steps
def build():
    both = layers.Bidirectional(layers.LSTM(10, return_sequences=True))
    answer = layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.Input((50, 17)), both, layers.GlobalMaxPooling1D(), answer])


# %% exercise-2 | wrong | the patient again | where 60% are asked for
def build():
    return build_broken()


# %% exercise-2 | wrong | two layers of the lesson's network | where 60% are asked for
def build():
    return keras.Sequential(
        [
            keras.Input((50, 17)),
            layers.LSTM(11, return_sequences=True),
            layers.LSTM(11),
            layers.Dense(3, activation="softmax"),
        ]
    )


# %% exercise-2 | wrong | bidirectional, and larger | weights, and 2,400 are allowed
def build():
    both = layers.Bidirectional(layers.LSTM(32))
    return keras.Sequential([keras.Input((50, 17)), both, layers.Dense(3, activation="softmax")])


# %% exercise-2 | wrong | reads backwards only | where 60% are asked for
def build():
    back = layers.LSTM(16, go_backwards=True)
    return keras.Sequential([keras.Input((50, 17)), back, layers.Dense(3, activation="softmax")])


# %% exercise-2 | wrong | all steps side by side, and their weights uncounted | weights, and 2,400 are allowed
def build():
    steps = layers.LSTM(16, return_sequences=True)
    answer = layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.Input((50, 17)), steps, layers.Flatten(), answer])


# %% exercise-2 | wrong | an output for each step | should have the shape
def build():
    steps = layers.LSTM(16, return_sequences=True)
    return keras.Sequential([keras.Input((50, 17)), steps, layers.Dense(3, activation="softmax")])


# %% exercise-2 | wrong | cuts out the middle, where the cue was shown | where 60% are asked for
def build():
    steps = layers.LSTM(16, return_sequences=True)
    answer = layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.Input((50, 17)), layers.Cropping1D(20), steps, layers.GlobalMaxPooling1D(), answer])


# %% exercise-2 | wrong | forgets to return | returned NoneType
def build():
    build_broken()


# %% exercise-3 | right | Keras' own function, with the type of the data
def prepare(sequences, steps):
    return keras.utils.pad_sequences(sequences, maxlen=steps, dtype="float32")


# %% exercise-3 | right | zeros stacked before each
def prepare(sequences, steps):
    rows = [np.vstack([np.zeros((steps - len(s), s.shape[1])), s]) for s in sequences]
    return np.stack(rows)


# %% exercise-3 | right | two zeros stay behind the sequence, where there is room
def prepare(sequences, steps):
    x = np.zeros((len(sequences), steps, 16))
    for row, sequence in zip(x, sequences, strict=True):
        start = max(steps - len(sequence) - 2, 0)
        row[start : start + len(sequence)] = sequence
    return x


# %% exercise-3 | wrong | the patient again | names the last digit in
def prepare(sequences, steps):
    return prepare_broken(sequences, steps)


# %% exercise-3 | wrong | Keras' function, which makes whole numbers unless told otherwise | do not stand in its row
def prepare(sequences, steps):
    return keras.utils.pad_sequences(sequences, maxlen=steps)


# %% exercise-3 | wrong | turned round, so that the last digit comes last after the zeros | do not stand in its row
def prepare(sequences, steps):
    return prepare_broken(sequences, steps)[:, ::-1]


# %% exercise-3 | wrong | in the middle | names the last digit in
def prepare(sequences, steps):
    x = np.zeros((len(sequences), steps, 16), "float32")
    for row, sequence in zip(x, sequences, strict=True):
        start = (steps - len(sequence)) // 2
        row[start : start + len(sequence)] = sequence
    return x


# %% exercise-3 | wrong | repeats the sequence until it is full | and other numbers than zero beside it
def prepare(sequences, steps):
    rows = [np.tile(s, (steps // len(s) + 1, 1))[-steps:] for s in sequences]
    return np.stack(rows)


# %% exercise-3 | wrong | keeps the last digit only | do not stand in its row
def prepare(sequences, steps):
    x = np.zeros((len(sequences), steps, 16), "float32")
    for row, sequence in zip(x, sequences, strict=True):
        row[-1] = sequence[-1]
    return x


# %% exercise-3 | wrong | cuts instead of filling up | should have the shape
def prepare(sequences, steps):
    shortest = min(len(s) for s in sequences)
    return np.stack([s[-shortest:] for s in sequences])


# %% exercise-3 | wrong | fills up by the last digit, again and again | and other numbers than zero beside it
def prepare(sequences, steps):
    return np.stack([np.pad(s, ((0, steps - len(s)), (0, 0)), mode="edge") for s in sequences])
