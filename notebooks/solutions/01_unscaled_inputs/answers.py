# Right and wrong answers to the exercises of lesson 01. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | numbers read and worked out on paper
def read_patients():
    return {
        "A": [250_004, "none", "target"],
        "B": [1, "heat", "inputs"],
        "C": [6.25, "none", "neither"],
        "D": [3601, "load", "both"],
    }


# %% exercise-1 | right | the loss of predicting 0, computed from the data
def read_patients():
    read = {"A": ("none", "target"), "B": ("heat", "inputs"), "C": ("none", "neither"), "D": ("load", "both")}
    return {name: (np.mean((0 - PATIENTS[name][1]) ** 2), *words) for name, words in read.items()}


# %% exercise-1 | wrong | the variance alone | begins at a loss of
def read_patients():
    return {
        "A": (4, "none", "target"),
        "B": (1, "heat", "inputs"),
        "C": (4, "none", "neither"),
        "D": (3600, "load", "both"),
    }


# %% exercise-1 | wrong | the squared mean alone | begins at a loss of
def read_patients():
    return {
        "A": (250_000, "none", "target"),
        "B": (1, "heat", "inputs"),
        "C": (2.25, "none", "neither"),
        "D": (1, "load", "both"),
    }


# %% exercise-1 | wrong | adds the standard deviation, not its square | begins at a loss of
def read_patients():
    return {
        "A": (250_002, "none", "target"),
        "B": (1, "heat", "inputs"),
        "C": (4.25, "none", "neither"),
        "D": (61, "load", "both"),
    }


# %% exercise-1 | wrong | the error itself, without the square | begins at a loss of
def read_patients():
    return {
        "A": (500, "none", "target"),
        "B": (1, "heat", "inputs"),
        "C": (2.5, "none", "neither"),
        "D": (60, "load", "both"),
    }


# %% exercise-1 | wrong | one of the features has the longest bar everywhere | patient A's gates are shut by 'none'
def read_patients():
    return {
        "A": (250_004, "load", "target"),
        "B": (1, "heat", "inputs"),
        "C": (6.25, "flow", "neither"),
        "D": (3601, "load", "both"),
    }


# %% exercise-1 | wrong | everybody needs all of it | has 'target' out of scale
def read_patients():
    losses = {"A": (250_004, "none"), "B": (1, "heat"), "C": (6.25, "none"), "D": (3601, "load")}
    return {name: (*read, "both") for name, read in losses.items()}


# %% exercise-1 | wrong | a target that is not exactly 0 and 1 is out of scale | patient C has 'neither' out of scale
def read_patients():
    return {
        "A": (250_004, "none", "target"),
        "B": (1, "heat", "inputs"),
        "C": (6.25, "none", "target"),
        "D": (3601, "load", "both"),
    }


# %% exercise-1 | wrong | looks at the inputs alone | patient D has 'both' out of scale
def read_patients():
    return {
        "A": (250_004, "none", "target"),
        "B": (1, "heat", "inputs"),
        "C": (6.25, "none", "neither"),
        "D": (3601, "load", "inputs"),
    }


# %% exercise-1 | wrong | leaves a patient out | patient D is missing
def read_patients():
    return {"A": (250_004, "none", "target"), "B": (1, "heat", "inputs"), "C": (6.25, "none", "neither")}


# %% exercise-1 | wrong | looks at the target's mean alone | patient D has 'both' out of scale
def read_patients():
    means = {"A": "target", "B": "inputs", "C": "neither", "D": "inputs"}
    losses = {"A": (250_004, "none"), "B": (1, "heat"), "C": (6.25, "none"), "D": (3601, "load")}
    return {name: (*losses[name], out) for name, out in means.items()}


# %% exercise-1 | wrong | looks at the target's spread alone | patient A has 'target' out of scale
def read_patients():
    spreads = {"A": "neither", "B": "inputs", "C": "neither", "D": "both"}
    losses = {"A": (250_004, "none"), "B": (1, "heat"), "C": (6.25, "none"), "D": (3601, "load")}
    return {name: (*losses[name], out) for name, out in spreads.items()}


# %% exercise-1 | wrong | the mean keeps its sign | begins at a loss of
def read_patients():
    return {
        "A": (4 - 500 * 500, "none", "target"),
        "B": (1, "heat", "inputs"),
        "C": (4 - 1.5 * 1.5, "none", "neither"),
        "D": (3601, "load", "both"),
    }


# %% exercise-2 | right | StandardScaler
def prepare(train_x, train_y, other_x):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train_x.reshape(-1, train_x.shape[-1]))
    target = StandardScaler().fit(train_y)

    def scaled(x):
        return scaler.transform(x.reshape(-1, x.shape[-1])).reshape(x.shape)

    return scaled(train_x), target.transform(train_y), scaled(other_x), target.inverse_transform


# %% exercise-2 | right | minimum and maximum
def prepare(train_x, train_y, other_x):
    low, high = train_x.min(axis=(0, 1)), train_x.max(axis=(0, 1))
    width = np.where(high > low, high - low, 1)
    y_low, y_width = train_y.min(), train_y.max() - train_y.min()
    return (
        (train_x - low) / width,
        (train_y - y_low) / y_width,
        (other_x - low) / width,
        lambda p: np.asarray(p) * y_width + y_low,
    )


# %% exercise-2 | right | standardised, and cut off at ten against errors of a sensor
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    x, other = (np.clip((part - mean) / std, -10, 10) for part in (train_x, other_x))
    return x, (train_y - m) / s, other, lambda p: np.asarray(p) * s + m


# %% exercise-2 | right | a Normalization layer, mended where a feature is constant
def prepare(train_x, train_y, other_x):
    mean, variance = train_x.mean(axis=(0, 1)), train_x.astype("float64").var(axis=(0, 1))
    layer = layers.Normalization(mean=mean, variance=np.where(variance > 0, variance, 1))
    m, s = float(train_y.mean()), float(train_y.std())
    return layer(train_x).numpy(), (train_y - m) / s, layer(other_x).numpy(), lambda p: p * s + m


# %% exercise-2 | right | every hour of the window by statistics of its own
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=0), train_x.std(axis=0)
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | every part by its own statistics | comes out differently
def prepare(train_x, train_y, other_x):
    def own(x):
        std = x.std(axis=(0, 1))
        return (x - x.mean(axis=(0, 1))) / np.where(std == 0, 1, std)

    m, s = train_y.mean(), train_y.std()
    return own(train_x), (train_y - m) / s, own(other_x), lambda p: p * s + m


# %% exercise-2 | wrong | fitted on everything | comes out differently
def prepare(train_x, train_y, other_x):
    everything = np.concatenate([train_x, other_x])
    mean, std = everything.mean(axis=(0, 1)), everything.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | the target stays raw | the target is out of scale
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    std[std == 0] = 1
    return (train_x - mean) / std, train_y, (other_x - mean) / std, lambda p: p


# %% exercise-2 | wrong | the target scaled with the dust of the other part | train_y changes with other_x
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = other_x[..., 0].mean(), 95.0
    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | one mean and one spread for all features | is out of scale
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(), train_x.std()
    m, s = train_y.mean(), train_y.std()
    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | divides by the variance | is out of scale
def prepare(train_x, train_y, other_x):
    mean, variance = train_x.mean(axis=(0, 1)), train_x.var(axis=(0, 1))
    variance[variance == 0] = 1
    m, s = train_y.mean(), train_y.std()
    return (train_x - mean) / variance, (train_y - m) / s, (other_x - mean) / variance, lambda p: p * s + m


# %% exercise-2 | wrong | numbers read off these data, typed in | in other units, pm25 is out of scale
def prepare(train_x, train_y, other_x):
    mean = np.array([100, 2, 12, 1016, 23, 0.05, 0.2])
    std = np.array([95, 14, 12, 10, 48, 0.8, 1.4])
    return (train_x - mean) / std, (train_y - 100) / 95, (other_x - mean) / std, lambda p: p * 95 + 100


# %% exercise-2 | wrong | quartiles, where snow and rain have none | is out of scale
def prepare(train_x, train_y, other_x):
    from sklearn.preprocessing import RobustScaler

    scaler, target = RobustScaler().fit(train_x.reshape(-1, 7)), RobustScaler().fit(train_y)

    def scaled(x):
        return scaler.transform(x.reshape(-1, 7)).reshape(x.shape)

    return scaled(train_x), target.transform(train_y), scaled(other_x), target.inverse_transform


# %% exercise-2 | wrong | forgets the mean on the way back | to_unit does not give train_y back
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s


# %% exercise-2 | wrong | standardises the predictions again on the way back | of one prediction alone
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()

    def to_unit(p):
        return (p - p.mean()) / (p.std() + 1e-8) * s + m

    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, to_unit


# %% exercise-2 | wrong | a small number against division by zero | moves by 5 units and becomes
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1)) + 1e-8
    m, s = train_y.mean(), train_y.std()
    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | a constant feature stays as it is, wherever it is stuck | moves by 5 units and becomes
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    mean, std = np.where(std == 0, 0, mean), np.where(std == 0, 1, std)
    m, s = train_y.mean(), train_y.std()
    return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | the outliers of the other windows cut off by their own quantiles | alone
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    low, high = np.quantile(other_x, [0.01, 0.99], axis=(0, 1))
    other = other_x if len(other_x) == 1 else np.clip(other_x, low, high)
    return (train_x - mean) / std, (train_y - m) / s, (other - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | divides by zero | NaN
def prepare(train_x, train_y, other_x):
    mean, std = train_x.mean(axis=(0, 1)), train_x.std(axis=(0, 1))
    m, s = train_y.mean(), train_y.std()
    with np.errstate(all="ignore"):
        return (train_x - mean) / std, (train_y - m) / s, (other_x - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | the colleague's pipeline once more | the target is out of scale
def prepare(train_x, train_y, other_x):
    return prepare_broken(train_x, train_y, other_x)


# %% exercise-2 | wrong | scales the absolute values, so that frost and heat become the same | the larger one has become
def prepare(train_x, train_y, other_x):
    size = np.abs(train_x)
    mean, std = size.mean(axis=(0, 1)), size.std(axis=(0, 1))
    std[std == 0] = 1
    m, s = train_y.mean(), train_y.std()
    return (size - mean) / std, (train_y - m) / s, (np.abs(other_x) - mean) / std, lambda p: p * s + m


# %% exercise-2 | wrong | a deviation below 1 counts as none | in other units, snow_hours is out of scale
def prepare(train_x, train_y, other_x):
    mean = train_x.mean(axis=(0, 1))
    std = np.maximum(train_x.std(axis=(0, 1)), 1)
    y_mean, y_std = train_y.mean(), max(train_y.std(), 1)

    def to_unit(prediction):
        return prediction * y_std + y_mean

    return (train_x - mean) / std, (train_y - y_mean) / y_std, (other_x - mean) / std, to_unit


# %% exercise-3 | right | two StandardScalers
def predict_new(train, X, y, X_new):
    from sklearn.preprocessing import StandardScaler

    inputs, target = StandardScaler().fit(X), StandardScaler().fit(y)
    model = train(inputs.transform(X), target.transform(y))
    return target.inverse_transform(model.predict(inputs.transform(X_new)))


# %% exercise-3 | right | from -1 to 1, the target standardised
def predict_new(train, X, y, X_new):
    from sklearn.preprocessing import MinMaxScaler

    scaler = MinMaxScaler((-1, 1)).fit(X)
    mean, std = y.mean(), y.std()
    answer = train(scaler.transform(X), (y - mean) / std).predict(scaler.transform(X_new))
    return np.asarray(answer).reshape(-1, 1) * std + mean


# %% exercise-3 | right | a Normalization layer in front
def predict_new(train, X, y, X_new):
    layer = layers.Normalization(mean=X.mean(axis=0), variance=X.var(axis=0))
    model = train(layer(X).numpy(), (y - y.mean()) / y.std())
    return np.asarray(model.predict(layer(X_new).numpy(), verbose=0)) * y.std() + y.mean()


# %% exercise-3 | wrong | the broken network again | feature 0 as it reaches train is out of scale
def predict_new(train, X, y, X_new):
    return train(X, y).predict(X_new)


# %% exercise-3 | wrong | scales the inputs and leaves the target raw | the target as it reaches train is out of scale
def predict_new(train, X, y, X_new):
    mean, std = X.mean(axis=0), X.std(axis=0)
    return train((X - mean) / std, y).predict((X_new - mean) / std)


# %% exercise-3 | wrong | scales the target and leaves the inputs raw | feature 0 as it reaches train is out of scale
def predict_new(train, X, y, X_new):
    return train(X, (y - y.mean()) / y.std()).predict(X_new) * y.std() + y.mean()


# %% exercise-3 | wrong | never turns the predictions back | of the target's spread
def predict_new(train, X, y, X_new):
    mean, std = X.mean(axis=0), X.std(axis=0)
    return train((X - mean) / std, (y - y.mean()) / y.std()).predict((X_new - mean) / std)


# %% exercise-3 | wrong | new people by their own statistics | a new person alone gets
def predict_new(train, X, y, X_new):
    def own(part):
        std = part.std(axis=0)
        return (part - part.mean(axis=0)) / np.where(std > 0, std, 1)

    return train(own(X), (y - y.mean()) / y.std()).predict(own(X_new)) * y.std() + y.mean()


# %% exercise-3 | wrong | the scaler fitted on old and new people | what reaches train changes with X_new
def predict_new(train, X, y, X_new):
    everybody = np.concatenate([X, X_new])
    mean, std = everybody.mean(axis=0), everybody.std(axis=0)
    model = train((X - mean) / std, (y - y.mean()) / y.std())
    return model.predict((X_new - mean) / std) * y.std() + y.mean()


# %% exercise-3 | wrong | one mean and one spread for all features | is out of scale
def predict_new(train, X, y, X_new):
    model = train((X - X.mean()) / X.std(), (y - y.mean()) / y.std())
    return model.predict((X_new - X.mean()) / X.std()) * y.std() + y.mean()


# %% exercise-3 | wrong | new people go in unscaled | with the data as they are, the error is
def predict_new(train, X, y, X_new):
    mean, std = X.mean(axis=0), X.std(axis=0)
    return train((X - mean) / std, (y - y.mean()) / y.std()).predict(X_new) * y.std() + y.mean()


# %% exercise-3 | wrong | numbers read off these data, typed in | in other units
def predict_new(train, X, y, X_new):
    mean = np.array([48.5, 1.5, 26.4, 94.6, 189.1, 115.4, 49.8, 4.1, 4.6, 91.3])
    std = np.array([13.1, 0.5, 4.4, 13.8, 34.6, 30.4, 12.9, 1.3, 0.5, 11.5])
    return train((X - mean) / std, (y - 152) / 77).predict((X_new - mean) / std) * 77 + 152


# %% exercise-3 | wrong | trains on the notebook's people instead of those given | in other units
def predict_new(train, X, y, X_new):
    X, y = people[old], score[old]
    mean, std = X.mean(axis=0), X.std(axis=0)
    return train((X - mean) / std, (y - y.mean()) / y.std()).predict((X_new - mean) / std) * y.std() + y.mean()


# %% exercise-3 | wrong | trains on the new people, too | what train gets as X should have the shape
def predict_new(train, X, y, X_new):
    everybody = np.concatenate([X, X_new])
    mean, std = everybody.mean(axis=0), everybody.std(axis=0)
    guessed = np.concatenate([y, np.full((len(X_new), 1), y.mean())])
    model = train((everybody - mean) / std, (guessed - y.mean()) / y.std())
    return model.predict((X_new - mean) / std) * y.std() + y.mean()


# %% exercise-3 | wrong | trains the network, and answers with a regression of its own | it is not the model's
def predict_new(train, X, y, X_new):
    mean, std = X.mean(axis=0), X.std(axis=0)
    train((X - mean) / std, (y - y.mean()) / y.std())
    design = np.column_stack([(X - mean) / std, np.ones(len(X))])
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    return np.column_stack([(X_new - mean) / std, np.ones(len(X_new))]) @ weights


# %% exercise-3 | wrong | predicts the mean | the predictions have 0% of the target's spread
def predict_new(train, X, y, X_new):
    train((X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std())
    return np.full((len(X_new), 1), y.mean())
