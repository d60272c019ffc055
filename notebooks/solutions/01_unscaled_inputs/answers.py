# Right and wrong answers to the exercises of lesson 01. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | the lesson's instrument, written out
def out_of_scale(X, y):
    wrong = []
    for name, values in [("inputs", X), ("target", y)]:
        table = instruments.feature_ranges(values)
        if (table["mean"].abs() > 1).any() or (table["std"] < 0.3).any() or (table["std"] > 3).any():
            wrong.append(name)
    return {0: "neither", 1: "".join(wrong), 2: "both"}[len(wrong)]


# %% exercise-1 | right | NumPy alone
def out_of_scale(X, y):
    def bad(a):
        a = a.reshape(-1, a.shape[-1])
        m, s = a.mean(0), a.std(0)
        return np.any(abs(m) > 1) or np.any(s < 0.3) or np.any(s > 3)

    if bad(X):
        return "both" if bad(y) else "inputs"
    return "target" if bad(y) else "neither"


# %% exercise-1 | wrong | one mean and one spread for all features together | where one feature
def out_of_scale(X, y):
    def bad(a):
        return abs(a.mean()) > 1 or not 0.3 < a.std() < 3

    return {(0, 0): "neither", (1, 0): "inputs", (0, 1): "target", (1, 1): "both"}[int(bad(X)), int(bad(y))]


# %% exercise-1 | wrong | looks at the largest value only | standard deviation 0.01
def out_of_scale(X, y):
    big = abs(X).max() > 10, abs(y).max() > 10
    return {(False, False): "neither", (True, False): "inputs", (False, True): "target", (True, True): "both"}[big]


# %% exercise-1 | wrong | looks at the spread and forgets the mean | standard deviation 1,
def out_of_scale(X, y):
    X_bad = ((X.std(axis=(0, 1)) < 0.3) | (X.std(axis=(0, 1)) > 3)).any()
    y_bad = not 0.3 <= y.std() <= 3
    return ["neither", "inputs", "target", "both"][X_bad + 2 * y_bad]


# %% exercise-1 | wrong | only ever looks at the inputs | the answer is 'target'
def out_of_scale(X, y):
    table = instruments.feature_ranges(X)
    fine = (table["mean"].abs() <= 1).all() and table["std"].between(0.3, 3).all()
    return "neither" if fine else "inputs"


# %% exercise-1 | wrong | a fixed answer | all is in scale
def out_of_scale(X, y):
    return "both"


# %% exercise-1 | wrong | prints instead of returning | yours is None
def out_of_scale(X, y):
    print(instruments.feature_ranges(X))


# %% exercise-2 | right | StandardScaler
def prepare(train_X, train_y, other_X):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train_X.reshape(-1, train_X.shape[-1]))
    target = StandardScaler().fit(train_y)

    def scaled(X):
        return scaler.transform(X.reshape(-1, X.shape[-1])).reshape(X.shape)

    return scaled(train_X), target.transform(train_y), scaled(other_X), target.inverse_transform


# %% exercise-2 | right | minimum and maximum
def prepare(train_X, train_y, other_X):
    low, high = train_X.min(axis=(0, 1)), train_X.max(axis=(0, 1))
    width = np.where(high > low, high - low, 1)
    y_low, y_width = train_y.min(), train_y.max() - train_y.min()
    return (
        (train_X - low) / width,
        (train_y - y_low) / y_width,
        (other_X - low) / width,
        lambda p: np.asarray(p) * y_width + y_low,
    )


# %% exercise-2 | wrong | every part by its own statistics | a training window comes out differently
def prepare(train_X, train_y, other_X):
    def own(X):
        std = X.std(axis=(0, 1))
        return (X - X.mean(axis=(0, 1))) / np.where(std == 0, 1, std)

    m, s = train_y.mean(), train_y.std()
    return own(train_X), (train_y - m) / s, own(other_X), lambda p: p * s + m


# %% exercise-2 | wrong | fitted on everything | comes out differently
def prepare(train_X, train_y, other_X):
    everything = np.concatenate([train_X, other_X])
    mean, std = everything.mean(axis=(0, 1)), everything.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    return (train_X - mean) / std, (train_y - m) / s, (other_X - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | the target stays raw | train_y has mean
def prepare(train_X, train_y, other_X):
    mean, std = train_X.mean(axis=(0, 1)), train_X.std(axis=(0, 1))
    std[std == 0] = 1
    return (train_X - mean) / std, train_y, (other_X - mean) / std, lambda p: p


# %% exercise-2 | wrong | one mean and one spread for all features | a feature of train_X has mean
def prepare(train_X, train_y, other_X):
    mean, std = train_X.mean(), train_X.std() / 10
    m, s = train_y.mean(), train_y.std()
    return (train_X - mean) / std, (train_y - m) / s, (other_X - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | forgets the mean on the way back | to_unit does not give train_y back
def prepare(train_X, train_y, other_X):
    mean, std = train_X.mean(axis=(0, 1)), train_X.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    return (train_X - mean) / std, (train_y - m) / s, (other_X - mean) / std, lambda p: p * s


# %% exercise-2 | wrong | document 003's small number against division by zero | becomes huge
def prepare(train_X, train_y, other_X):
    mean, std = train_X.mean(axis=(0, 1)), train_X.std(axis=(0, 1)) + 1e-8
    m, s = train_y.mean(), train_y.std()
    return (train_X - mean) / std, (train_y - m) / s, (other_X - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | divides by zero | NaN
def prepare(train_X, train_y, other_X):
    mean, std = train_X.mean(axis=(0, 1)), train_X.std(axis=(0, 1))
    m, s = train_y.mean(), train_y.std()
    with np.errstate(all="ignore"):
        return (train_X - mean) / std, (train_y - m) / s, (other_X - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | returns the input | a feature of train_X has mean
def prepare(train_X, train_y, other_X):
    return train_X, train_y, other_X, lambda p: p


# %% exercise-3 | right | scaling with NumPy inside a small class
class Scaled:
    def __init__(self, X, y):
        self.X_mean, self.X_std, self.mean, self.std = X.mean(axis=0), X.std(axis=0), y.mean(), y.std()
        self.network = keras.Sequential([keras.Input((10,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
        self.network.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
        self.network.fit((X - self.X_mean) / self.X_std, (y - self.mean) / self.std, epochs=30, verbose=0)

    def predict(self, X):
        return self.network.predict((X - self.X_mean) / self.X_std, verbose=0) * self.std + self.mean


def fit_network(X, y):
    return Scaled(X, y)


# %% exercise-3 | right | scikit-learn's pipeline around a small network
def fit_network(X, y):
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = MLPRegressor(hidden_layer_sizes=(16,), alpha=1.0, max_iter=1000, tol=1e-3, n_iter_no_change=5)
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler()).fit(X, y)


# %% exercise-3 | wrong | the broken network again | of the target's spread
def fit_network(X, y):
    return fit_broken(X, y)


# %% exercise-3 | wrong | scales the inputs and leaves the target raw | of the target's spread
def fit_network(X, y):
    normalization = layers.Normalization()
    normalization.adapt(X)
    network = keras.Sequential([keras.Input((10,)), layers.Dense(32, activation="tanh"), layers.Dense(1)])
    network.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
    network.fit(normalization(X), y, epochs=25, batch_size=32, verbose=0)
    return keras.Sequential([keras.Input((10,)), normalization, network])


# %% exercise-3 | wrong | never turns the predictions back | of the target's spread
def fit_network(X, y):
    normalization = layers.Normalization()
    normalization.adapt(X)
    network = keras.Sequential([keras.Input((10,)), layers.Dense(32, activation="tanh"), layers.Dense(1)])
    network.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
    network.fit(normalization(X), (y - y.mean()) / y.std(), epochs=25, batch_size=32, verbose=0)
    return keras.Sequential([keras.Input((10,)), normalization, network])


# %% exercise-3 | wrong | scales the target and leaves the inputs raw | in other units
def fit_network(X, y):
    mean, std = y.mean(), y.std()
    network = keras.Sequential([keras.Input((10,)), layers.Dense(32, activation="relu"), layers.Dense(1)])
    network.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
    network.fit(X / 200, (y - mean) / std, epochs=25, batch_size=32, verbose=0)
    return keras.Sequential(
        [keras.Input((10,)), layers.Rescaling(1 / 200), network, layers.Rescaling(std, offset=mean)]
    )


# %% exercise-3 | wrong | numbers read off these data, typed in | in other units
def fit_network(X, y):
    network = keras.Sequential([keras.Input((10,)), layers.Dense(32, activation="tanh"), layers.Dense(1)])
    network.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
    mean = np.array([48.5, 1.5, 26.4, 94.6, 189.1, 115.4, 49.8, 4.1, 4.6, 91.3])
    std = np.array([13.1, 0.5, 4.4, 13.8, 34.6, 30.4, 12.9, 1.3, 0.5, 11.5])
    network.fit((X - mean) / std, (y - 152) / 77, epochs=25, batch_size=32, verbose=0)
    front = layers.Normalization(mean=mean, variance=std**2)
    return keras.Sequential([keras.Input((10,)), front, network, layers.Rescaling(77.0, offset=152.0)])


# %% exercise-3 | wrong | trains on the test part too, by its global name | in other units
def fit_network(X, y):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    normalization = layers.Normalization()
    normalization.adapt(X)
    network = keras.Sequential([keras.Input((10,)), layers.Dense(32, activation="tanh"), layers.Dense(1)])
    network.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
    network.fit(normalization(X), (y - y.mean()) / y.std(), epochs=25, batch_size=32, verbose=0)
    return keras.Sequential([keras.Input((10,)), normalization, network, layers.Rescaling(y.std(), offset=y.mean())])


# %% exercise-3 | wrong | predicts the mean | of the target's spread
def fit_network(X, y):
    from sklearn.dummy import DummyRegressor

    return DummyRegressor().fit(X, y)
