# Right and wrong answers to the exercises of lesson 08. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | by the second hint: half of the last fall
def read():
    return "AD", "BD", 0.16 - (0.24 - 0.16) / 2


# %% exercise-1 | right | a list in small letters, the line through the last two points
def read():
    two, four = by_people["A"][1:]
    rest = 4 * (two - four)
    return ["ad", "bd", np.array([four - rest / 4 + rest / 8])]


# %% exercise-1 | right | a program over all studies
def read():
    answer = []
    for curves in (by_people, by_windows):
        answer.append("")
        for name, errors in curves.items():
            rest, floor = np.polyfit(1 / TIMES, errors, 1)
            answer[-1] += name * bool(errors[2] - (floor + rest / 8) > 0.025)
    rest, floor = np.polyfit(1 / TIMES, by_people["A"], 1)
    return (*answer, floor + rest / 8)


# %% exercise-1 | wrong | only the better of the two for each study | study D
def read():
    return "AD", "B", 0.12


# %% exercise-1 | wrong | the two curves exchanged | study A
def read():
    return "BD", "AD", 0.12


# %% exercise-1 | wrong | more people help everybody | study B
def read():
    return "ABCD", "BD", 0.12


# %% exercise-1 | wrong | a power law without a floor | for study A
def read():
    slope, start = np.polyfit(np.log(TIMES), np.log(by_people["A"]), 1)
    return "AD", "BD", np.exp(start + slope * np.log(8))


# %% exercise-1 | wrong | twice the people, half the error | for study A
def read():
    return "AD", "BD", 0.08


# %% exercise-1 | wrong | the curve goes on as it fell from 2 to 4 | for study A
def read():
    return "AD", "BD", by_people["A"][2] - (by_people["A"][1] - by_people["A"][2])


# %% exercise-1 | wrong | accuracy instead of error | for study A
def read():
    return "AD", "BD", 0.88


# %% exercise-1 | wrong | the floor, not what eight people leave, and a percentage | for study A
def read():
    return "AD", "BD", 8


# %% exercise-2 | right | a plain loop: in turn, one more of each person until there are enough
def draw(groups, count, size, rng):
    people = rng.choice(np.unique(groups), count, replace=False)
    left = {person: rng.permutation(np.flatnonzero(groups == person)).tolist() for person in people}
    train = [left[people[i % count]].pop() for i in range(size)]
    return np.array(train), np.array([i for i in range(len(groups)) if groups[i] not in left])


# %% exercise-2 | right | pandas: shuffled, ranked within each person, the first ones taken
def draw(groups, count, size, rng):
    table = pd.Series(groups).sample(frac=1, random_state=rng)
    people = pd.unique(table)
    chosen = pd.Series(people).sample(count, random_state=rng).tolist()
    inside = table[table.isin(chosen)]
    order = inside.groupby(inside).cumcount().sort_values(kind="stable")
    return order.index[:size].to_numpy(), table.index[~table.isin(chosen)].to_numpy()


# %% exercise-2 | right | two lists
def draw(groups, count, size, rng):
    names = np.unique(groups)
    rng.shuffle(names)
    train = []
    for i, name in enumerate(names[:count]):
        rows = rng.permutation(np.flatnonzero(groups == name))
        train += rows[: size // count + (i < size % count)].tolist()
    return [train, np.flatnonzero(np.isin(groups, names[count:])).tolist()]


# %% exercise-2 | wrong | the function as it was | trains and tests
def draw(groups, count, size, rng):
    return draw_broken(groups, count, size, rng)


# %% exercise-2 | wrong | the first people, the same in each call | never t
def draw(groups, count, size, rng):
    people = np.unique(groups)[:count]
    rows = np.flatnonzero(np.isin(groups, people))
    each = [
        rng.permutation(rows[groups[rows] == p])[: size // count + (i < size % count)] for i, p in enumerate(people)
    ]
    return np.concatenate(each), np.flatnonzero(~np.isin(groups, people))


# %% exercise-2 | wrong | all rows of the people, whatever the size | rows, and has
def draw(groups, count, size, rng):
    people = rng.permutation(np.unique(groups))[:count]
    inside = np.isin(groups, people)
    return np.flatnonzero(inside), np.flatnonzero(~inside)


# %% exercise-2 | wrong | any rows of the people, not equally many of each | people
def draw(groups, count, size, rng):
    people = rng.permutation(np.unique(groups))[:count]
    inside = np.isin(groups, people)
    return rng.permutation(np.flatnonzero(inside))[:size], np.flatnonzero(~inside)


# %% exercise-2 | wrong | the division without the rest | should have
def draw(groups, count, size, rng):
    people = rng.permutation(np.unique(groups))[:count]
    each = [rng.permutation(np.flatnonzero(groups == p))[: size // count] for p in people]
    return np.concatenate(each), np.flatnonzero(~np.isin(groups, people))


# %% exercise-2 | wrong | always the first rows of each person | rows never train
def draw(groups, count, size, rng):
    people = rng.permutation(np.unique(groups))[:count]
    each = [np.flatnonzero(groups == p)[: size // count + (i < size % count)] for i, p in enumerate(people)]
    return np.concatenate(each), np.flatnonzero(~np.isin(groups, people))


# %% exercise-2 | wrong | the rows that are left over test, too | trains and tests
def draw(groups, count, size, rng):
    people = rng.permutation(np.unique(groups))[:count]
    each = [
        rng.permutation(np.flatnonzero(groups == p))[: size // count + (i < size % count)] for i, p in enumerate(people)
    ]
    train = np.concatenate(each)
    return train, np.setdiff1d(np.arange(len(groups)), train)


# %% exercise-2 | wrong | drawn with replacement | more than once
def draw(groups, count, size, rng):
    people = rng.permutation(np.unique(groups))[:count]
    each = [rng.choice(np.flatnonzero(groups == p), size // count + (i < size % count)) for i, p in enumerate(people)]
    return np.concatenate(each), np.flatnonzero(~np.isin(groups, people))


# %% exercise-2 | wrong | people are numbered from 0 | people
def draw(groups, count, size, rng):
    people = rng.permutation(len(np.unique(groups)))[:count]
    each = [
        rng.permutation(np.flatnonzero(groups == p))[: size // count + (i < size % count)] for i, p in enumerate(people)
    ]
    return np.concatenate(each).astype(int), np.flatnonzero(~np.isin(groups, people))


# %% exercise-3 | right | loops and lists
def two_errors(fit, x, y, groups, rng):
    names = list(np.unique(groups))
    chosen = rng.choice(names, len(names) // 2, replace=False)
    train, new = [], []
    for name in chosen:
        rows = np.flatnonzero(groups == name)
        part = rng.choice(rows, len(rows) // 2, replace=False)
        train += list(part)
        new += [row for row in rows if row not in part]
    others = [i for i in range(len(y)) if groups[i] not in chosen]
    predict = fit(x[train], y[train])
    return [np.mean(predict(x[part]) != y[part]) for part in (new, others)]


# %% exercise-3 | right | one prediction of everything, as an array
def two_errors(fit, x, y, groups, rng):
    names, which = np.unique(groups, return_inverse=True)
    trains = rng.permutation(len(names)) < len(names) // 2
    train = np.zeros(len(y), bool)
    for g in np.flatnonzero(trains):
        mine = np.flatnonzero(which == g)
        train[rng.permutation(mine)[: len(mine) // 2]] = True
    wrong = fit(x[train], y[train])(x) != y
    return np.array([wrong[trains[which] & ~train].mean(), wrong[~trains[which]].mean()])


# %% exercise-3 | wrong | windows drawn, not groups | groups of
def two_errors(fit, x, y, groups, rng):
    rows = rng.permutation(len(y))
    train, new, others = np.split(rows, [len(y) // 4, len(y) // 2])
    predict = fit(x[train], y[train])
    return np.mean(predict(x[new]) != y[new]), np.mean(predict(x[others]) != y[others])


# %% exercise-3 | wrong | the two errors exchanged | the share of mistakes is
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    known = np.isin(groups, names[: len(names) // 2])
    train = np.zeros(len(y), bool)
    for name in names[: len(names) // 2]:
        rows = rng.permutation(np.flatnonzero(groups == name))
        train[rows[: len(rows) // 2]] = True
    wrong = fit(x[train], y[train])(x) != y
    return wrong[~known].mean(), wrong[known & ~train].mean()


# %% exercise-3 | wrong | the training samples are counted among the known | the share of mistakes is
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    known = np.isin(groups, names[: len(names) // 2])
    train = np.zeros(len(y), bool)
    for name in names[: len(names) // 2]:
        rows = rng.permutation(np.flatnonzero(groups == name))
        train[rows[: len(rows) // 2]] = True
    wrong = fit(x[train], y[train])(x) != y
    return wrong[known].mean(), wrong[~known].mean()


# %% exercise-3 | wrong | accuracies | the share of mistakes is
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    known = np.isin(groups, names[: len(names) // 2])
    train = np.zeros(len(y), bool)
    for name in names[: len(names) // 2]:
        rows = rng.permutation(np.flatnonzero(groups == name))
        train[rows[: len(rows) // 2]] = True
    right = fit(x[train], y[train])(x) == y
    return right[known & ~train].mean(), right[~known].mean()


# %% exercise-3 | wrong | a training for each of the two errors | fit should be called once
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    known = np.isin(groups, names[: len(names) // 2])
    train = np.zeros(len(y), bool)
    for name in names[: len(names) // 2]:
        rows = rng.permutation(np.flatnonzero(groups == name))
        train[rows[: len(rows) // 2]] = True
    errors = []
    for part in (known & ~train, ~known):
        errors.append(np.mean(fit(x[train], y[train])(x[part]) != y[part]))
    return errors


# %% exercise-3 | wrong | all samples of the training groups train | should train, and
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    known = np.isin(groups, names[: len(names) // 2])
    wrong = fit(x[known], y[known])(x) != y
    return wrong[known].mean(), wrong[~known].mean()


# %% exercise-3 | wrong | half of the samples of all training groups together, not of each | should train, and
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    known = np.isin(groups, names[: len(names) // 2])
    rows = rng.permutation(np.flatnonzero(known))
    train = np.isin(np.arange(len(y)), rows[: len(rows) // 2])
    wrong = fit(x[train], y[train])(x) != y
    return wrong[known & ~train].mean(), wrong[~known].mean()


# %% exercise-3 | wrong | always the first groups and their first samples | never train
def two_errors(fit, x, y, groups, rng):
    names = np.unique(groups)
    known = np.isin(groups, names[: len(names) // 2])
    train = np.zeros(len(y), bool)
    for name in names[: len(names) // 2]:
        rows = np.flatnonzero(groups == name)
        train[rows[: len(rows) // 2]] = True
    wrong = fit(x[train], y[train])(x) != y
    return wrong[known & ~train].mean(), wrong[~known].mean()


# %% exercise-3 | wrong | the groups are drawn, their samples are not, and the first half always trains | never train
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    known = np.isin(groups, names[: len(names) // 2])
    train = np.zeros(len(y), bool)
    for name in names[: len(names) // 2]:
        rows = np.flatnonzero(groups == name)
        train[rows[: len(rows) // 2]] = True
    wrong = fit(x[train], y[train])(x) != y
    return wrong[known & ~train].mean(), wrong[~known].mean()


# %% exercise-3 | wrong | the mean of the groups' errors, not of all samples together | the share of mistakes is
def two_errors(fit, x, y, groups, rng):
    names = rng.permutation(np.unique(groups))
    half = len(names) // 2
    train = np.zeros(len(groups), bool)
    for name in names[:half]:
        rows = rng.permutation(np.flatnonzero(groups == name))
        train[rows[: len(rows) // 2]] = True
    wrong = fit(x[train], y[train])(x) != y
    known = [wrong[(groups == name) & ~train].mean() for name in names[:half]]
    return np.mean(known), np.mean([wrong[groups == name].mean() for name in names[half:]])


# %% exercise-2 | wrong | what is left over all goes to the last person | differ by more than 1
def draw(groups, count, size, rng):
    people = rng.permutation(np.unique(groups))[:count]
    numbers = [size // count] * count
    numbers[-1] += size % count
    train = [rng.choice(np.flatnonzero(groups == p), n, replace=False) for p, n in zip(people, numbers, strict=True)]
    return np.concatenate(train), np.flatnonzero(~np.isin(groups, people))
