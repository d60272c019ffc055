# Right and wrong answers to the exercises of lesson 07. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | from the strip's last lag, as lists
def read():
    short, unused = [], []
    for letter in "ABCDE":
        _, steps, horizon, memory = forecasts[letter]
        held = memory[memory.index <= horizon + steps - 1]
        beyond = memory[memory.index > horizon + steps - 1]
        if max(memory) <= 0.4:
            continue
        if held.max() > (beyond.max() if len(beyond) else -1):
            unused.append(letter)
        else:
            short.append(letter)
    horizon, memory = forecasts[asked][2:]
    return short, unused, int(memory.idxmax()) - horizon


# %% exercise-1 | right | strings of letters, a year for the peak
def read():
    short = "".join(k for k, (_, steps, h, m) in forecasts.items() if m.max() > 0.4 and m.idxmax() >= h + steps)
    unused = "".join(k for k, (_, steps, h, m) in forecasts.items() if m.max() > 0.4 and m.idxmax() < h + steps)
    return short.lower(), unused, 52 - forecasts[asked][2] + 1


# %% exercise-1 | wrong | every peak means a short window | does not belong into the first set
def read():
    short = {letter for letter, forecast in forecasts.items() if forecast[3].max() > 0.4}
    return short, set(), forecasts[asked][3].idxmax() - forecasts[asked][2] + 1


# %% exercise-1 | wrong | a long window without a peak does not use it either | does not belong into the second set
def read():
    long = {letter for letter, forecast in forecasts.items() if forecast[1] > 100}
    return set("ABCDE") - long, long, forecasts[asked][3].idxmax() - forecasts[asked][2] + 1


# %% exercise-1 | wrong | short means few steps, and a day is enough | belongs into the first set
def read():
    short = {letter for letter, forecast in forecasts.items() if forecast[1] < 5}
    unused = {k for k, (_, steps, h, m) in forecasts.items() if m.max() > 0.4 and m.idxmax() < h + steps}
    return short, unused, forecasts[asked][3].idxmax() - forecasts[asked][2] + 1


# %% exercise-1 | wrong | as many steps as the lag, the horizon forgotten | longer than it need be
def read():
    short = {k for k, (_, steps, h, m) in forecasts.items() if m.max() > 0.4 and m.idxmax() >= h + steps}
    unused = {k for k, (_, steps, h, m) in forecasts.items() if m.max() > 0.4 and m.idxmax() < h + steps}
    return short, unused, forecasts[asked][3].idxmax()


# %% exercise-1 | wrong | how many steps are lacking | too short
def read():
    short = {k for k, (_, steps, h, m) in forecasts.items() if m.max() > 0.4 and m.idxmax() >= h + steps}
    unused = {k for k, (_, steps, h, m) in forecasts.items() if m.max() > 0.4 and m.idxmax() < h + steps}
    _, steps, horizon, memory = forecasts[asked]
    return short, unused, memory.idxmax() - horizon + 1 - steps


# %% exercise-1 | wrong | a valley inside the strip is far from 0, too | into the first set
def read():
    inside = {k: m[m.index < h + steps] for k, (_, steps, h, m) in forecasts.items()}
    unused = {k for k in inside if abs(inside[k]).max() > 0.4}
    short = {k for k in forecasts if forecasts[k][3].max() > 0.4} - unused
    return short, unused, forecasts[asked][3].idxmax() - forecasts[asked][2] + 1


# %% exercise-2 | right | every fifth week of a year
def inputs(series, now, horizon):
    back = np.arange(0, 56, 5)
    return series[now[:, None] - back]


# %% exercise-2 | right | last year's change over the same weeks
def inputs(series, now, horizon):
    rows = []
    for place in now:
        rows.append([series[place - 52 + horizon] - series[place - 52], series[place] - series[place - 52]])
    return rows


# %% exercise-2 | right | the same week in the last two years
def inputs(series, now, horizon):
    return np.column_stack([series[now], series[now + horizon - 52], series[now + horizon - 104]])


# %% exercise-2 | right | the calendar: time of the year as sine and cosine
def inputs(series, now, horizon):
    angle = 2 * np.pi * (now + horizon) / 52.18
    start = 2 * np.pi * now / 52.18
    return np.column_stack([np.sin(angle), np.cos(angle), np.sin(start), np.cos(start), series[now] - series[now - 1]])


# %% exercise-2 | wrong | as it was | times that of the patient
def inputs(series, now, horizon):
    return inputs_broken(series, now, horizon)


# %% exercise-2 | wrong | a little longer, as far as is allowed | times that of the patient
def inputs(series, now, horizon):
    return np.stack([series[now - k] for k in range(12)], axis=1)


# %% exercise-2 | wrong | a year before now instead of before the target | times that of the patient
def inputs(series, now, horizon):
    return np.stack([*(series[now - k] for k in range(8)), series[now - 52]], axis=1)


# %% exercise-2 | wrong | the whole year as a window | columns, and at most 12 are allowed
def inputs(series, now, horizon):
    return np.stack([series[now - k] for k in range(53)], axis=1)


# %% exercise-2 | wrong | the sign of the horizon turned round | times that of the patient
def inputs(series, now, horizon):
    return np.stack([*(series[now - k] for k in range(8)), series[now - horizon - 52]], axis=1)


# %% exercise-2 | wrong | the target itself | it looks ahead
def inputs(series, now, horizon):
    return np.stack([series[now], series[now + horizon]], axis=1)


# %% exercise-2 | wrong | standardised by the whole series | it looks ahead
def inputs(series, now, horizon):
    z = (series - series.mean()) / series.std()
    return np.stack([z[now], z[now + horizon - 52]], axis=1)


# %% exercise-2 | wrong | np.roll for the lag, as the arrays stand | rows
def inputs(series, now, horizon):
    return np.stack([series, np.roll(series, 52 - horizon)], axis=1)


# %% exercise-2 | wrong | samples without a whole year left out | rows
def inputs(series, now, horizon):
    now = now[now >= 156]
    return np.stack([series[now], series[now + horizon - 52], series[now + horizon - 104]], axis=1)


# %% exercise-3 | right | pandas' groupby and transform
def floors(series, horizon, longest):
    table = pd.DataFrame({f"lag {k}": pd.Series(series).shift(k) for k in range(longest)})
    table["target"] = pd.Series(series).shift(-horizon)
    table = table.dropna()
    result = []
    for k in range(1, longest + 1):
        best = table.groupby([f"lag {j}" for j in range(k)])["target"].transform("mean")
        result.append(((table["target"] - best) ** 2).mean())
    return np.array(result)


# %% exercise-3 | right | numpy's unique rows
def floors(series, horizon, longest):
    now = np.arange(longest - 1, len(series) - horizon)
    y = series[now + horizon].astype(float)
    found = np.zeros(longest)
    for k in range(longest):
        windows = series[now[:, None] - np.arange(k + 1)]
        group = np.unique(windows, axis=0, return_inverse=True)[1].ravel()
        mean = np.bincount(group, y) / np.bincount(group)
        found[k] = np.mean((y - mean[group]) ** 2)
    return found.tolist()


# %% exercise-3 | wrong | each length with all the samples that it can have | the lowest mean squared error is
def floors(series, horizon, longest):
    lowest = []
    for k in range(1, longest + 1):
        groups = {}
        for i in range(k - 1, len(series) - horizon):
            groups.setdefault(tuple(series[i - k + 1 : i + 1]), []).append(series[i + horizon])
        total = sum(len(ys) for ys in groups.values())
        lowest.append(sum(len(ys) * np.var(ys) for ys in groups.values()) / total)
    return lowest


# %% exercise-3 | wrong | the mean of the groups' variances, whatever their size | the lowest mean squared error is
def floors(series, horizon, longest):
    lowest = []
    for k in range(1, longest + 1):
        groups = {}
        for i in range(longest - 1, len(series) - horizon):
            groups.setdefault(tuple(series[i - k + 1 : i + 1]), []).append(series[i + horizon])
        lowest.append(np.mean([np.var(ys) for ys in groups.values()]))
    return lowest


# %% exercise-3 | wrong | the commonest target instead of the mean | the lowest mean squared error is
def floors(series, horizon, longest):
    lowest = []
    for k in range(1, longest + 1):
        groups, errors = {}, []
        for i in range(longest - 1, len(series) - horizon):
            groups.setdefault(tuple(series[i - k + 1 : i + 1]), []).append(series[i + horizon])
        for ys in groups.values():
            values, counts = np.unique(ys, return_counts=True)
            errors += [(y - values[counts.argmax()]) ** 2 for y in ys]
        lowest.append(np.mean(errors))
    return lowest


# %% exercise-3 | wrong | the spread of the target, whatever the window | the lowest mean squared error is
def floors(series, horizon, longest):
    return [np.var(series[longest - 1 + horizon :])] * longest


# %% exercise-3 | wrong | the target one step too early | the lowest mean squared error is
def floors(series, horizon, longest):
    lowest = []
    for k in range(1, longest + 1):
        groups = {}
        for i in range(longest - 1, len(series) - horizon):
            groups.setdefault(tuple(series[i - k + 1 : i + 1]), []).append(series[i + horizon - 1])
        lowest.append(sum(len(ys) * np.var(ys) for ys in groups.values()) / (len(series) - horizon - longest + 1))
    return lowest


# %% exercise-3 | wrong | the root of it | the lowest mean squared error is
def floors(series, horizon, longest):
    now, lowest = range(longest - 1, len(series) - horizon), []
    for k in range(1, longest + 1):
        groups = {}
        for i in now:
            groups.setdefault(tuple(series[i - k + 1 : i + 1]), []).append(series[i + horizon])
        lowest.append(np.sqrt(sum(len(ys) * np.var(ys) for ys in groups.values()) / len(now)))
    return lowest


# %% exercise-3 | wrong | the digits joined, so 1, 12 is taken for 11, 2 | the lowest mean squared error is
def floors(series, horizon, longest):
    now, lowest = range(longest - 1, len(series) - horizon), []
    for k in range(1, longest + 1):
        groups = {}
        for i in now:
            groups.setdefault("".join(map(str, series[i - k + 1 : i + 1])), []).append(series[i + horizon])
        lowest.append(sum(len(ys) * np.var(ys) for ys in groups.values()) / len(now))
    return lowest


# %% exercise-3 | wrong | windows that come once left out | the lowest mean squared error is
def floors(series, horizon, longest):
    lowest = []
    for k in range(1, longest + 1):
        groups = {}
        for i in range(longest - 1, len(series) - horizon):
            groups.setdefault(tuple(series[i - k + 1 : i + 1]), []).append(series[i + horizon])
        often = [ys for ys in groups.values() if len(ys) > 1]
        lowest.append(sum(len(ys) * np.var(ys) for ys in often) / max(1, sum(map(len, often))))
    return lowest


# %% exercise-3 | wrong | only the longest window | should have the shape
def floors(series, horizon, longest):
    groups = {}
    for i in range(longest - 1, len(series) - horizon):
        groups.setdefault(tuple(series[i - longest + 1 : i + 1]), []).append(series[i + horizon])
    return [np.var(ys) for ys in groups.values()]
