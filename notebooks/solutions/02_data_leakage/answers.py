# Right and wrong answers to the exercises of lesson 02. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | NumPy and sets, window by window
def leaks(train, held_back):
    found = set()
    known = {tuple(hour) for window in train.X for hour in window}
    if any(tuple(hour) in known for window in held_back.X for hour in window):
        found.add("content")
    if set(held_back.group) & set(train.group):
        found.add("groups")
    hours = {hour for first, last in train.rows for hour in range(first, last + 1)}
    if any(hour in hours for first, last in held_back.rows for hour in range(first, last + 1)):
        found.add("rows")
    return found


# %% exercise-1 | right | the instruments' other columns that count, in a list
def leaks(train, held_back):
    parts = {
        "content": instruments.shared_content(train.X, {"": held_back.X}).loc["", "shared"],
        "groups": instruments.shared_groups(train.group, {"": held_back.group}).loc["", "also in train"],
        "rows": instruments.overlapping_rows(train.rows, {"": held_back.rows}).loc["", "overlapping"],
    }
    return [name for name in parts if parts[name]]


# %% exercise-1 | wrong | reads the median over all samples | lacks 'rows'
def leaks(train, held_back):
    content = instruments.shared_content(train.X, {"": held_back.X})["shared"]
    groups = instruments.shared_groups(train.group, {"": held_back.group})["samples"]
    rows = instruments.overlapping_rows(train.rows, {"": held_back.rows})["rows in common"]
    return {name for name, x in [("content", content), ("groups", groups), ("rows", rows)] if x[""] > 0}


# %% exercise-1 | wrong | finds a leak serious from a tenth of the windows on | it is one window that leaks
def leaks(train, held_back):
    content = instruments.shared_content(train.X, {"": held_back.X})["shared"]
    groups = instruments.shared_groups(train.group, {"": held_back.group})["samples"]
    rows = instruments.overlapping_rows(train.rows, {"": held_back.rows})["overlapping"]
    return {name for name, x in [("content", content), ("groups", groups), ("rows", rows)] if x[""] > 0.1}


# %% exercise-1 | wrong | compares the windows in their order | lacks 'content'
def leaks(train, held_back):
    found = {"content"} if (train.X[: len(held_back.X)] == held_back.X).any() else set()
    if np.isin(held_back.group, train.group).any():
        found.add("groups")
    if instruments.overlapping_rows(train.rows, {"": held_back.rows}).loc["", "overlapping"] > 0:
        found.add("rows")
    return found


# %% exercise-1 | wrong | compares where the two parts begin and end | has 'rows', which they do not share
def leaks(train, held_back):
    found = set()
    if instruments.shared_content(train.X, {"": held_back.X}).loc["", "shared"] > 0:
        found.add("content")
    if np.isin(held_back.group, train.group).any():
        found.add("groups")
    if train.rows.min() <= held_back.rows.max() and held_back.rows.min() <= train.rows.max():
        found.add("rows")
    return found


# %% exercise-1 | wrong | a station on both sides is all that counts | lacks 'content'
def leaks(train, held_back):
    return {"groups"} if set(train.group) & set(held_back.group) else set()


# %% exercise-1 | wrong | a fixed answer | which they do not share
def leaks(train, held_back):
    return {"content", "groups", "rows"}


# %% exercise-1 | wrong | returns the name instead of a set | should return a set, and returned str
def leaks(train, held_back):
    return "none"


# %% exercise-1 | wrong | prints instead of returning | returned NoneType
def leaks(train, held_back):
    print(instruments.shared_content(train.X, {"held back": held_back.X}))
    print(instruments.shared_groups(train.group, {"held back": held_back.group}))


# %% exercise-2 | right | by hand, person after person, with a nearest mean
def predict_new_people(X, y, person):
    predictions = np.empty(len(y))
    for someone in set(person):
        own = person == someone
        train, labels = X[~own], y[~own]
        mean, std = train.mean(axis=0), train.std(axis=0)
        classes = np.unique(labels)
        centres = np.array([((train - mean) / std)[labels == c].mean(axis=0) for c in classes])
        best = np.argsort(centres.std(axis=0))[-10:]
        far = ((((X[own] - mean) / std)[:, None] - centres)[..., best] ** 2).sum(axis=2)
        predictions[own] = classes[far.argmin(axis=1)]
    return predictions


# %% exercise-2 | right | logistic regression, balanced folds that keep people together
def predict_new_people(X, y, person):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold

    model = make_pipeline(StandardScaler(), SelectKBest(k=12), LogisticRegression())
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=1)
    return cross_val_predict(model, X, y, groups=person, cv=folds)


# %% exercise-2 | right | one person at a time, no scaler and no selection
def predict_new_people(X, y, person):
    from sklearn.model_selection import LeaveOneGroupOut
    from sklearn.naive_bayes import GaussianNB

    return cross_val_predict(GaussianNB(), X, y, groups=person, cv=LeaveOneGroupOut())


# %% exercise-2 | wrong | the broken one again | for this very person change
def predict_new_people(X, y, person):
    return predict_broken(X, y, person)


# %% exercise-2 | wrong | people apart, yet scaler and selection have seen everyone | for this very person change
def predict_new_people(X, y, person):
    X = StandardScaler().fit_transform(X)
    X = SelectKBest(k=10).fit_transform(X, y)
    return cross_val_predict(KNeighborsClassifier(3), X, y, cv=GroupKFold(5), groups=person)


# %% exercise-2 | wrong | a pipeline, and people on both sides | for this very person change
def predict_new_people(X, y, person):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X, y, cv=KFold(5, shuffle=True, random_state=0))


# %% exercise-2 | wrong | gives groups to a splitter that does not look at them | for this very person change
def predict_new_people(X, y, person):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X, y, cv=KFold(5), groups=person)


# %% exercise-2 | wrong | only the scaler has seen everyone | something was fitted on both
def predict_new_people(X, y, person):
    X = StandardScaler().fit_transform(X)
    model = make_pipeline(SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X, y, cv=GroupKFold(5), groups=person)


# %% exercise-2 | wrong | document 003's scaler: each part by its own statistics | something was fitted on both
def predict_new_people(X, y, person):
    predictions = np.empty(len(y))
    for train, held_back in GroupKFold(5).split(X, y, person):
        model = make_pipeline(SelectKBest(k=10), KNeighborsClassifier(3))
        model.fit(StandardScaler().fit_transform(X[train]), y[train])
        predictions[held_back] = model.predict(StandardScaler().fit_transform(X[held_back]))
    return predictions


# %% exercise-2 | wrong | fitted on everything | for this very person change
def predict_new_people(X, y, person):
    return make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3)).fit(X, y).predict(X)


# %% exercise-2 | wrong | returns y unchanged | for this very person change
def predict_new_people(X, y, person):
    return y


# %% exercise-2 | wrong | always the same class | it should be at least 80%
def predict_new_people(X, y, person):
    return np.zeros(len(y))


# %% exercise-2 | wrong | people's numbers typed in | your predictions holds NaN
def predict_new_people(X, y, person):
    predictions = np.full(len(y), np.nan)
    for someone in range(12):
        own = person == someone
        if own.any():
            model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
            predictions[own] = model.fit(X[~own], y[~own]).predict(X[own])
    return predictions


# %% exercise-2 | wrong | other folds every time | fix random_state
def predict_new_people(X, y, person):
    names = np.random.permutation(np.unique(person))
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    fold = np.array([np.flatnonzero(names == p)[0] // 3 for p in person])
    return cross_val_predict(model, X, y, cv=GroupKFold(len(np.unique(fold))), groups=fold)


# %% exercise-2 | wrong | returns the score | should have the shape
def predict_new_people(X, y, person):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_score(model, X, y, cv=GroupKFold(5), groups=person).mean()


# %% exercise-3 | right | finds a slip's scans by their values, ten folds
def accuracy_on_new_slips(fit, X, y, files):
    from sklearn.metrics import pairwise_distances

    slip = (pairwise_distances(X) < 20).argmax(axis=1)  # each scan's first neighbour stands for its slip
    scores = [np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in GroupKFold(10).split(X, y, slip)]
    return np.mean(scores)


# %% exercise-3 | right | the lesson's helper, five times a fifth of the slips
def accuracy_on_new_slips(fit, X, y, files):
    slip = np.array([name.split("_")[0] for name in files])
    names, scores = np.random.default_rng(0).permutation(np.unique(slip)), []
    for i in range(5):
        train, held_back, _ = data.split_by_group(slip, validation=names[i::5], test=[])
        scores.append((fit(X[train], y[train]).predict(X[held_back]) == y[held_back]).mean())
    return float(np.mean(scores))


# %% exercise-3 | wrong | shuffles scans, as one does | too much
def accuracy_on_new_slips(fit, X, y, files):
    folds = KFold(5, shuffle=True, random_state=0).split(X)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | takes the scan's number for the group | too much
def accuracy_on_new_slips(fit, X, y, files):
    scan = [name.split("scan")[1] for name in files]
    folds = GroupKFold(5).split(X, y, scan)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | the whole name: every scan its own group | too much
def accuracy_on_new_slips(fit, X, y, files):
    folds = GroupKFold(5).split(X, y, files)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | takes the digit for the group | too little
def accuracy_on_new_slips(fit, X, y, files):
    folds = GroupKFold(5).split(X, y, y)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | drops scans that are there twice, of which there are none | too much
def accuracy_on_new_slips(fit, X, y, files):
    _, once = np.unique(X, axis=0, return_index=True)
    X, y = X[once], y[once]
    folds = KFold(5, shuffle=True, random_state=0).split(X)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | the accuracy on what it was fitted on | too much
def accuracy_on_new_slips(fit, X, y, files):
    return np.mean(fit(X, y).predict(X) == y)


# %% exercise-3 | wrong | the number printed above, typed in | with a decision tree
def accuracy_on_new_slips(fit, X, y, files):
    return 0.75


# %% exercise-3 | wrong | forgets fit and validates the model of the cell above | with a decision tree
def accuracy_on_new_slips(fit, X, y, files):
    model = KNeighborsClassifier(1)
    return cross_val_score(model, X, y, cv=GroupKFold(5), groups=[name[:8] for name in files]).mean()


# %% exercise-3 | wrong | in per cent | lies between 0 and 1
def accuracy_on_new_slips(fit, X, y, files):
    model = KNeighborsClassifier(1)
    return 100 * cross_val_score(model, X, y, cv=GroupKFold(5), groups=[name[:8] for name in files]).mean()


# %% exercise-3 | wrong | a score for every fold | should be one number
def accuracy_on_new_slips(fit, X, y, files):
    return cross_val_score(KNeighborsClassifier(1), X, y, cv=GroupKFold(5), groups=[name[:8] for name in files])
