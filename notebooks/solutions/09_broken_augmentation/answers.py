# Right and wrong answers to the exercises of lesson 09. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | read off: up and down are 0.2 and 0.4 of the films
def read():
    return "CE", "down", 0.6


# %% exercise-1 | right | a list, with the films counted by their labels
def read():
    return ["CE", NAMES[tables["D"][0].argmax()], np.isin(unseen[1], [2, 3]).mean()]


# %% exercise-1 | right | only the answers that went over, counted
def read():
    table = tables["A"]
    stay = tables["none"][2:, 2:]
    return "ce", " Down", (table[2:].sum() + 0 * stay.sum()) / table.sum()


# %% exercise-1 | wrong | scatter is a changed label | augmentation C keeps
def read():
    return "E", "down", 0.6


# %% exercise-1 | wrong | "none" counted among the augmentations | in order
def read():
    return "none, C, E", "down", 0.6


# %% exercise-1 | wrong | half of the directions stay, so A is harmless | augmentation A changes
def read():
    return "ACE", "down", 0.6


# %% exercise-1 | wrong | played backwards a film shows the same places | augmentation B changes
def read():
    return "BCE", "down", 0.6


# %% exercise-1 | wrong | a quarter turn the other way round | films that move left are called
def read():
    return "CE", "up", 0.6


# %% exercise-1 | wrong | two of four directions are a half | change their label
def read():
    return "CE", "down", 0.5


# %% exercise-1 | wrong | the share of the films that stay | change their label
def read():
    return "CE", "down", 0.4


# %% exercise-1 | wrong | a percentage | change their label
def read():
    return "CE", "down", 60


# %% exercise-2 | right | a table by number of turns, all copies at once
def augment(films, labels, rng):
    table = np.array([[0, 1, 2, 3], [3, 2, 0, 1], [1, 0, 3, 2], [2, 3, 1, 0]])
    turns = rng.choice(4, len(films))
    copies = [np.rot90(film, k, axes=(1, 2)) for film, k in zip(films, turns, strict=True)]
    return np.array(copies), table[turns, labels]


# %% exercise-2 | right | by arrows: a step as a complex number, turned by multiplying with i
def augment(films, labels, rng):
    arrows = np.array([-1, 1, 1j, -1j])
    copies, new = np.empty_like(films), []
    for i in range(len(films)):
        k = int(rng.random() * 4)
        for t in range(5):
            copies[i, t] = np.rot90(films[i, t], k)
        new.append(int(np.argmin(abs(arrows - arrows[labels[i]] * 1j**k))))
    return copies, new


# %% exercise-2 | right | whole groups: a permutation cut into four
def augment(films, labels, rng):
    copies, new = films.copy(), labels.copy()
    for k, group in enumerate(np.array_split(rng.permutation(len(films)), 4)):
        copies[group] = np.rot90(films[group], k, axes=(2, 3))
        for _ in range(k):
            new[group] = np.array([3, 2, 0, 1])[new[group]]
    return copies, new


# %% exercise-2 | wrong | one number for the whole film, the old label | and its label says
def augment(films, labels, rng):
    copies = films.copy()
    for i in range(len(films)):
        copies[i] = np.rot90(films[i], rng.integers(4), axes=(1, 2))
    return copies, labels.copy()


# %% exercise-2 | wrong | the right idea of labels, a draw for each frame | not all by the same
def augment(films, labels, rng):
    copies, new = films.copy(), labels.copy()
    for copy in copies:
        for t in range(5):
            copy[t] = np.rot90(copy[t], rng.integers(4))
    return copies, new


# %% exercise-2 | wrong | turned with the clock in the table, against it in the film | and its label says
def augment(films, labels, rng):
    copies, new = films.copy(), labels.copy()
    for i, k in enumerate(rng.integers(4, size=len(films))):
        copies[i] = np.rot90(films[i], k, axes=(1, 2))
        for _ in range(k):
            new[i] = [2, 3, 1, 0][new[i]]
    return copies, new


# %% exercise-2 | wrong | one number for all films | of the films are turned by
def augment(films, labels, rng):
    k = rng.integers(4)
    new = labels.copy()
    for _ in range(k):
        new = np.array([3, 2, 0, 1])[new]
    return np.rot90(films, k, axes=(2, 3)), new


# %% exercise-2 | wrong | never by none, so that each copy is new | of the films are turned by
def augment(films, labels, rng):
    copies, new = films.copy(), labels.copy()
    for i, k in enumerate(rng.integers(1, 4, size=len(films))):
        copies[i] = np.rot90(films[i], k, axes=(1, 2))
        for _ in range(k):
            new[i] = [3, 2, 0, 1][new[i]]
    return copies, new


# %% exercise-2 | wrong | turned in the plane of time | is no turned frame
def augment(films, labels, rng):
    copies, new = films.copy(), labels.copy()
    for i in range(len(films)):
        if rng.random() < 0.5:
            copies[i] = films[i, ::-1]
            new[i] = [1, 0, 3, 2][labels[i]]
    return copies, new


# %% exercise-2 | wrong | numbers in turn instead of drawn | not drawn from it
def augment(films, labels, rng):
    copies, new = films.copy(), labels.copy()
    for i in range(len(films)):
        copies[i] = np.rot90(films[i], i % 4, axes=(1, 2))
        for _ in range(i % 4):
            new[i] = [3, 2, 0, 1][new[i]]
    return copies, new


# %% exercise-2 | wrong | in place | changes what it was given
def augment(films, labels, rng):
    for i, k in enumerate(rng.integers(4, size=len(films))):
        films[i] = np.rot90(films[i], k, axes=(1, 2)).copy()
        for _ in range(k):
            labels[i] = [3, 2, 0, 1][labels[i]]
    return films, labels


# %% exercise-2 | wrong | films and copies together | should have the shape
def augment(films, labels, rng):
    return np.concatenate([films, films]), np.concatenate([labels, labels])


# %% exercise-3 | right | scikit-learn's table of those known before
def becomes(predict, transform, x, y):
    from sklearn.metrics import confusion_matrix

    before, after = predict(x), predict(transform(x.copy()))
    known = before == y
    counts = confusion_matrix(y[known], after[known], labels=range(y.max() + 1))
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


# %% exercise-3 | right | one sample after the other
def becomes(predict, transform, x, y):
    table = np.zeros((len(set(y)), len(set(y))))
    before, after = predict(x), predict(transform(np.array(x)))
    for i in range(len(y)):
        if before[i] == y[i]:
            table[y[i], after[i]] += 1
    totals = table.sum(axis=1)
    totals[totals == 0] = 1
    return table / totals[:, None]


# %% exercise-3 | wrong | a plain confusion matrix of the transformed samples | the share named
def becomes(predict, transform, x, y):
    after, classes = predict(transform(x.copy())), y.max() + 1
    table = np.zeros((classes, classes))
    for c in range(classes):
        table[c] = np.bincount(after[y == c], minlength=classes) / np.sum(y == c)
    return table


# %% exercise-3 | wrong | what it called it before against what it calls it after | the share named
def becomes(predict, transform, x, y):
    before, after, classes = predict(x), predict(transform(x.copy())), y.max() + 1
    table = np.zeros((classes, classes))
    for c in range(classes):
        if (before == c).any():
            table[c] = np.bincount(after[before == c], minlength=classes) / np.sum(before == c)
    return table


# %% exercise-3 | wrong | counts instead of shares | the share named
def becomes(predict, transform, x, y):
    before, after, classes = predict(x), predict(transform(x.copy())), y.max() + 1
    table = np.zeros((classes, classes))
    for c in range(classes):
        table[c] = np.bincount(after[(y == c) & (before == c)], minlength=classes)
    return table


# %% exercise-3 | wrong | shares of the whole class | the share named
def becomes(predict, transform, x, y):
    before, after, classes = predict(x), predict(transform(x.copy())), y.max() + 1
    table = np.zeros((classes, classes))
    for c in range(classes):
        table[c] = np.bincount(after[(y == c) & (before == c)], minlength=classes) / np.sum(y == c)
    return table


# %% exercise-3 | wrong | transformed class by class | should be called once
def becomes(predict, transform, x, y):
    before, classes = predict(x), y.max() + 1
    table = np.zeros((classes, classes))
    for c in range(classes):
        known = (y == c) & (before == c)
        if known.any():
            table[c] = np.bincount(predict(transform(x[known])), minlength=classes) / known.sum()
    return table


# %% exercise-3 | wrong | transform gets x itself | changes x or y
def becomes(predict, transform, x, y):
    before, after, classes = predict(x), predict(transform(x)), y.max() + 1
    table = np.zeros((classes, classes))
    for c in range(classes):
        known = (y == c) & (before == c)
        if known.any():
            table[c] = np.bincount(after[known], minlength=classes) / known.sum()
    return table


# %% exercise-3 | wrong | every class is known to the classifier | holds NaN
def becomes(predict, transform, x, y):
    before, after, classes = predict(x), predict(transform(x.copy())), y.max() + 1
    table = np.zeros((classes, classes))
    with np.errstate(invalid="ignore"):
        for c in range(classes):
            known = (y == c) & (before == c)
            table[c] = np.bincount(after[known], minlength=classes) / known.sum()
    return table


# %% exercise-3 | wrong | rows and columns the other way round | the share named
def becomes(predict, transform, x, y):
    before, after, classes = predict(x), predict(transform(x.copy())), y.max() + 1
    table = np.zeros((classes, classes))
    for c in range(classes):
        known = (y == c) & (before == c)
        if known.any():
            table[:, c] = np.bincount(after[known], minlength=classes) / known.sum()
    return table
