# Right and wrong answers to the exercises of lesson 05. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | average precision, calibration, recall, from the data of the figure
def reading():
    found = {}
    for letter, (y, p, _) in shown.items():
        seen, said = calibration_curve(y, p, n_bins=5, strategy="quantile")
        if metrics.average_precision_score(y, p) < 1.5 * y.mean():
            found[letter] = "ranking"
        elif np.abs(seen - said).max() > 0.2:
            found[letter] = "probabilities"
        else:
            found[letter] = "no fault" if (p[y == 1] > 0.5).mean() > 0.8 else "threshold"
    found["accuracy"] = (y == 0).mean()
    found["loss"] = metrics.log_loss(y, np.full(len(y), y.mean()))
    return found


# %% exercise-1 | right | by comparing the columns of the table
def reading():
    rows = {str(name): row for name, row in table.iterrows()}
    poor = rows["average precision"].idxmin()
    good = rows["average precision"].idxmax()
    left = [letter for letter in "ABCD" if letter not in (poor, good)]
    high = rows["mean probability"][left].idxmax()
    low = rows["mean probability"][left].idxmin()
    share = round(shares["B"], 4)
    loss = -share * np.log(share) - (1 - share) * np.log(1 - share)
    faults = {poor: "ranking", good: "no fault", high: "probabilities", low: "threshold"}
    return faults | {"accuracy": round(1 - share, 3), "loss": round(loss, 3)}


# %% exercise-1 | wrong | the highest accuracy is the best detector, the lowest the worst | for
def reading():
    order = table.loc["accuracy"].sort_values().index
    share = shares["A"]
    loss = -share * np.log(share) - (1 - share) * np.log(1 - share)
    return dict(zip(order, FAULTS, strict=True)) | {"accuracy": 1 - share, "loss": loss}


# %% exercise-1 | wrong | whoever finds events has no fault, low recall is a poor ranking | for
def reading():
    order = table.loc["recall"].sort_values().index
    names = ["ranking", "threshold", "no fault", "probabilities"]
    share = shares["A"]
    loss = -share * np.log(share) - (1 - share) * np.log(1 - share)
    faults = dict(zip(order, names, strict=True))
    if table.loc["average precision", order[0]] < 2 * share:  # a tie of two that find next to nothing
        faults[order[0]], faults[order[1]] = "threshold", "ranking"
    return faults | {"accuracy": 1 - share, "loss": loss}


# %% exercise-1 | wrong | takes the true probabilities for the false ones | for
def reading():
    order = table.loc["mean probability"].idxmax()
    share = shares["A"]
    loss = -share * np.log(share) - (1 - share) * np.log(1 - share)
    faults = dict.fromkeys("ABCD", "probabilities") | {order: "threshold"}
    return faults | {"accuracy": 1 - share, "loss": loss}


# %% exercise-1 | wrong | the accuracy of guessing is one half | your accuracy is 0.5000
def reading():
    return dict.fromkeys("ABCD", "threshold") | {"accuracy": 0.5, "loss": np.log(2)}


# %% exercise-1 | wrong | the loss of not knowing anything is ln 2 | is not 0.6931
def reading():
    return dict.fromkeys("ABCD", "threshold") | {"accuracy": 1 - shares["A"], "loss": np.log(2)}


# %% exercise-1 | wrong | half of the entropy is forgotten | the mean over all samples is not
def reading():
    share = shares["A"]
    return dict.fromkeys("ABCD", "threshold") | {"accuracy": 1 - share, "loss": -share * np.log(share)}


# %% exercise-1 | wrong | the accuracy of detector A | for all samples but the events
def reading():
    return dict.fromkeys("ABCD", "threshold") | {"accuracy": table.loc["accuracy"].min() - 0.01, "loss": 0.2}


# %% exercise-1 | wrong | the share of events in place of the accuracy | for all samples but the events
def reading():
    return dict.fromkeys("ABCD", "ranking") | {"accuracy": shares["A"], "loss": 0.2}


# %% exercise-1 | wrong | prints instead of returning | returned NoneType
def reading():
    print({"A": "ranking"})


# %% exercise-1 | wrong | one letter forgotten | has no entry 'D'
def reading():
    return {"A": "ranking", "B": "no fault", "C": "threshold", "accuracy": 0.95, "loss": 0.2}


# %% exercise-1 | wrong | the loss of the four detectors, averaged | the mean over all samples is not
def reading():
    losses = [metrics.log_loss(y, p) for y, p, _ in shown.values()]
    return {
        "A": "probabilities",
        "B": "ranking",
        "C": "threshold",
        "D": "no fault",
        "accuracy": 1 - shown["A"][0].mean(),
        "loss": float(np.mean(losses)),
    }


# %% exercise-2 | right | mends the probabilities on the validation part, then 1 / (1 + c)
def alarms(y_val, p_val, p_test, cost):
    from sklearn.linear_model import LogisticRegression

    def log_odds(p):
        return np.log(p / (1 - p))[:, None]

    mended = LogisticRegression().fit(log_odds(p_val), y_val)  # raises ValueError for a single class
    return mended.predict_proba(log_odds(p_test))[:, 1] > 1 / (1 + cost)


# %% exercise-2 | right | every 20th validation probability as a threshold, in a loop
def alarms(y_val, p_val, p_test, cost):
    if y_val.min() == y_val.max():
        raise ValueError("the validation part holds one class only")
    best, lowest = None, np.inf
    for threshold in np.sort(p_val)[::20]:
        missed = ((y_val == 1) & (p_val <= threshold)).sum()
        false = ((y_val == 0) & (p_val > threshold)).sum()
        if cost * missed + false < lowest:
            best, lowest = threshold, cost * missed + false
    return p_test > best


# %% exercise-2 | right | scikit-learn's ROC curve has all thresholds; zeros and ones for False and True
def alarms(y_val, p_val, p_test, cost):
    if len(set(y_val)) == 1:
        raise ValueError("needs both classes")
    false, found, thresholds = metrics.roc_curve(y_val, p_val)
    costs = cost * (1 - found) * y_val.mean() + false * (1 - y_val.mean())
    return (p_test >= thresholds[np.argmin(costs)]).astype(int)


# %% exercise-2 | right | isotonic regression
def alarms(y_val, p_val, p_test, cost):
    from sklearn.isotonic import IsotonicRegression

    if len(set(y_val)) == 1:
        raise ValueError("needs both classes")
    mended = IsotonicRegression(out_of_bounds="clip").fit(p_val, y_val)
    return mended.predict(p_test) * (1 + cost) > 1


# %% exercise-2 | wrong | the colleague's rule again | seen the test part
def alarms(y_val, p_val, p_test, cost):
    return alarms_broken(y_val, p_val, p_test, cost)


# %% exercise-2 | wrong | the best share of alarms, as a quantile of the test part | seen the test part
def alarms(y_val, p_val, p_test, cost):
    shares = np.linspace(0, 1, 501)
    costs = [cost_per_hour(y_val, p_val > np.quantile(p_val, s), cost) for s in shares]
    return p_test > np.quantile(p_test, shares[np.argmin(costs)])


# %% exercise-2 | wrong | a quantile of validation and test part together | seen the test part
def alarms(y_val, p_val, p_test, cost):
    shares = np.linspace(0, 1, 501)
    costs = [cost_per_hour(y_val, p_val > np.quantile(p_val, s), cost) for s in shares]
    return p_test > np.quantile(np.concatenate([p_val, p_test]), shares[np.argmin(costs)])


# %% exercise-2 | wrong | one half | a miss costs
def alarms(y_val, p_val, p_test, cost):
    return p_test > 0.5


# %% exercise-2 | wrong | thresholds that did well for one pump, typed in | a miss costs
def alarms(y_val, p_val, p_test, cost):
    return p_test > {2: 0.85, 8: 0.6, 40: 0.25}.get(cost, 0.5)


# %% exercise-2 | wrong | 1 / (1 + c) for probabilities that are not true | a miss costs 2
def alarms(y_val, p_val, p_test, cost):
    return p_test > 1 / (1 + cost)


# %% exercise-2 | wrong | the probabilities divided until their mean is the share | more
def alarms(y_val, p_val, p_test, cost):
    if y_val.min() == y_val.max():
        raise ValueError("one class")
    return p_test * y_val.mean() / p_val.mean() > 1 / (1 + cost)


# %% exercise-2 | wrong | odds of the two means instead of each probability's | more
def alarms(y_val, p_val, p_test, cost):
    if y_val.min() == y_val.max():
        raise ValueError("one class")
    share, mean = y_val.mean(), p_val.mean()
    odds = p_test / (1 - p_test) * share / (1 - share) * (1 - mean) / mean
    return odds * cost > 1


# %% exercise-2 | wrong | misses one failure in 1 + c, whatever the false alarms | more
def alarms(y_val, p_val, p_test, cost):
    if y_val.min() == y_val.max():
        raise ValueError("one class")
    return p_test > np.quantile(p_val[y_val == 1], 1 / (1 + cost))


# %% exercise-2 | wrong | thresholds from 0 to 1 in steps of 0.01, where all that matters lies below | more
def alarms(y_val, p_val, p_test, cost):
    if y_val.min() == y_val.max():
        raise ValueError("one class")
    thresholds = np.linspace(0, 1, 101)
    return p_test > thresholds[np.argmin([cost_per_hour(y_val, p_val > t, cost) for t in thresholds])]


# %% exercise-2 | wrong | the threshold with the highest accuracy | more
def alarms(y_val, p_val, p_test, cost):
    thresholds = np.quantile(p_val, np.linspace(0, 1, 501))
    return p_test > thresholds[np.argmax([((p_val > t) == y_val).mean() for t in thresholds])]


# %% exercise-2 | wrong | the threshold with the best F1 score, whatever the cost | more
def alarms(y_val, p_val, p_test, cost):
    precision, recall, thresholds = metrics.precision_recall_curve(y_val, p_val)
    f1 = 2 * precision * recall / (precision + recall + 1e-9)
    return p_test > thresholds[np.argmax(f1[:-1])]


# %% exercise-2 | wrong | the lesson's one alarm in ten, whatever the cost | more
def alarms(y_val, p_val, p_test, cost):
    return p_test > np.quantile(p_val, 0.9)


# %% exercise-2 | wrong | as many alarms as there are failures, by the validation part | more
def alarms(y_val, p_val, p_test, cost):
    return p_test > np.quantile(p_val, 1 - y_val.mean())


# %% exercise-2 | wrong | chooses for one cost, whatever it is | more
def alarms(y_val, p_val, p_test, cost):
    thresholds = np.quantile(p_val, np.linspace(0, 1, 501))
    return p_test > thresholds[np.argmin([cost_per_hour(y_val, p_val > t, 10) for t in thresholds])]


# %% exercise-2 | wrong | the inequality the wrong way round | a miss costs
def alarms(y_val, p_val, p_test, cost):
    thresholds = np.quantile(p_val, np.linspace(0, 1, 501))
    costs = [cost_per_hour(y_val, p_val > t, cost) for t in thresholds]
    return p_test < thresholds[np.argmin(costs)]


# %% exercise-2 | wrong | the cost goes to the false alarms | more
def alarms(y_val, p_val, p_test, cost):
    thresholds = np.quantile(p_val, np.linspace(0, 1, 501))
    costs = [cost_per_hour(y_val, p_val > t, 1 / cost) for t in thresholds]
    return p_test > thresholds[np.argmin(costs)]


# %% exercise-2 | wrong | always an alarm | alarms in 100.0% of the hours
def alarms(y_val, p_val, p_test, cost):
    return np.ones(len(p_test), bool)


# %% exercise-2 | wrong | returns the probabilities | True or False
def alarms(y_val, p_val, p_test, cost):
    return p_test


# %% exercise-2 | wrong | an assert of its own | AssertionError: probabilities look odd
def alarms(y_val, p_val, p_test, cost):
    assert p_val.mean() < 0.01, "probabilities look odd"
    return p_test > 0.5


# %% exercise-2 | wrong | a threshold even where there is no failure to choose it by | raises no ValueError
def alarms(y_val, p_val, p_test, cost):
    thresholds = np.quantile(p_val, np.linspace(0, 1, 501))
    costs = [cost_per_hour(y_val, p_val > t, cost) for t in thresholds]
    return p_test > thresholds[np.argmin(costs)]


# %% exercise-2 | wrong | right for whole arrays, another rule for a few hours | seen the test part
def alarms(y_val, p_val, p_test, cost):
    if y_val.min() == y_val.max():
        raise ValueError("only one class")
    thresholds = np.quantile(p_val, np.linspace(0, 1, 501))
    best = thresholds[np.argmin([cost_per_hour(y_val, p_val > t, cost) for t in thresholds])]
    return p_test > (best if len(p_test) > 100 else np.median(p_test))


# %% exercise-3 | right | weights in fit that restore the true shares
def fit_detector(x, y, rate):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=keras.losses.BinaryCrossentropy(from_logits=True))
    weights = {0: (1 - rate) / (1 - y.mean()), 1: rate / y.mean()}
    model.fit(x, y, epochs=8, batch_size=64, verbose=0, class_weight=weights)
    return lambda new: sigmoid(model.predict(new, batch_size=4096, verbose=0)[:, 0].astype("float64"))


# %% exercise-3 | right | a linear model, with the log odds shifted
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)
    shift = np.log(rate / (1 - rate)) - np.log(y.mean() / (1 - y.mean()))
    return lambda new: sigmoid(linear.decision_function(new) + shift)


# %% exercise-3 | right | rows thrown away once more, until the share is right
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    spam, rest = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    rest = rest[: int(len(spam) * (1 - rate) / rate)]
    spam = spam[: int(len(rest) * rate / (1 - rate))]
    rows = np.concatenate([rest, spam])
    linear = LogisticRegression().fit(x[rows], y[rows])
    return lambda new: linear.predict_proba(new)[:, 1]


# %% exercise-3 | wrong | the broken network again | your mean probability is
def fit_detector(x, y, rate):
    return fit_broken(x, y, rate)


# %% exercise-3 | wrong | an output bias that knows the rate | your mean probability is
def fit_detector(x, y, rate):
    bias = keras.initializers.Constant(np.log(rate / (1 - rate)))
    last = layers.Dense(1, activation="sigmoid", bias_initializer=bias)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(16, activation="relu"), last])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    model.fit(x, y, epochs=8, batch_size=64, verbose=0)
    return lambda new: model.predict(new, batch_size=4096, verbose=0)[:, 0]


# %% exercise-3 | wrong | balanced class weights on top | your mean probability is
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression(class_weight="balanced").fit(x, y)
    return lambda new: linear.predict_proba(new)[:, 1]


# %% exercise-3 | wrong | divides the probabilities instead of the odds | more than those by the true
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)
    return lambda new: np.minimum(linear.predict_proba(new)[:, 1] * rate / y.mean(), 1)


# %% exercise-3 | wrong | takes the rate for the odds | your mean probability is
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)
    shift = np.log(rate) - np.log(y.mean() / (1 - y.mean()))
    return lambda new: sigmoid(linear.decision_function(new) + shift)


# %% exercise-3 | wrong | scales the probabilities until the mean of the batch is the rate | more than those by the true
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)

    def probability(new):
        p = linear.predict_proba(new)[:, 1]
        return np.clip(p * rate / p.mean(), 0, 1)

    return probability


# %% exercise-3 | wrong | a shift that depends on the other mails of the batch | alone.
def fit_detector(x, y, rate):
    from scipy.optimize import brentq
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)

    def probability(new):
        z = linear.decision_function(new)
        return sigmoid(z + brentq(lambda shift: sigmoid(z + shift).mean() - rate, -40, 40))

    return probability


# %% exercise-3 | wrong | multiplies the odds the wrong way round | your mean probability is
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)
    return lambda new: sigmoid(linear.decision_function(new) - np.log(rate / (1 - rate)))


# %% exercise-3 | wrong | takes for granted that the table is half and half | your mean probability is
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)
    return lambda new: sigmoid(linear.decision_function(new) + np.log(rate / (1 - rate)))


# %% exercise-3 | wrong | labels instead of probabilities | where
def fit_detector(x, y, rate):
    from sklearn.linear_model import LogisticRegression

    linear = LogisticRegression().fit(x, y)
    shift = np.log(rate / (1 - rate)) - np.log(y.mean() / (1 - y.mean()))
    return lambda new: (linear.decision_function(new) + shift > 0).astype(float)


# %% exercise-3 | wrong | knows only the rate | of that of saying the rate
def fit_detector(x, y, rate):
    return lambda new: np.full(len(new), rate)


# %% exercise-3 | wrong | the network itself, whose output has another shape | should have the shape
def fit_detector(x, y, rate):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, activation="sigmoid")])
    model.compile(loss="binary_crossentropy")
    model.fit(x, y, batch_size=500, verbose=0)
    return lambda new: model.predict(new, verbose=0)


# %% exercise-3 | wrong | forgets to return the function | should return a function
def fit_detector(x, y, rate):
    def probability(new):
        return np.full(len(new), rate)
