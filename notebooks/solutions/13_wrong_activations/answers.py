# Right and wrong answers to the exercises of lesson 13. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | as one looks: lists, and a rounded share
def read():
    cannot, same = [], []
    for letter in "ABCDE":
        last, y = table.loc[letter + "_last"].round(2), targets[letter].round(2)
        if y.min() + 0.02 < last["lower limit"] or y.max() - 0.02 > last["upper limit"]:
            cannot.append(letter)
        elif last["lowest"] == last["highest"]:
            same.append(letter)
    shares = [
        np.mean(targets[n] != targets[n].clip(*table.loc[n + "_last"][["lower limit", "upper limit"]])) for n in cannot
    ]
    return cannot, same, round(min(shares), 2)


# %% exercise-1 | right | strings of small letters, the share from a count
def read():
    last = table[table.index.str.endswith("_last")].set_axis(list("ABCDE"))
    cannot = "".join(n for n in "ABCDE" if targets[n].min() < last.loc[n, "lower limit"] - 0.5)
    flat = "".join(n for n in "ABCDE" if table.loc[f"{n}_hidden", "stuck units"] == 1)
    counts = []
    for n in cannot:
        low, high = last.loc[n, "lower limit"], last.loc[n, "upper limit"]
        counts.append(sum(1 for y in targets[n] if not low <= y <= high))
    return cannot.lower(), flat.lower(), min(counts) / 1500 + 0.005


# %% exercise-1 | wrong | every ReLU at the end is wrong | does not belong into the first set
def read():
    last = table[table.index.str.endswith("_last")].set_axis(list("ABCDE"))
    relu = set(last.index[(last["lower limit"] == 0) & (last["upper limit"] == np.inf)])
    tanh = set(last.index[last["lower limit"] == -1])
    flat = set(last.index[last["lower limit"] == -np.inf])
    return relu | tanh, flat, max(np.mean(targets[n] < 0) for n in relu)


# %% exercise-1 | wrong | only ReLU cuts off | belongs into the first set
def read():
    narrow = {n for n in "ABCDE" if table.loc[f"{n}_last", "lower limit"] == 0 and targets[n].min() < -0.5}
    flat = {n for n in "ABCDE" if table.loc[f"{n}_last", "lower limit"] == -np.inf}
    return narrow, flat, max(np.mean(targets[n] < 0) for n in narrow)


# %% exercise-1 | wrong | the flat one cannot say its targets either | does not belong into the first set
def read():
    cannot = {n for n in "ABCDE" if table.loc[f"{n}_last", "highest"] < targets[n].max() - 0.5}
    cannot |= {n for n in "ABCDE" if table.loc[f"{n}_last", "lowest"] > targets[n].min() + 0.5}
    return cannot, set(), max(np.mean(targets[n] < table.loc[f"{n}_last", "lower limit"]) for n in cannot)


# %% exercise-1 | wrong | nobody is flat, as all units of the last layer live | belongs into the second set
def read():
    cannot = {n for n in "ABCDE" if targets[n].min() < table.loc[f"{n}_last", "lower limit"] - 0.05}
    return cannot, set(), max(np.mean(targets[n] < table.loc[f"{n}_last", "lower limit"]) for n in cannot)


# %% exercise-1 | wrong | the share of outputs at a limit, of tanh | lies outside, and you say
def read():
    cannot = {n for n in "ABCDE" if targets[n].min() < table.loc[f"{n}_last", "lower limit"] - 0.05}
    flat = {n for n in "ABCDE" if table.loc[f"{n}_last", "lower limit"] == -np.inf}
    return cannot, flat, min(table.loc[f"{n}_last", "at a limit"] for n in cannot)


# %% exercise-1 | wrong | percent for a share | lies outside, and you say
def read():
    cannot = {n for n in "ABCDE" if targets[n].min() < table.loc[f"{n}_last", "lower limit"] - 0.05}
    flat = {n for n in "ABCDE" if table.loc[f"{n}_last", "lower limit"] == -np.inf}
    shares = [np.mean(targets[n] != targets[n].clip(*table.loc[f"{n}_last"].iloc[[0, 3]])) for n in cannot]
    return cannot, flat, 100 * min(shares)


# %% exercise-1 | wrong | counts the targets below the range, not those above | lies outside, and you say
def read():
    cannot = {n for n in "ABCDE" if targets[n].min() < table.loc[f"{n}_last", "lower limit"] - 0.05}
    flat = {n for n in "ABCDE" if table.loc[f"{n}_last", "lower limit"] == -np.inf}
    return cannot, flat, min(np.mean(targets[n] < table.loc[f"{n}_last", "lower limit"]) for n in cannot)


# %% exercise-1 | wrong | the share for the network that does worst | lies outside, and you say
def read():
    cannot = {n for n in "ABCDE" if targets[n].min() < table.loc[f"{n}_last", "lower limit"] - 0.05}
    flat = {n for n in "ABCDE" if table.loc[f"{n}_last", "lower limit"] == -np.inf}
    return cannot, flat, max(np.mean(targets[n] < table.loc[f"{n}_last", "lower limit"]) for n in cannot)


# %% exercise-2 | right | ReLU stays, and the target is measured from zero
def forecast(x_train, y_train, x_new):
    size = y_train.std()
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="relu", bias_initializer="ones"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), loss="mse", steps_per_execution=13)
    model.fit(x_train, y_train / size, epochs=40, batch_size=32, verbose=0)
    return size * np.ravel(model(x_new))


# %% exercise-2 | right | softplus, from zero
def forecast(x_train, y_train, x_new):
    top = y_train.mean()
    inputs = keras.Input((4,))
    hidden = layers.Dense(16, activation="relu")(inputs)
    model = keras.Model(inputs, layers.Dense(1, activation="softplus")(hidden))
    model.compile(keras.optimizers.Adam(0.01), loss="mse", steps_per_execution=13)
    model.fit(x_train, y_train / top, epochs=40, batch_size=32, verbose=0)
    return top * np.asarray(model(x_new))[:, 0]


# %% exercise-2 | right | no network at all, cut at 0 litres
def forecast(x_train, y_train, x_new):
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(x_train, y_train).predict(x_new).clip(0)


# %% exercise-2 | wrong | as it was | where nothing is needed is
def forecast(x_train, y_train, x_new):
    return forecast_broken(x_train, y_train, x_new)


# %% exercise-2 | wrong | no activation, and nothing cut | a forecast is negative
def forecast(x_train, y_train, x_new):
    mean, std = y_train.mean(), y_train.std()
    model = keras.Sequential([keras.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), loss="mse", steps_per_execution=13)
    model.fit(x_train, (y_train - mean) / std, epochs=20, batch_size=32, verbose=0)
    return mean + std * np.ravel(model(x_new))


# %% exercise-2 | wrong | cut at 0, where 0 is the mean | where nothing is needed is
def forecast(x_train, y_train, x_new):
    from sklearn.linear_model import LinearRegression

    mean, std = y_train.mean(), y_train.std()
    z = LinearRegression().fit(x_train, (y_train - mean) / std).predict(x_new)
    return mean + std * np.maximum(z, 0)


# %% exercise-2 | wrong | a sigmoid, and the target from 0 to 1 | the highest need in training is
def forecast(x_train, y_train, x_new):
    top = y_train.max()
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), loss="mse", steps_per_execution=13)
    model.fit(x_train, y_train / top, epochs=60, batch_size=32, verbose=0)
    return top * np.ravel(model(x_new))


# %% exercise-2 | wrong | ReLU, and the litres as they are | in a village that needs
def forecast(x_train, y_train, x_new):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="relu"),
        ]
    )
    model.compile("adam", loss="mse", steps_per_execution=13)
    model.fit(x_train, y_train, epochs=10, batch_size=32, verbose=0)
    return np.ravel(model(x_new))


# %% exercise-2 | wrong | the size without the sign | where nothing is needed is
def forecast(x_train, y_train, x_new):
    from sklearn.linear_model import LinearRegression

    return 0.8 * np.abs(LinearRegression().fit(x_train, y_train).predict(x_new))


# %% exercise-2 | wrong | a forest, which knows no more than it has seen | in a village that needs
def forecast(x_train, y_train, x_new):
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(30, random_state=0).fit(x_train, y_train).predict(x_new)


# %% exercise-2 | wrong | forecasts in standard deviations | where nothing is needed is
def forecast(x_train, y_train, x_new):
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(x_train, y_train / y_train.std()).predict(x_new).clip(0)


# %% exercise-2 | wrong | one column too many | should have the shape
def forecast(x_train, y_train, x_new):
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(x_train, y_train[:, None]).predict(x_new).clip(0)


# %% exercise-3 | right | fine near 0, coarse far away
def reach(activation, y):
    fine, coarse = np.arange(-20, 20, 0.01), np.arange(-1000, 1001, 0.5)
    values = [float(v) for v in np.ravel(activation(np.append(fine, coarse).reshape(-1, 1).astype("float32")))]
    below, above = y < min(values) - 0.05, y > max(values) + 0.05
    return min(values), max(values), below.mean() + above.mean()


# %% exercise-3 | right | a layer with one unit that hands z on
def reach(activation, y):
    layer = layers.Dense(1, activation=activation, kernel_initializer="ones")
    said = np.asarray(layer(np.linspace(-1000, 1000, 100001, dtype="float32").reshape(-1, 1)))
    nearest = np.clip(y, said.min(), said.max())
    return said.min(), said.max(), float(np.count_nonzero(abs(y - nearest) > 0.05)) / len(y)


# %% exercise-3 | wrong | the two ends are enough | can give is
def reach(activation, y):
    ends = np.asarray(activation(np.array([[-1000.0], [1000.0]])))
    low, high = ends.min(), ends.max()
    return low, high, np.mean((y < low - 0.05) | (y > high + 0.05))


# %% exercise-3 | wrong | z between -10 and 10 will do | can give is
def reach(activation, y):
    can = np.asarray(activation(np.linspace(-10, 10, 2001)[:, None]))
    low, high = can.min(), can.max()
    return low, high, np.mean((y < low - 0.05) | (y > high + 0.05))


# %% exercise-3 | wrong | the column as one row: softmax shares it out | can give is
def reach(activation, y):
    can = np.asarray(activation(np.linspace(-1000, 1000, 40001)[None, :]))
    low, high = can.min(), can.max()
    return low, high, np.mean((y < low - 0.05) | (y > high + 0.05))


# %% exercise-3 | wrong | the targets' own range | can give is
def reach(activation, y):
    said = np.asarray(activation(y[:, None]))
    return said.min(), said.max(), np.mean((y < said.min() - 0.05) | (y > said.max() + 0.05))


# %% exercise-3 | wrong | only the upper end | is out of reach
def reach(activation, y):
    can = np.asarray(activation(np.linspace(-1000, 1000, 40001)[:, None]))
    return can.min(), can.max(), np.mean(y > can.max() + 0.05)


# %% exercise-3 | wrong | the share that can be said | is out of reach
def reach(activation, y):
    can = np.asarray(activation(np.linspace(-1000, 1000, 40001)[:, None]))
    return can.min(), can.max(), np.mean((y >= can.min() - 0.05) & (y <= can.max() + 0.05))


# %% exercise-3 | wrong | a number, not a share | is out of reach
def reach(activation, y):
    can = np.asarray(activation(np.linspace(-1000, 1000, 40001)[:, None]))
    return can.min(), can.max(), np.sum((y < can.min() - 0.05) | (y > can.max() + 0.05))


# %% exercise-3 | wrong | a grid that leaves out the middle | can give is
def reach(activation, y):
    can = np.asarray(activation(np.linspace(-1000, 1000, 500)[:, None]))
    return can.min(), can.max(), np.mean((y < can.min() - 0.05) | (y > can.max() + 0.05))


# %% exercise-3 | wrong | fine near 0, and the two ends | can give is
def reach(activation, y):
    z = np.concatenate([[-1000], np.linspace(-20, 20, 4001), [1000]])[:, None]
    can = np.asarray(activation(z))
    return can.min(), can.max(), np.mean((y < can.min() - 0.05) | (y > can.max() + 0.05))


# %% exercise-3 | wrong | infinity where the instrument says so | infinite
def reach(activation, y):
    can = np.asarray(activation(np.linspace(-1000, 1000, 40001)[:, None]))
    low, high = can.min(), can.max()
    high = np.inf if high > 50 else high
    return low, high, np.mean((y < low - 0.05) | (y > high + 0.05))
