# Right and wrong answers to the exercises of lesson 12. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | read off, the weights counted by Keras
def read():
    lstm = keras.Sequential([keras.Input((5, 36)), layers.LSTM(16)])
    return (3, 2, -1, 0, -1), "c", lstm.count_params()


# %% exercise-1 | right | from the tables, by code
def read():
    rows = []
    for name in "ABCDE":
        lost = [i for i, score in enumerate(tables[name]["validation"]) if score < 0.5]
        rows.append(lost[0] if lost else -1)
    n = tables["C"]["numbers"].iloc[-1]
    return np.array(rows), " C ", 64 * (n + 17)


# %% exercise-1 | wrong | the training scores | in table
def read():
    return [-1, -1, -1, -1, -1], "A", 64 * (8 + 17)


# %% exercise-1 | wrong | a wide layer afterwards brings it back | in table B
def read():
    return [3, -1, -1, 0, -1], "C", 64 * (36 + 17)


# %% exercise-1 | wrong | D fails at its last row | in table D
def read():
    return [3, 2, -1, 3, -1], "C", 64 * (36 + 17)


# %% exercise-1 | wrong | rows counted from 1 | in table A
def read():
    return [4, 3, -1, 1, -1], "C", 64 * (36 + 17)


# %% exercise-1 | wrong | the more numbers the better | C hands over fewer
def read():
    return [3, 2, -1, 0, -1], "E", 64 * (392 + 17)


# %% exercise-1 | wrong | fewest numbers, whatever they hold | C and E keep
def read():
    return [3, 2, -1, 0, -1], "A", 64 * (8 + 17)


# %% exercise-1 | wrong | without the biases | the LSTM has
def read():
    return [3, 2, -1, 0, -1], "C", 64 * (36 + 16)


# %% exercise-1 | wrong | numbers of the whole film | the LSTM has
def read():
    return [3, 2, -1, 0, -1], "C", 64 * (5 * 36 + 17)


# %% exercise-2 | right | means over rows and over columns, without any filter
def encoder():
    films = keras.Input((5, 14, 14, 1))
    rows = layers.TimeDistributed(layers.AveragePooling2D((1, 14)))(films)
    columns = layers.TimeDistributed(layers.AveragePooling2D((14, 1)))(films)
    sides = [layers.Reshape((5, 14))(part) for part in (rows, columns)]
    return keras.Model(films, layers.Concatenate()(sides))


# %% exercise-2 | right | two filters, a large grid of the largest answers
def encoder():
    frame = keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(2, 5, padding="same", activation="relu"),
            layers.AveragePooling2D(3),
            layers.Flatten(),
        ]
    )
    films = keras.Input((5, 14, 14, 1))
    return keras.Model(films, layers.TimeDistributed(frame)(films))


# %% exercise-2 | right | a coarse picture, no filters at all
def encoder():
    return keras.Sequential(
        [
            keras.Input((5, 14, 14, 1)),
            layers.TimeDistributed(layers.AveragePooling2D(3)),
            layers.TimeDistributed(layers.Flatten()),
        ]
    )


# %% exercise-2 | wrong | the colleague's | of others
def encoder():
    return encoder_broken()


# %% exercise-2 | wrong | the largest instead of the mean | of others
def encoder():
    return keras.Sequential(
        [
            keras.Input((5, 14, 14, 1)),
            layers.TimeDistributed(layers.Conv2D(40, 3, padding="same", activation="relu")),
            layers.TimeDistributed(layers.GlobalMaxPooling2D()),
        ]
    )


# %% exercise-2 | wrong | the lesson's Flatten | more than 40
def encoder():
    return keras.Sequential(
        [
            keras.Input((5, 14, 14, 1)),
            layers.TimeDistributed(layers.Conv2D(8, 3, padding="same", activation="relu")),
            layers.TimeDistributed(layers.AveragePooling2D(2)),
            layers.TimeDistributed(layers.Flatten()),
        ]
    )


# %% exercise-2 | wrong | pooled, and a layer on top to mix it | of others
def encoder():
    return keras.Sequential(
        [
            keras.Input((5, 14, 14, 1)),
            layers.TimeDistributed(layers.Conv2D(32, 3, padding="same", activation="relu")),
            layers.TimeDistributed(layers.GlobalAveragePooling2D()),
            layers.TimeDistributed(layers.Dense(40)),
        ]
    )


# %% exercise-2 | wrong | a film as one row | should hand over
def encoder():
    return keras.Sequential(
        [
            keras.Input((5, 14, 14, 1)),
            layers.TimeDistributed(layers.Conv2D(1, 3, padding="same", activation="relu")),
            layers.TimeDistributed(layers.AveragePooling2D(5)),
            layers.Flatten(),
        ]
    )


# %% exercise-2 | wrong | forgot to flatten | should hand over
def encoder():
    return keras.Sequential(
        [
            keras.Input((5, 14, 14, 1)),
            layers.TimeDistributed(layers.Conv2D(4, 3, padding="same", activation="relu")),
            layers.TimeDistributed(layers.AveragePooling2D(4)),
        ]
    )


# %% exercise-2 | wrong | the layer instead of a model | should return a Keras model
def encoder():
    return layers.TimeDistributed(layers.Flatten())


# %% exercise-3 | right | scaled by hand, a linear support vector machine
def readable(stages, y_train, y_val):
    from sklearn.svm import LinearSVC

    found = []
    for train, val in stages:
        train, val = train.reshape(len(train), -1), val.reshape(len(val), -1)
        mean, std = train.mean(axis=0), train.std(axis=0)
        std = np.where(std > 1e-12, std, 1)
        rule = LinearSVC(C=0.01).fit((train - mean) / std, y_train)
        found.append(bool(np.mean(rule.predict((val - mean) / std) == y_val) > 0.6))
    return found


# %% exercise-3 | right | a ridge classifier
def readable(stages, y_train, y_val):
    from sklearn.linear_model import RidgeClassifier

    scores = []
    for train, val in stages:
        rule = make_pipeline(StandardScaler(), RidgeClassifier(alpha=100.0))
        rule.fit(np.reshape(train, (len(train), -1)), y_train)
        scores.append(rule.score(np.reshape(val, (len(val), -1)), y_val))
    return np.array(scores) > 0.6


# %% exercise-3 | wrong | the score on the training part | stage 3
def readable(stages, y_train, y_val):
    found = []
    for train, _ in stages:
        train = train.reshape(len(train), -1)
        rule = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, y_train)
        found.append(rule.score(train, y_train) > 0.6)
    return found


# %% exercise-3 | wrong | no scaling | stage 1
def readable(stages, y_train, y_val):
    import warnings

    found = []
    for train, val in stages:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rule = LogisticRegression().fit(train.reshape(len(train), -1), y_train)
        found.append(rule.score(val.reshape(len(val), -1), y_val) > 0.6)
    return found


# %% exercise-3 | wrong | fitted to the validation part | stage 3
def readable(stages, y_train, y_val):
    found = []
    for _, val in stages:
        val = val.reshape(len(val), -1)
        rule = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(val, y_val)
        found.append(rule.score(val, y_val) > 0.6)
    return found


# %% exercise-3 | wrong | two axes are always there | raised
def readable(stages, y_train, y_val):
    found = []
    for train, val in stages:
        rule = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, y_train)
        found.append(rule.score(val, y_val) > 0.6)
    return found


# %% exercise-3 | wrong | scores instead of an answer | expected True or False
def readable(stages, y_train, y_val):
    scores = []
    for train, val in stages:
        rule = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        rule.fit(train.reshape(len(train), -1), y_train)
        scores.append(rule.score(val.reshape(len(val), -1), y_val))
    return scores


# %% exercise-3 | wrong | scaled by hand, and a column that never changes | raised
def readable(stages, y_train, y_val):
    found = []
    for train, val in stages:
        train, val = train.reshape(len(train), -1), val.reshape(len(val), -1)
        with np.errstate(all="ignore"):
            mean, std = train.mean(axis=0), train.std(axis=0)
            train, val = (train - mean) / std, (val - mean) / std
        found.append(LogisticRegression(C=0.1, max_iter=1000).fit(train, y_train).score(val, y_val) > 0.6)
    return found


# %% exercise-3 | wrong | scaled in place | changes the arrays
def readable(stages, y_train, y_val):
    found = []
    for train, val in stages:
        mean, std = train.mean(axis=0), train.std(axis=0) + 1e-9
        train -= mean
        train /= std
        val -= mean
        val /= std
        rule = LogisticRegression(C=0.1, max_iter=1000).fit(train.reshape(len(train), -1), y_train)
        found.append(rule.score(val.reshape(len(val), -1), y_val) > 0.6)
    return found
