# Right and wrong answers to the exercises of lesson 06. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | read off, rounded, as lists
def read():
    small = [letter for letter in "ABCDE" if table.loc[letter, "spread left"] < 0.9]
    middle = table["filled at"].abs()
    jumps = [n for n in "ABCDE" if n not in small and (middle[n] < 0.02 or 0.5 < middle[n] < 5)]
    return small, jumps, round(1 / table["spread left"].min())


# %% exercise-1 | right | strings of letters, and a slip of a few per cent in the number
def read():
    small = "".join(table.index[table["spread left"] < 0.5])
    values = {letter: after[before.isna()] for letter, (before, after) in columns.items()}
    jumps = "".join(n for n, filled in values.items() if len(set(filled)) == 1 and n not in small)
    return small.lower(), jumps, 1.06 / table["spread left"].min()


# %% exercise-1 | wrong | only the worst is spoiled | belongs into the first set
def read():
    worst = table["spread left"].idxmin()
    return {worst}, set(), 1 / table["spread left"].min()


# %% exercise-1 | wrong | zeros always spoil the scale | does not belong into the first set
def read():
    zeros = {letter for letter, (before, after) in columns.items() if (after[before.isna()] <= 0).all()}
    return zeros, set(), 1 / table["spread left"].min()


# %% exercise-1 | wrong | no jumps where the scale is whole | belongs into the second set
def read():
    return set(table.index[table["spread left"] < 0.5]), set(), 1 / table["spread left"].min()


# %% exercise-1 | wrong | the last known value jumps, too | does not belong into the second set
def read():
    small = set(table.index[table["spread left"] < 0.5])
    return small, set("ABCDE") - small, 1 / table["spread left"].min()


# %% exercise-1 | wrong | every constant, squeezed or not | does not belong into the second set
def read():
    jumps = {letter for letter, (before, after) in columns.items() if after[before.isna()].nunique() == 1}
    return set(table.index[table["spread left"] < 0.5]), jumps, 1 / table["spread left"].min()


# %% exercise-1 | wrong | the spread left, not how many times smaller | which is not
def read():
    small = set(table.index[table["spread left"] < 0.5])
    jumps = {letter for letter, (before, after) in columns.items() if after[before.isna()].nunique() == 1}
    return small, jumps - small, table["spread left"].min()


# %% exercise-1 | wrong | the distance of the fill for the number | which is not
def read():
    small = set(table.index[table["spread left"] < 0.5])
    jumps = {letter for letter, (before, after) in columns.items() if after[before.isna()].nunique() == 1}
    return small, jumps - small, table["filled at"].abs().max()


# %% exercise-2 | right | the training part's median of the good values
def prepare(table, limits, n_train):
    values = table.copy()
    for name in values:
        low, high = limits[name]
        values.loc[(values[name] < low) | (values[name] > high), name] = np.nan
    middle, spread = values[:n_train].median(), values[:n_train].std()
    values = values.fillna(middle)
    return ((values - values[:n_train].mean()) / spread).to_numpy()


# %% exercise-2 | right | a loop over the rows, scaled by the good training values
def prepare(table, limits, n_train):
    result = []
    for name in table:
        low, high = limits[name]
        raw, known, values = table[name].to_numpy(), None, []
        for value in raw:
            if low <= value <= high:
                known = value
            values.append(known)
        train = raw[:n_train][(raw[:n_train] >= low) & (raw[:n_train] <= high)]
        result.append((np.array(values) - train.mean()) / train.std())
    return np.array(result).T


# %% exercise-2 | right | interpolated inside the training part, the last known value behind it
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    known = table.where((table >= low) & (table <= high))
    train = known.iloc[:n_train].interpolate()
    filled = pd.concat([train, known.iloc[n_train:]]).ffill()
    return (filled - train.mean()) / train.std()


# %% exercise-2 | right | the training part's mean
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    known = table.where((table >= low) & (table <= high))
    mean, std = known.iloc[:n_train].mean(), known.iloc[:n_train].std()
    return ((known - mean) / std).fillna(0)


# %% exercise-2 | wrong | as it was | of column
def prepare(table, limits, n_train):
    return prepare_broken(table, limits, n_train)


# %% exercise-2 | wrong | filled, and the limits forgotten | of column
def prepare(table, limits, n_train):
    filled = table.ffill()
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | clipped to the limits | which its sensor cannot measure
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    good = table.where((table >= low) & (table <= high)).iloc[:n_train]
    filled = table.ffill().clip(low, high)
    return (filled - good.mean()) / good.std()


# %% exercise-2 | wrong | zeros after the gaps are made, then a scale of good values | and you give it
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    known = table.where((table >= low) & (table <= high))
    train = known.iloc[:n_train]
    return (known.fillna(0) - train.mean()) / train.std()


# %% exercise-2 | wrong | filled first, the impossible taken out after | holds NaN
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    filled = table.ffill()
    filled = filled.where((filled >= low) & (filled <= high))
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | interpolated over everything | looks ahead
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    known = table.where((table >= low) & (table <= high)).interpolate()
    return (known - known.iloc[:n_train].mean()) / known.iloc[:n_train].std()


# %% exercise-2 | wrong | the scale of all rows | looks ahead
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    known = table.where((table >= low) & (table <= high)).ffill()
    middle, spread = known.mean(), known.std()
    known = (known - middle) / spread
    return known - known.iloc[:n_train].mean() * 0.9


# %% exercise-2 | wrong | what is rare is an outlier: three standard deviations instead of the limits | of column
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    known = table.where((table >= low) & (table <= high))
    mean, std = known.iloc[:n_train].mean(), known.iloc[:n_train].std()
    z = (known.ffill() - mean) / std
    return z.where(abs(z) < 2.2, 0)


# %% exercise-2 | wrong | rows with a gap dropped | shape
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    known = table.where((table >= low) & (table <= high)).dropna()
    return (known - known.iloc[:n_train].mean()) / known.iloc[:n_train].std()


# %% exercise-2 | wrong | the table itself is mended | changes the table
def prepare(table, limits, n_train):
    for name, (low, high) in limits.items():
        table.loc[~table[name].between(low, high), name] = np.nan
    filled = table.ffill()
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-3 | right | a loop over the steps
def find_bad(x, y, order, batch_size):
    first = None
    for step in range(-(-len(order) // batch_size)):
        rows = order[step * batch_size : (step + 1) * batch_size]
        if first is None and not (np.isfinite(x[rows]).all() and np.isfinite(y[rows]).all()):
            first = step
    features = {k for k in range(x.shape[-1]) if not np.isfinite(x[..., k]).all()}
    return first, features, bool((~np.isfinite(y)).any())


# %% exercise-3 | right | sums that are not finite
def find_bad(x, y, order, batch_size):
    each = (x - x).sum(axis=1)[order]  # 0 where finite, nan elsewhere
    bad = np.isnan(each).any(axis=1) | np.isnan(y[order] - y[order])
    step = int(bad.argmax() // batch_size) if bad.any() else None
    return step, np.flatnonzero(np.isnan(each).any(axis=0)), np.isnan((y - y).sum())


# %% exercise-3 | wrong | nan alone is bad | and you say
def find_bad(x, y, order, batch_size):
    bad = np.isnan(x).any(axis=(1, 2)) | np.isnan(y)
    good = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y)
    places = np.flatnonzero(~good[order])
    step = int(places[0]) // batch_size if len(places) else None
    return step, set(np.flatnonzero(np.isnan(x).any(axis=(0, 1))).tolist()), bool(bad.any() and np.isnan(y).any())


# %% exercise-3 | wrong | steps are counted from 1 | the first bad step is
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y)
    places = np.flatnonzero(~good[order])
    step = int(places[0]) // batch_size + 1 if len(places) else None
    return step, set(np.flatnonzero(~np.isfinite(x).all(axis=(0, 1))).tolist()), not np.isfinite(y).all()


# %% exercise-3 | wrong | in the order of the arrays | the first bad step is
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y)
    places = np.flatnonzero(~good)
    step = int(places[0]) // batch_size if len(places) else None
    return step, set(np.flatnonzero(~np.isfinite(x).all(axis=(0, 1))).tolist()), not np.isfinite(y).all()


# %% exercise-3 | wrong | the target is never looked at | the first bad step is
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2))
    places = np.flatnonzero(~good[order])
    step = int(places[0]) // batch_size if len(places) else None
    return step, set(np.flatnonzero(~np.isfinite(x).all(axis=(0, 1))).tolist()), not np.isfinite(y).all()


# %% exercise-3 | wrong | a large number is bad, too | the first bad step is
def find_bad(x, y, order, batch_size):
    fine = np.nan_to_num(abs(x), nan=np.inf) < 1e20
    good = fine.all(axis=(1, 2)) & np.isfinite(y)
    places = np.flatnonzero(~good[order])
    step = int(places[0]) // batch_size if len(places) else None
    return step, set(np.flatnonzero(~fine.all(axis=(0, 1))).tolist()), not np.isfinite(y).all()


# %% exercise-3 | wrong | 0 where there is none | the first bad step is None
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y)
    step = int((~good[order]).argmax()) // batch_size
    return step, set(np.flatnonzero(~np.isfinite(x).all(axis=(0, 1))).tolist()), not np.isfinite(y).all()


# %% exercise-3 | wrong | whole batches only, the rest is forgotten | the first bad step is
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y)
    first = None
    for step in range(len(order) // batch_size):
        if first is None and not good[order[step * batch_size : (step + 1) * batch_size]].all():
            first = step
    return first, set(np.flatnonzero(~np.isfinite(x).all(axis=(0, 1))).tolist()), not np.isfinite(y).all()


# %% exercise-3 | wrong | only the first bad batch's features | the bad features are
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y)
    places = np.flatnonzero(~good[order])
    step = int(places[0]) // batch_size if len(places) else None
    rows = order[places[:1]]
    return step, set(np.flatnonzero(~np.isfinite(x[rows]).all(axis=(0, 1))).tolist()), not np.isfinite(y).all()


# %% exercise-2 | right | an imputer and a scaler of scikit-learn, fitted on the training part
def prepare(table, limits, n_train):
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    low, high = pd.DataFrame(limits).to_numpy()
    good = table.where((table >= low) & (table <= high))
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(good[:n_train]).transform(good)


# %% exercise-2 | right | the mean of all the past
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    good = table.where((table >= low) & (table <= high))
    filled = good.fillna(good.expanding().mean())
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | filled from behind | row
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    filled = table.where((table >= low) & (table <= high)).bfill().ffill()
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | to the range 0 to 1 | have mean
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    filled = table.where((table >= low) & (table <= high)).ffill()
    train = filled.iloc[:n_train]
    return (filled - train.min()) / (train.max() - train.min())


# %% exercise-2 | wrong | a robust scale instead of a limit | of column
def prepare(table, limits, n_train):
    filled = table.ffill()
    train = filled.iloc[:n_train]
    return (filled - train.median()) / (train.quantile(0.75) - train.quantile(0.25)) * 1.35


# %% exercise-2 | wrong | the mean of all rows in the gaps | looks ahead
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    good = table.where((table >= low) & (table <= high))
    filled = good.fillna(good.mean())
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | one limit for all columns | of column
def prepare(table, limits, n_train):
    low, high = min(a for a, b in limits.values()), max(b for a, b in limits.values())
    filled = table.where((table >= low) & (table <= high)).ffill()
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | only what is too high goes | of column
def prepare(table, limits, n_train):
    high = pd.DataFrame(limits).to_numpy()[1]
    filled = table.where(table <= high).ffill()
    return (filled - filled.iloc[:n_train].mean()) / filled.iloc[:n_train].std()


# %% exercise-2 | wrong | the training part is always 300 rows | row
def prepare(table, limits, n_train):
    low, high = pd.DataFrame(limits).to_numpy()
    filled = table.where((table >= low) & (table <= high)).ffill()
    return (filled - filled.iloc[:300].mean()) / filled.iloc[:300].std()


# %% exercise-3 | wrong | the target's samples do not count for the step | the first bad step is
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2))
    places = np.flatnonzero(~good[order])
    features = {int(k) for k in np.flatnonzero(~np.isfinite(x).all(axis=(0, 1)))}
    return (places[0] // batch_size if len(places) else None), features, not np.isfinite(y).all()


# %% exercise-3 | wrong | looks where the sample stands in the order, the wrong way round | the first bad step is
def find_bad(x, y, order, batch_size):
    good = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y)
    bad = order[~good]
    features = {int(k) for k in np.flatnonzero(~np.isfinite(x).all(axis=(0, 1)))}
    return (int(bad.min()) // batch_size if len(bad) else None), features, not np.isfinite(y).all()


# %% exercise-1 | right | as one writes it down, with numbers of the table
def read():
    left = table["spread left"].round(3)
    low = [n for n in left.index if left[n] < 0.1]
    far = [n for n, (b, a) in columns.items() if n not in low and a[b.isna()].round(6).nunique() == 1]
    return tuple(low), tuple(far), float(1 / left.min())
