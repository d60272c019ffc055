# Right and wrong answers to the exercises of lesson 10. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.


# %% exercise-1 | right | asks what the steps do, as lists and small letters
def read():
    letter = {name: key.lower() for key, name in kind.items()}
    return [letter["batch"]], letter["exchange"], float(WIDTH)


# %% exercise-1 | right | from the tables, in a tuple of sets
def read():
    mixing, exchanged, width = set(), None, None
    for key in "ABCDE":
        table = instruments.touch_test(FIVE[kind[key]], windows)
        if table.iloc[0, 0] == SAMPLES:
            mixing.add(key)
        if table.iloc[1, 2] == 1 and table.iloc[2, 1] == 1:
            exchanged = key
        if table.iloc[1, 0] == SAMPLES and table.iloc[1, 1] in (3, 5) and table.shape == (3, 3):
            width = table.iloc[1, 1]
    return mixing, exchanged, width


# %% exercise-1 | wrong | all samples move when a step is touched, so all mix | does not belong into the set
def read():
    letter = {name: key for key, name in kind.items()}
    return set("ABCDE"), letter["exchange"], WIDTH


# %% exercise-1 | wrong | samples move only by themselves, so none mixes | belongs into the set
def read():
    letter = {name: key for key, name in kind.items()}
    return set(), letter["exchange"], WIDTH


# %% exercise-1 | wrong | smoothing takes for mixing of samples | does not belong into the set
def read():
    letter = {name: key for key, name in kind.items()}
    return {letter["batch"], letter["smooth"]}, letter["exchange"], WIDTH


# %% exercise-1 | wrong | the torn one, as its shape is right | is not the one
def read():
    letter = {name: key for key, name in kind.items()}
    return {letter["batch"]}, letter["tear"], WIDTH


# %% exercise-1 | wrong | the one that leaves the axes alone | is not the one
def read():
    letter = {name: key for key, name in kind.items()}
    return {letter["batch"]}, letter["smooth"], WIDTH


# %% exercise-1 | wrong | neighbours to one side only | the third should be
def read():
    letter = {name: key for key, name in kind.items()}
    return {letter["batch"]}, letter["exchange"], WIDTH // 2


# %% exercise-1 | wrong | the features are taken for the steps | the third should be
def read():
    letter = {name: key for key, name in kind.items()}
    return {letter["batch"]}, letter["exchange"], FEATURES


# %% exercise-2 | right | a loop over the samples
def score(y_true, y_pred, weight):
    def table(a):
        return np.array([np.atleast_1d(row) for row in a])

    a, b = table(y_true), table(y_pred)
    if a.shape != b.shape:
        raise ValueError("shapes")
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += (weight if a[i, j] < 0 else 1) * (a[i, j] - b[i, j]) ** 2
    return total / a.size


# %% exercise-2 | right | a new axis where there is one only, then sample weights of scikit-learn
def score(y_true, y_pred, weight):
    if y_true.ndim == 1:
        y_true = y_true[:, None]
    if y_pred.ndim == 1:
        y_pred = y_pred[:, None]
    if y_true.shape[0] != y_pred.shape[0] or y_true.shape[1] != y_pred.shape[1]:
        raise ValueError
    error = (y_true - y_pred) ** 2
    return float((error + (weight - 1) * error * (y_true < 0)).mean())


# %% exercise-2 | wrong | as it was | each target against its own prediction, weighted below 0
def score(y_true, y_pred, weight):
    return score_broken(y_true, y_pred, weight)


# %% exercise-2 | wrong | squeeze everything | should raise ValueError
def score(y_true, y_pred, weight):
    y_true, y_pred = np.squeeze(y_true), np.squeeze(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError
    return np.mean(np.where(y_true < 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-2 | wrong | reshape until it fits | should raise ValueError
def score(y_true, y_pred, weight):
    y_pred = y_pred.reshape(y_true.shape)
    return np.mean(np.where(y_true < 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-2 | wrong | flatten both | should raise ValueError
def score(y_true, y_pred, weight):
    y_true, y_pred = y_true.ravel(), y_pred.ravel()
    if len(y_true) != len(y_pred):
        raise ValueError
    return np.mean(np.where(y_true < 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-2 | wrong | only equal shapes, all else is an error | your code raised ValueError
def score(y_true, y_pred, weight):
    if y_true.shape != y_pred.shape:
        raise ValueError("the shapes differ")
    return np.mean(np.where(y_true < 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-2 | wrong | a column of the targets, whatever the predictions are | each target against its own
def score(y_true, y_pred, weight):
    y_true = y_true.reshape(len(y_true), -1)
    if len(y_true) != len(y_pred):
        raise ValueError
    return np.mean(np.where(y_true < 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-2 | wrong | only the number of samples is compared | should raise ValueError
def score(y_true, y_pred, weight):
    if len(y_true) != len(y_pred):
        raise ValueError
    y_true, y_pred = y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)
    return np.mean(np.where(y_true < 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-2 | wrong | divided by the sum of the weights | each target against its own prediction, weighted below 0
def score(y_true, y_pred, weight):
    y_true, y_pred = y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)
    if y_true.shape != y_pred.shape:
        raise ValueError
    return np.average((y_true - y_pred) ** 2, weights=np.where(y_true < 0, weight, 1))


# %% exercise-2 | wrong | the diagonal of all pairs | each target against its own
def score(y_true, y_pred, weight):
    error = np.diag(np.where(y_true < 0, weight, 1) * (y_true - y_pred) ** 2)
    if len(y_true) != len(y_pred):
        raise ValueError
    return np.mean(error)


# %% exercise-2 | wrong | weighted where the prediction is below zero | each target against its own
def score(y_true, y_pred, weight):
    y_true, y_pred = y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)
    if y_true.shape != y_pred.shape:
        raise ValueError
    return np.mean(np.where(y_pred < 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-2 | wrong | 0 °C counts as frost | each target against its own prediction, weighted below 0
def score(y_true, y_pred, weight):
    y_true, y_pred = y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)
    if y_true.shape != y_pred.shape:
        raise ValueError
    return np.mean(np.where(y_true <= 0, weight, 1) * (y_true - y_pred) ** 2)


# %% exercise-3 | right | every shift of the targets, and a search in thirds
def examine(loss, y, p):
    first = loss(y, p)
    shifted = [loss(np.roll(y, k), p) for k in range(1, len(y))]
    low, high = y.min(), y.max()
    for _ in range(100):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if loss(y, np.full(p.shape, a)) <= loss(y, np.full(p.shape, b)):
            high = b
        else:
            low = a
    return all(abs(s - first) <= 1e-6 * abs(first) for s in shifted), (low + high) / 2


# %% exercise-3 | right | sorted and random orders, a fine grid
def examine(loss, y, p):
    orders = [np.sort(y), np.sort(y)[::-1], *(np.random.permutation(y) for _ in range(5))]
    values = np.array([loss(order, p) for order in orders])
    grid = np.linspace(y.min(), y.max(), 1500)
    best = min(grid, key=lambda c: loss(y, np.repeat(c, len(y))[:, None]))
    return np.ptp(values) < 1e-6 * abs(values).max(), best


# %% exercise-3 | wrong | equal to the last digit | is blind, and you say False
def examine(loss, y, p):
    rng = np.random.default_rng(0)
    blind = all(loss(rng.permutation(y), p) == loss(y, p) for _ in range(30))
    grid = np.linspace(y.min(), y.max(), 500)
    return blind, grid[np.argmin([loss(y, np.full(p.shape, c)) for c in grid])]


# %% exercise-3 | wrong | targets and predictions shuffled together | is not blind, and you say True
def examine(loss, y, p):
    order = np.random.default_rng(0).permutation(len(y))
    grid = np.linspace(y.min(), y.max(), 500)
    best = grid[np.argmin([loss(y, np.full(p.shape, c)) for c in grid])]
    return bool(np.isclose(loss(y[order], p[order]), loss(y, p), rtol=1e-6)), best


# %% exercise-3 | wrong | read from behind, once | is not blind, and you say True
def examine(loss, y, p):
    grid = np.linspace(y.min(), y.max(), 500)
    best = grid[np.argmin([loss(y, np.full(p.shape, c)) for c in grid])]
    return bool(np.isclose(loss(y[::-1], p), loss(y, p), rtol=1e-6)), best


# %% exercise-3 | wrong | the first two exchanged | is not blind, and you say True
def examine(loss, y, p):
    other = y.copy()
    other[[0, 1, 2, 3]] = y[[3, 2, 1, 0]]
    other = y if len(set(y[:4])) < 4 else other
    grid = np.linspace(y.min(), y.max(), 500)
    best = grid[np.argmin([loss(y, np.full(p.shape, c)) for c in grid])]
    return bool(np.isclose(loss(other, p), loss(y, p), rtol=1e-6)), best


# %% exercise-3 | wrong | always the mean | is least for the constant
def examine(loss, y, p):
    rng = np.random.default_rng(0)
    blind = np.allclose([loss(rng.permutation(y), p) for _ in range(10)], loss(y, p), rtol=1e-6)
    return blind, y.mean()


# %% exercise-3 | wrong | always the median | is least for the constant
def examine(loss, y, p):
    rng = np.random.default_rng(0)
    blind = np.allclose([loss(rng.permutation(y), p) for _ in range(10)], loss(y, p), rtol=1e-6)
    return blind, np.median(y)


# %% exercise-3 | wrong | a loss is blind if one target changes nothing | is blind, and you say False
def examine(loss, y, p):
    other = y.copy()
    other[0] += 1
    grid = np.linspace(y.min(), y.max(), 500)
    best = grid[np.argmin([loss(y, np.full(p.shape, c)) for c in grid])]
    return bool(np.isclose(loss(other, p), loss(y, p), rtol=1e-6)), best


# %% exercise-3 | wrong | the targets shuffled in place | examine changes the arrays
def examine(loss, y, p):
    first = loss(y, p)
    np.random.default_rng(0).shuffle(y)
    grid = np.linspace(y.min(), y.max(), 500)
    return bool(np.isclose(loss(y, p), first)), grid[np.argmin([loss(y, np.full(p.shape, c)) for c in grid])]


# %% exercise-3 | wrong | a row of constants | should have the shape
def examine(loss, y, p):
    rng = np.random.default_rng(0)
    blind = np.allclose([loss(rng.permutation(y), p) for _ in range(10)], loss(y, p), rtol=1e-6)
    grid = np.linspace(y.min(), y.max(), 500)
    return blind, grid[np.argmin([loss(y, np.full(len(y), c)) for c in grid])]
