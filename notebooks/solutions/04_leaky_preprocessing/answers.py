# Right and wrong answers to the exercises of lesson 04. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | read off, rounded
def read():
    return "BCE", "B", table.loc["B", "true"] / table.loc["B", "promised"] + 0.05


# %% exercise-1 | right | a list, by a loop over the steps
def read():
    letters = ""
    for name, row in table.iterrows():
        if row["share moved"] != 0:
            letters += name
    return [letters, "B", round(float(table["true"]["B"] / table["promised"]["B"]), 1)]


# %% exercise-1 | right | from the two dictionaries of the cell above, rounded
def read():
    ahead = ""
    for letter in "ABCDE":
        if asked[letter]["share moved"] != 0:
            ahead = ahead + letter
    for letter, (promised, true) in errors.items():
        if true >= 2 * promised:
            return [ahead, letter, round(true / promised, 1)]


# %% exercise-1 | wrong | only what lies looks ahead | step C looks ahead
def read():
    return "B", "B", table.loc["B", "true"] / table.loc["B", "promised"]


# %% exercise-1 | wrong | a small share is none | step E looks ahead
def read():
    return "BC", "B", table.loc["B", "true"] / table.loc["B", "promised"]


# %% exercise-1 | wrong | every smoothing looks ahead | step D does not look ahead
def read():
    return "BCDE", "B", table.loc["B", "true"] / table.loc["B", "promised"]


# %% exercise-1 | wrong | the largest errors are the greatest lie | step C promises
def read():
    return "BCE", "C", table.loc["C", "true"] / table.loc["C", "promised"]


# %% exercise-1 | wrong | the difference instead of the ratio | is not
def read():
    return "BCE", "B", table.loc["B", "true"] - table.loc["B", "promised"] + 4


# %% exercise-1 | wrong | divided the other way round | is not
def read():
    return "BCE", "B", table.loc["B", "promised"] / table.loc["B", "true"]


# %% exercise-2 | right | an exponential average, scaled with NumPy
def prepare(series, n_train):
    smooth = series.ffill().ewm(span=9, adjust=False).mean().to_numpy()
    return (smooth - smooth[:n_train].mean()) / smooth[:n_train].std()


# %% exercise-2 | right | a loop over the past, eight values each
def prepare(series, n_train):
    values, known = [], series.iloc[0]
    for value in series:
        known = known if np.isnan(value) else value
        values.append(known)
    smooth = np.array([np.mean(values[max(0, i - 7) : i + 1]) for i in range(len(values))])
    mean, std = np.mean(smooth[:n_train]), np.std(smooth[:n_train])
    return (smooth - mean) / std


# %% exercise-2 | wrong | only the scaler is mended | looks ahead
def prepare(series, n_train):
    smooth = series.interpolate().rolling(5, center=True, min_periods=1).mean()
    train = smooth.iloc[:n_train]
    return (smooth - train.mean()) / train.std()


# %% exercise-2 | wrong | all but the gaps is mended | looks ahead
def prepare(series, n_train):
    smooth = series.interpolate().rolling(5, min_periods=1).mean()
    train = smooth.iloc[:n_train]
    return (smooth - train.mean()) / train.std()


# %% exercise-2 | wrong | the scale of everything | the training rows have
def prepare(series, n_train):
    smooth = series.ffill().rolling(5, min_periods=1).mean()
    return (smooth - smooth.mean()) / smooth.std()


# %% exercise-2 | wrong | no smoothing at all | from value to value
def prepare(series, n_train):
    filled = series.ffill()
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | so smooth that it follows nothing | correlation
def prepare(series, n_train):
    smooth = series.ffill().rolling(300, min_periods=1).mean()
    return (smooth - smooth.iloc[:n_train].mean()) / smooth.iloc[:n_train].std()


# %% exercise-2 | wrong | the average waits for five values | holds NaN
def prepare(series, n_train):
    smooth = series.ffill().rolling(5).mean()
    train = smooth.iloc[:n_train]
    return (smooth - train.mean()) / train.std()


# %% exercise-2 | wrong | each part by its own statistics | looks ahead
def prepare(series, n_train):
    smooth = series.ffill().rolling(5, min_periods=1).mean()
    parts = [smooth.iloc[:n_train], smooth.iloc[n_train:]]
    return pd.concat([(part - part.mean()) / part.std() for part in parts])


# %% exercise-2 | right | a trailing median of three: little smoothing
def prepare(series, n_train):
    smooth = series.ffill().rolling(3, min_periods=1).median()
    return (smooth - smooth.iloc[:n_train].mean()) / smooth.iloc[:n_train].std()


# %% exercise-2 | right | an average of twenty rows: much smoothing
def prepare(series, n_train):
    smooth = series.ffill().rolling(20, min_periods=1).mean()
    return (smooth - smooth.iloc[:n_train].mean()) / smooth.iloc[:n_train].std()


# %% exercise-2 | right | centred on the middle of its range first, then on its mean
def prepare(series, n_train):
    smooth = series.ffill().rolling(6, min_periods=1).mean()
    train = smooth.iloc[:n_train]
    middle, spread = (train.max() + train.min()) / 2, train.std()
    return (smooth - middle) / spread - ((train - middle) / spread).mean()


# %% exercise-2 | wrong | centred within the training part, as that is known; trailing behind it | looks ahead
def prepare(series, n_train):
    filled = series.ffill()
    train = filled.iloc[:n_train].rolling(5, center=True, min_periods=1).mean()
    smooth = pd.concat([train, filled.rolling(5, min_periods=1).mean().iloc[n_train:]])
    return (smooth - train.mean()) / train.std()


# %% exercise-2 | wrong | interpolated within the training part, filled behind it | looks ahead
def prepare(series, n_train):
    filled = pd.concat([series.iloc[:n_train].interpolate(), series.iloc[n_train:]]).ffill()
    smooth = filled.rolling(5, min_periods=1).mean()
    return (smooth - smooth.iloc[:n_train].mean()) / smooth.iloc[:n_train].std()


# %% exercise-2 | wrong | smoothed forwards and backwards | looks ahead
def prepare(series, n_train):
    smooth = series.ffill().ewm(span=5).mean()[::-1].ewm(span=5).mean()[::-1]
    train = smooth.iloc[:n_train]
    return (smooth - train.mean()) / train.std()


# %% exercise-2 | wrong | the training part is always half of the series | training
def prepare(series, n_train):
    smooth = series.ffill().rolling(5, min_periods=1).mean()
    return (smooth - smooth.iloc[:300].mean()) / smooth.iloc[:300].std()


# %% exercise-2 | wrong | gaps dropped | shape
def prepare(series, n_train):
    smooth = series.dropna().rolling(5, min_periods=1).mean()
    return (smooth - smooth.iloc[:n_train].mean()) / smooth.iloc[:n_train].std()


# %% exercise-2 | wrong | forgets min_periods, and fills the first rows from those that follow | row 0 changes
def prepare(series, n_train):
    smooth = series.ffill().rolling(5).mean().bfill()
    train = smooth.iloc[:n_train]
    return (smooth - train.mean()) / train.std()


# %% exercise-3 | right | sums of squares in one loop
def promise_and_truth(step, series, rows):
    whole, squares = step(series.copy()), np.zeros(2)
    for row in rows:
        live = step(series.iloc[: row + 1].copy())
        errors = np.array([whole.iloc[row], live.iloc[row]]) - series.iloc[row + 1]
        squares += errors**2
    return tuple(np.sqrt(squares / len(rows)))


# %% exercise-3 | right | with scikit-learn, through a list of pairs
def promise_and_truth(step, series, rows):
    from sklearn.metrics import mean_squared_error

    target = series.shift(-1).iloc[rows]
    promised = step(series.copy()).iloc[rows]
    true = [step(series.head(row + 1).copy()).to_numpy()[-1] for row in rows]
    return [mean_squared_error(target, p) ** 0.5 for p in (promised, true)]


# %% exercise-3 | wrong | the next row is known, too | the true error is
def promise_and_truth(step, series, rows):
    rows = np.asarray(rows)
    target = series.to_numpy()[rows + 1]
    promised = step(series.copy()).to_numpy()[rows]
    true = np.array([step(series.iloc[: row + 2].copy()).iloc[-2] for row in rows])
    return [np.sqrt(np.mean((p - target) ** 2)) for p in (promised, true)]


# %% exercise-3 | wrong | the step sees the last thirty rows only | the true error is
def promise_and_truth(step, series, rows):
    rows = np.asarray(rows)
    target = series.to_numpy()[rows + 1]
    promised = step(series.copy()).to_numpy()[rows]
    true = np.array([step(series.iloc[row - 29 : row + 1].copy()).iloc[-1] for row in rows])
    return [np.sqrt(np.mean((p - target) ** 2)) for p in (promised, true)]


# %% exercise-3 | wrong | every row from the first to the last | error is
def promise_and_truth(step, series, rows):
    rows = np.arange(rows[0], rows[-1] + 1)
    target = series.to_numpy()[rows + 1]
    promised = step(series.copy()).to_numpy()[rows]
    true = np.array([step(series.iloc[: row + 1].copy()).iloc[-1] for row in rows])
    return [np.sqrt(np.mean((p - target) ** 2)) for p in (promised, true)]


# %% exercise-3 | wrong | scored against the same row | the promised error is
def promise_and_truth(step, series, rows):
    target = series.to_numpy()[rows]
    promised = step(series.copy()).to_numpy()[rows]
    true = np.array([step(series.iloc[: row + 1].copy()).iloc[-1] for row in rows])
    return [np.sqrt(np.mean((p - target) ** 2)) for p in (promised, true)]


# %% exercise-3 | wrong | scored against the step's own result | the promised error is
def promise_and_truth(step, series, rows):
    rows = np.asarray(rows)
    whole = step(series.copy()).to_numpy()
    true = np.array([step(series.iloc[: row + 1].copy()).iloc[-1] for row in rows])
    return [np.sqrt(np.mean((p - whole[rows + 1]) ** 2)) for p in (whole[rows], true)]


# %% exercise-3 | wrong | the square root forgotten | the promised error is
def promise_and_truth(step, series, rows):
    rows = np.asarray(rows)
    target = series.to_numpy()[rows + 1]
    promised = step(series.copy()).to_numpy()[rows]
    true = np.array([step(series.iloc[: row + 1].copy()).iloc[-1] for row in rows])
    return [np.mean((p - target) ** 2) for p in (promised, true)]


# %% exercise-3 | wrong | true first | error is
def promise_and_truth(step, series, rows):
    rows = np.asarray(rows)
    target = series.to_numpy()[rows + 1]
    promised = step(series.copy()).to_numpy()[rows]
    true = np.array([step(series.iloc[: row + 1].copy()).iloc[-1] for row in rows])
    return [np.sqrt(np.mean((p - target) ** 2)) for p in (true, promised)]


# %% exercise-3 | wrong | the series itself is handed to the step | changes the series
def promise_and_truth(step, series, rows):
    rows = np.asarray(rows)
    target = series.to_numpy()[rows + 1].copy()
    true = np.array([step(series.iloc[: row + 1].copy()).iloc[-1] for row in rows])
    promised = step(series).to_numpy()[rows]
    return [np.sqrt(np.mean((p - target) ** 2)) for p in (promised, true)]


# %% exercise-3 | wrong | the future is set to NaN, not cut off: not the same for every step | holds NaN
def promise_and_truth(step, series, rows):
    target = series.iloc[rows + 1].to_numpy()
    whole = step(series.copy()).iloc[rows].to_numpy()
    known = []
    for row in rows:
        part = series.copy()
        part.iloc[row + 1 :] = np.nan
        known.append(step(part).iloc[row])
    return np.sqrt(np.mean((whole - target) ** 2)), np.sqrt(np.mean((np.array(known) - target) ** 2))
