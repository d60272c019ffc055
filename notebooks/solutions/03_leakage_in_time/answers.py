# Right and wrong answers to the exercises of lesson 03. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | counted in the figure, as a list of names
def read():
    counts = {"A": 3, "B": 2, "C": 0, "D": 1}
    return [counts, 2.0, ["R", "P"]]


# %% exercise-1 | right | computed from the hours that are printed
def read():
    counts = {}
    for name, both in touched.items():
        counts[name] = 0
        for a, b in both["V"]:
            counts[name] += any(c <= b and a <= d for c, d in both["T"])
    first = min(a for a, _ in touched["B"]["V"])
    drop = len([1 for _, b in touched["B"]["T"] if b >= first])
    return counts, drop, {name for name in TABLE if TABLE[name] < 1}


# %% exercise-1 | wrong | cut in time, so nothing can leak | in split B you say that 0 of the 3
def read():
    return {"A": 3, "B": 0, "C": 0, "D": 0}, 0, {"P", "R"}


# %% exercise-1 | wrong | a gap of any length is enough | in split D you say that 0 of the 3
def read():
    return {"A": 3, "B": 2, "C": 0, "D": 0}, 2, {"P", "R"}


# %% exercise-1 | wrong | takes neighbours for sharing, though one ends before the other begins | in split C
def read():
    return {"A": 3, "B": 2, "C": 1, "D": 1}, 2, {"P", "R"}


# %% exercise-1 | wrong | counts the pairs of lines that share hours | in split A you say that 11
def read():
    return {"A": 11, "B": 3, "C": 0, "D": 1}, 2, {"P", "R"}


# %% exercise-1 | wrong | drops only the last training sample | not enough
def read():
    return {"A": 3, "B": 2, "C": 0, "D": 1}, 1, {"P", "R"}


# %% exercise-1 | wrong | drops as many as a sample is wide | more than needed
def read():
    return {"A": 3, "B": 2, "C": 0, "D": 1}, 3, {"P", "R"}


# %% exercise-1 | wrong | only a small error is a leak | for series R
def read():
    return {"A": 3, "B": 2, "C": 0, "D": 1}, 2, {"P"}


# %% exercise-1 | wrong | a large error of the rule is the alarm | for series P
def read():
    return {"A": 3, "B": 2, "C": 0, "D": 1}, 2, {"Q"}


# %% exercise-1 | wrong | the dictionary alone | should return three things
def read():
    return {"A": 3, "B": 2, "C": 0, "D": 1}


# %% exercise-2 | right | sorted by day, and as many rows left out as a sample is wide
def score(fit, X, y, day, back, ahead):
    order = np.argsort(day)
    cut = int(0.8 * len(y))
    train, val = order[: cut - back - ahead], order[cut:]
    model = fit(X[train], y[train])
    return np.mean((model.predict(X[val]) - y[val]) ** 2)


# %% exercise-2 | right | scikit-learn's splitter, its last split
def score(fit, X, y, day, back, ahead):
    from sklearn.model_selection import TimeSeriesSplit

    order = np.argsort(day)
    X, y = X[order], y[order]
    folds = TimeSeriesSplit(3, test_size=len(y) // 5, gap=back + ahead)
    train, val = list(folds.split(X))[-1]
    return mean_squared_error(y[val], fit(X[train], y[train]).predict(X[val]))


# %% exercise-2 | right | a table, and days that are touched, written out
def score(fit, X, y, day, back, ahead):
    table = pd.DataFrame({"day": day}).sort_values("day")
    val = table.index[-(len(table) // 6) :]
    first_touched = day[val].min() - back + 1
    train = table.index[table["day"] + ahead < first_touched]
    model = fit(X[train], y[train])
    return float(((y[val] - model.predict(X[val])) ** 2).mean())


# %% exercise-2 | wrong | sorts the targets and leaves the inputs as they come | the target of this row
def score(fit, X, y, day, back, ahead):
    first = np.quantile(day, 0.8)
    val, train = day >= first, day < first - back - ahead
    by_day = y[np.argsort(day)][: train.sum()]
    return mean_squared_error(y[val], fit(X[train], by_day).predict(X[val]))


# %% exercise-2 | wrong | the broken one again | the validated samples are not all samples from a day on
def score(fit, X, y, day, back, ahead):
    return score_broken(fit, X, y, day, back, ahead)


# %% exercise-2 | wrong | does not shuffle, but the rows come in no order | not all samples from a day on
def score(fit, X, y, day, back, ahead):
    cut = int(0.8 * len(y))
    model = fit(X[: cut - back - ahead], y[: cut - back - ahead])
    return mean_squared_error(y[cut:], model.predict(X[cut:]))


# %% exercise-2 | wrong | in time, no gap | they share days
def score(fit, X, y, day, back, ahead):
    val = day >= np.quantile(day, 0.8)
    return mean_squared_error(y[val], fit(X[~val], y[~val]).predict(X[val]))


# %% exercise-2 | wrong | a gap for the look back alone | they share days
def score(fit, X, y, day, back, ahead):
    first = np.quantile(day, 0.8)
    val, train = day >= first, day < first - back
    return mean_squared_error(y[val], fit(X[train], y[train]).predict(X[val]))


# %% exercise-2 | wrong | a gap for the days ahead alone | they share days
def score(fit, X, y, day, back, ahead):
    first = np.quantile(day, 0.8)
    val, train = day >= first, day < first - ahead
    return mean_squared_error(y[val], fit(X[train], y[train]).predict(X[val]))


# %% exercise-2 | wrong | one day short: the training sample ends where validation begins | they share days
def score(fit, X, y, day, back, ahead):
    first = day[day >= np.quantile(day, 0.8)].min()
    val, train = day >= first, day + ahead <= first - back + 1
    X, y = X.copy(), y.copy()
    return mean_squared_error(y[val], fit(X[train], y[train]).predict(X[val]))


# %% exercise-2 | wrong | the lesson's 140 days typed in | samples are left out
def score(fit, X, y, day, back, ahead):
    first = np.quantile(day, 0.8)
    val, train = day >= first, day < first - 140
    return mean_squared_error(y[val], fit(X[train], y[train]).predict(X[val]))


# %% exercise-2 | wrong | validates the earliest fifth | not all samples from a day on
def score(fit, X, y, day, back, ahead):
    first = np.quantile(day, 0.2)
    val, train = day < first, day >= first + back + ahead
    return mean_squared_error(y[val], fit(X[train], y[train]).predict(X[val]))


# %% exercise-2 | wrong | cross-validation | fit is called 5 times
def score(fit, X, y, day, back, ahead):
    from sklearn.model_selection import TimeSeriesSplit

    order = np.argsort(day)
    X, y, errors = X[order], y[order], []
    for train, val in TimeSeriesSplit(5, gap=back + ahead).split(X):
        guess = fit(X[train], y[train]).predict(X[val])
        errors.append(mean_squared_error(y[val], guess))
    return np.mean(errors)


# %% exercise-2 | wrong | the root of the mean squared error | and the mean squared error of the validated samples is
def score(fit, X, y, day, back, ahead):
    first = np.quantile(day, 0.8)
    val, train = day >= first, day < first - back - ahead
    model = fit(X[train], y[train])
    return np.sqrt(mean_squared_error(y[val], model.predict(X[val])))


# %% exercise-3 | right | three cuts, one after the other
def expected_rmse(fit, X, y, house, day):
    from sklearn.model_selection import TimeSeriesSplit

    days, errors = np.unique(day), []
    for a, b in TimeSeriesSplit(3, test_size=len(days) // 6).split(days):
        train, val = np.isin(day, days[a]), np.isin(day, days[b])
        guess = fit(X[train], y[train]).predict(X[val])
        errors.append(np.mean((y[val] - guess) ** 2))
    return np.sqrt(np.mean(errors))


# %% exercise-3 | right | sorted by day, the last quarter held back
def expected_rmse(fit, X, y, house, day):
    order = np.argsort(day, kind="stable")
    cut = 3 * len(y) // 4
    train, val = order[:cut], order[cut:]
    model = fit(X[train], y[train])
    return np.sqrt(((model.predict(X[val]) - y[val]) ** 2).mean())


# %% exercise-3 | right | scikit-learn's splitter over the days, its first folds short
def expected_rmse(fit, X, y, house, day):
    from sklearn.model_selection import TimeSeriesSplit

    errors = []
    for a, b in TimeSeriesSplit(5, gap=7).split(np.unique(day)):
        train, val = np.isin(day, a), np.isin(day, b)
        errors.append(rmse(fit(X[train], y[train]), X[val], y[val]))
    return np.mean(errors)


# %% exercise-3 | wrong | each house's latest days, asked with all other houses' days known | too low
def expected_rmse(fit, X, y, house, day):
    errors = []
    for one in np.unique(house):
        val = (house == one) & (day >= 150)
        errors.append(rmse(fit(X[~val], y[~val]), X[val], y[val]))
    return np.mean(errors)


# %% exercise-3 | wrong | takes every street to have twelve houses | your code raised ValueError
def expected_rmse(fit, X, y, house, day):
    X, y = X.reshape(12, -1, 5), y.reshape(12, -1)
    cut = int(0.75 * X.shape[1])
    model = fit(X[:, :cut].reshape(-1, 5), y[:, :cut].ravel())
    return rmse(model, X[:, cut:].reshape(-1, 5), y[:, cut:].ravel())


# %% exercise-3 | wrong | shuffles | too low
def expected_rmse(fit, X, y, house, day):
    errors = []
    for a, b in KFold(5, shuffle=True, random_state=0).split(X):
        errors.append(rmse(fit(X[a], y[a]), X[b], y[b]))
    return np.mean(errors)


# %% exercise-3 | wrong | keeps houses together, as lesson 02 did with people | too low
def expected_rmse(fit, X, y, house, day):
    from sklearn.model_selection import GroupKFold

    errors = []
    for a, b in GroupKFold(4).split(X, y, house):
        errors.append(rmse(fit(X[a], y[a]), X[b], y[b]))
    return np.mean(errors)


# %% exercise-3 | wrong | cuts the table, whose rows come house by house | too low
def expected_rmse(fit, X, y, house, day):
    cut = int(0.75 * len(y))
    return rmse(fit(X[:cut], y[:cut]), X[cut:], y[cut:])


# %% exercise-3 | wrong | scikit-learn's splitter on the rows as they come | too low
def expected_rmse(fit, X, y, house, day):
    from sklearn.model_selection import TimeSeriesSplit

    a, b = list(TimeSeriesSplit(4, gap=8).split(X))[-1]
    return rmse(fit(X[a], y[a]), X[b], y[b])


# %% exercise-3 | wrong | the later half of each house, of every second house's days | too low
def expected_rmse(fit, X, y, house, day):
    val = (house % 2 == 0) & (day >= np.median(day))
    return rmse(fit(X[~val], y[~val]), X[val], y[val])


# %% exercise-3 | wrong | the error on what it was fitted on | too low
def expected_rmse(fit, X, y, house, day):
    return rmse(fit(X, y), X, y)


# %% exercise-3 | wrong | persistence's error instead of the model's | too high
def expected_rmse(fit, X, y, house, day):
    return np.sqrt(np.mean((y - X[:, 0]) ** 2))


# %% exercise-3 | wrong | forgets the root | too high
def expected_rmse(fit, X, y, house, day):
    train = day < 140
    return rmse(fit(X[train], y[train]), X[~train], y[~train]) ** 2


# %% exercise-3 | wrong | forgets fit and scores the forest of the cell above | with a poor model
def expected_rmse(fit, X, y, house, day):
    train, val = day < 140, day >= 147
    return rmse(forest(X[train], y[train]), X[val], y[val])


# %% exercise-3 | wrong | the number printed above, typed in | expect 1.58 on average
def expected_rmse(fit, X, y, house, day):
    return 1.58


# %% exercise-3 | wrong | leaves the week out on the wrong side | on which it was fitted
def expected_rmse(fit, X, y, house, day):
    cut = np.quantile(day, 0.7)
    train, val = day < cut + 7, day >= cut
    return rmse(fit(X[train], y[train]), X[val], y[val])
