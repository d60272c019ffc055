# Right and wrong answers to the exercises of lesson 02. tests/test_exercises.py runs each in place of the solution.
# A cell begins with `# %% exercise | right or wrong | what somebody thought | for wrong ones, words of the reason`.

# %% exercise-1 | right | row by row
def read(shared, nearest):
    sides = set()
    for name, row in shared.iterrows():
        if row["samples"] > 0:
            sides.add(name)
    hits = sum(row["windows"] * row["right"] for _, row in nearest.iterrows())
    promised = hits / nearest["windows"].sum()
    return {"both sides": sides, "promised": promised, "new cows": nearest["right"]["another cow"]}


# %% exercise-1 | right | a list of names, NumPy, by position
def read(shared, nearest):
    windows, right = nearest["windows"].to_numpy(), nearest["right"].to_numpy()
    where = list(nearest.index).index("another cow")
    names = [name for name in ("bout", "cow") if shared["also in train"][name]]
    return {"both sides": names, "promised": windows @ right / windows.sum(), "new cows": right[where]}


# %% exercise-1 | right | rounded to two decimals
def read(shared, nearest):
    sides = {name for name in shared.index if shared.loc[name, "also in train"]}
    promised = round(np.average(nearest["right"], weights=nearest["windows"]), 2)
    return {"both sides": sides, "promised": promised, "new cows": round(nearest.loc["another cow", "right"], 2)}


# %% exercise-1 | wrong | finds sharing serious from a half on | on both sides is
def read(shared, nearest):
    sides = set(shared.index[shared["samples"] > 0.5])
    promised = np.average(nearest["right"], weights=nearest["windows"])
    return {"both sides": sides, "promised": promised, "new cows": nearest.loc["another cow", "right"]}


# %% exercise-1 | wrong | rounds to two digits, as the lesson's table does | on both sides is
def read(shared, nearest):
    sides = set(shared.index[shared["samples"].round(1) > 0])
    promised = np.average(nearest["right"], weights=nearest["windows"])
    return {"both sides": sides, "promised": promised, "new cows": nearest.loc["another cow", "right"]}


# %% exercise-1 | wrong | reads the column of all groups | on both sides is
def read(shared, nearest):
    sides = set(shared.index[shared["groups"] > 0])
    promised = np.average(nearest["right"], weights=nearest["windows"])
    return {"both sides": sides, "promised": promised, "new cows": nearest.loc["another cow", "right"]}


# %% exercise-1 | wrong | what is on both sides, from where the nearest are | on both sides is
def read(shared, nearest):
    sides = {name.split()[1] for name in nearest.index if name.startswith("same")}
    promised = np.average(nearest["right"], weights=nearest["windows"])
    return {"both sides": sides, "promised": promised, "new cows": nearest.loc["another cow", "right"]}


# %% exercise-1 | wrong | a mean over rows, not over windows | 'promised' should be
def read(shared, nearest):
    sides = set(shared.index[shared["also in train"] > 0])
    return {"both sides": sides, "promised": nearest["right"].mean(), "new cows": nearest.loc["another cow", "right"]}


# %% exercise-1 | wrong | takes the promise for the truth | 'new cows' should be
def read(shared, nearest):
    sides = set(shared.index[shared["also in train"] > 0])
    promised = np.average(nearest["right"], weights=nearest["windows"])
    return {"both sides": sides, "promised": promised, "new cows": promised}


# %% exercise-1 | wrong | all rows but the bouts', as new cows have no bout there | 'new cows' should be
def read(shared, nearest):
    sides = set(shared.index[shared["also in train"] > 0])
    promised = np.average(nearest["right"], weights=nearest["windows"])
    rest = nearest.drop(index="same bout", errors="ignore")
    new = np.average(rest["right"], weights=rest["windows"])
    return {"both sides": sides, "promised": promised, "new cows": new}


# %% exercise-1 | wrong | the bouts' row is the largest, so it is the promise | should be
def read(shared, nearest):
    sides = set(shared.index[shared["also in train"] > 0])
    promised = nearest["right"].max()
    return {"both sides": sides, "promised": promised, "new cows": nearest.loc["another cow", "right"]}


# %% exercise-1 | wrong | in per cent | 'promised' should be
def read(shared, nearest):
    sides = set(shared.index[shared["also in train"] > 0])
    promised = 100 * np.average(nearest["right"], weights=nearest["windows"])
    return {"both sides": sides, "promised": promised, "new cows": 100 * nearest.loc["another cow", "right"]}


# %% exercise-1 | wrong | typed in what stands above for B | should be
def read(shared, nearest):
    return {"both sides": {"bout", "cow"}, "promised": 0.8, "new cows": 0.6}


# %% exercise-1 | wrong | a tuple of three | should return a dictionary
def read(shared, nearest):
    return {"bout"}, 0.8, 0.6


# %% exercise-2 | right | by hand, person after person, with a nearest mean
def predict_new_people(X, y, person, recording):
    predictions = np.empty(len(y))
    for someone in set(person):
        own = person == someone
        train, labels = X[~own], y[~own]
        mean, std = train.mean(axis=0), train.std(axis=0)
        centres = np.array([((train - mean) / std)[labels == c].mean(axis=0) for c in (0, 1)])
        best = np.argsort(centres.std(axis=0))[-10:]
        far = ((((X[own] - mean) / std)[:, None] - centres)[..., best] ** 2).sum(axis=2)
        predictions[own] = far.argmin(axis=1)
    return predictions


# %% exercise-2 | right | logistic regression, balanced folds that keep people together
def predict_new_people(X, y, person, recording):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold

    model = make_pipeline(StandardScaler(), SelectKBest(k=12), LogisticRegression())
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=1)
    return cross_val_predict(model, X, y, groups=person, cv=folds)


# %% exercise-2 | right | one person at a time, no scaler and no selection
def predict_new_people(X, y, person, recording):
    from sklearn.model_selection import LeaveOneGroupOut
    from sklearn.naive_bayes import GaussianNB

    return cross_val_predict(GaussianNB(), X, y, groups=person, cv=LeaveOneGroupOut())


# %% exercise-2 | right | twelve folds for twelve people, a probability and a threshold, ridge on 0 and 1
def predict_new_people(X, y, person, recording):
    from sklearn.linear_model import Ridge

    model = make_pipeline(StandardScaler(), Ridge(10))
    return cross_val_predict(model, X, y, groups=person, cv=GroupKFold(12)) > 0.5


# %% exercise-2 | right | one tree per fold, which tells less than others
def predict_new_people(X, y, person, recording):
    return cross_val_predict(DecisionTreeClassifier(random_state=0), X, y, cv=GroupKFold(6), groups=person)


# %% exercise-2 | wrong | people apart, then the clips of a recording vote | or mixes them
def predict_new_people(X, y, person, recording):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    guess = cross_val_predict(model, X, y, cv=GroupKFold(5), groups=person)
    for one in np.unique(recording):
        guess[recording == one] = guess[recording == one].mean() > 0.5
    return guess


# %% exercise-2 | wrong | every clip measured from its person's median | or mixes them
def predict_new_people(X, y, person, recording):
    own = pd.DataFrame(X).groupby(person).transform("median").to_numpy()
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X - own, y, cv=GroupKFold(5), groups=person)


# %% exercise-2 | wrong | the broken one again | for this very person change
def predict_new_people(X, y, person, recording):
    return predict_broken(X, y, person, recording)


# %% exercise-2 | wrong | keeps recordings together, as the lesson's third arm | for this very person change
def predict_new_people(X, y, person, recording):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X, y, cv=GroupKFold(5), groups=recording)


# %% exercise-2 | wrong | gives groups to a splitter that does not look at them | for this very person change
def predict_new_people(X, y, person, recording):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X, y, cv=KFold(5), groups=person)


# %% exercise-2 | wrong | groups without a splitter: cv=5 is stratified by class | for this very person change
def predict_new_people(X, y, person, recording):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X, y, cv=5, groups=person)


# %% exercise-2 | wrong | people apart, yet scaler and selection have seen everyone | change:
def predict_new_people(X, y, person, recording):
    X = StandardScaler().fit_transform(X)
    X = SelectKBest(k=10).fit_transform(X, y)
    return cross_val_predict(KNeighborsClassifier(3), X, y, cv=GroupKFold(5), groups=person)


# %% exercise-2 | wrong | only the scaler has seen everyone | change:
def predict_new_people(X, y, person, recording):
    X = StandardScaler().fit_transform(X)
    model = make_pipeline(SelectKBest(k=10), KNeighborsClassifier(3))
    return cross_val_predict(model, X, y, cv=GroupKFold(5), groups=person)


# %% exercise-2 | wrong | new people scaled by their own statistics | change:
def predict_new_people(X, y, person, recording):
    predictions = np.empty(len(y))
    for train, held_back in GroupKFold(5).split(X, y, person):
        model = make_pipeline(SelectKBest(k=10), KNeighborsClassifier(3))
        model.fit(StandardScaler().fit_transform(X[train]), y[train])
        predictions[held_back] = model.predict(StandardScaler().fit_transform(X[held_back]))
    return predictions


# %% exercise-2 | wrong | fitted on everything | for this very person change
def predict_new_people(X, y, person, recording):
    return make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3)).fit(X, y).predict(X)


# %% exercise-2 | wrong | returns y unchanged | for this very person change
def predict_new_people(X, y, person, recording):
    return y


# %% exercise-2 | wrong | always the same class | it should be at least 65%
def predict_new_people(X, y, person, recording):
    return np.zeros(len(y))


# %% exercise-2 | wrong | people's numbers typed in | the predictions holds NaN
def predict_new_people(X, y, person, recording):
    predictions = np.full(len(y), np.nan)
    for someone in range(12):
        own = person == someone
        if own.any():
            model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
            predictions[own] = model.fit(X[~own], y[~own]).predict(X[own])
    return predictions


# %% exercise-2 | wrong | other folds every time | fix random_state
def predict_new_people(X, y, person, recording):
    names = np.random.permutation(np.unique(person))
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    fold = np.array([np.flatnonzero(names == p)[0] // 3 for p in person])
    return cross_val_predict(model, X, y, cv=GroupKFold(len(np.unique(fold))), groups=fold)


# %% exercise-2 | wrong | predictions in the order of the folds | it should be at least 65%
def predict_new_people(X, y, person, recording):
    model = make_pipeline(StandardScaler(), SelectKBest(k=10), KNeighborsClassifier(3))
    found = []
    for train, held_back in GroupKFold(5).split(X, y, person):
        found.append(model.fit(X[train], y[train]).predict(X[held_back]))
    return np.concatenate(found)


# %% exercise-2 | wrong | returns the score | should have the shape
def predict_new_people(X, y, person, recording):
    return np.mean(cross_val_predict(KNeighborsClassifier(3), X, y, cv=GroupKFold(5), groups=person) == y)


# %% exercise-3 | right | finds a slip's scans by their values, ten folds
def accuracy_on_new_slips(fit, X, y, files):
    from sklearn.metrics import pairwise_distances

    slip = (pairwise_distances(X) < 11).argmax(axis=1)  # each scan's first neighbour stands for its slip
    scores = [np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in GroupKFold(10).split(X, y, slip)]
    return np.mean(scores)


# %% exercise-3 | right | five times a fifth of the slips, drawn by hand
def accuracy_on_new_slips(fit, X, y, files):
    slip = np.array([name.split("_")[0] for name in files])
    names, scores = np.random.default_rng(0).permutation(np.unique(slip)), []
    for i in range(5):
        held_back = np.isin(slip, names[i::5])
        model = fit(X[~held_back], y[~held_back])
        scores.append((model.predict(X[held_back]) == y[held_back]).mean())
    return float(np.mean(scores))


# %% exercise-3 | right | GroupShuffleSplit, a fifth each time
def accuracy_on_new_slips(fit, X, y, files):
    from sklearn.model_selection import GroupShuffleSplit

    slips = [name[4:8] for name in files]
    scores = []
    for a, b in GroupShuffleSplit(8, test_size=0.2, random_state=0).split(X, y, slips):
        scores.append(np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]))
    return sum(scores) / len(scores)


# %% exercise-3 | wrong | shuffles scans, as one does | percentage points too much
def accuracy_on_new_slips(fit, X, y, files):
    folds = KFold(5, shuffle=True, random_state=0).split(X)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | takes the scan's number for the group | percentage points too much
def accuracy_on_new_slips(fit, X, y, files):
    scan = [name.split("scan")[1] for name in files]
    folds = GroupKFold(5).split(X, y, scan)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | the whole name: every scan its own group | percentage points too much
def accuracy_on_new_slips(fit, X, y, files):
    folds = GroupKFold(5).split(X, y, files)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | takes the digit for the group | percentage points too little
def accuracy_on_new_slips(fit, X, y, files):
    folds = GroupKFold(5).split(X, y, y)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | drops scans that are there twice, of which there are none | percentage points too much
def accuracy_on_new_slips(fit, X, y, files):
    _, once = np.unique(X, axis=0, return_index=True)
    X, y = X[once], y[once]
    folds = KFold(5, shuffle=True, random_state=0).split(X)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | the accuracy on what it was fitted on | percentage points too much
def accuracy_on_new_slips(fit, X, y, files):
    return np.mean(fit(X, y).predict(X) == y)


# %% exercise-3 | wrong | the number of new slips printed above, typed in | where ten are allowed
def accuracy_on_new_slips(fit, X, y, files):
    return 0.7


# %% exercise-3 | wrong | forgets its arguments and uses the scans of the cell above | where ten are allowed
given = {"X": X, "y": y, "files": files}


def accuracy_on_new_slips(fit, X, y, files):
    X, y = given["X"], given["y"]
    slips = [name[:8] for name in given["files"]]
    folds = GroupKFold(5).split(X, y, slips)
    return np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | forgets fit and validates the model of the cell above | with a decision tree
def accuracy_on_new_slips(fit, X, y, files):
    slips = [name[:8] for name in files]
    return np.mean(cross_val_predict(KNeighborsClassifier(1), X, y, cv=GroupKFold(5), groups=slips) == y)


# %% exercise-3 | wrong | one scan of each slip stays for the test, its others train | percentage points too much
def accuracy_on_new_slips(fit, X, y, files):
    first = np.array([name.endswith("scan1.png") for name in files])
    return np.mean(fit(X[~first], y[~first]).predict(X[first]) == y[first])


# %% exercise-3 | wrong | in per cent | lies between 0 and 1
def accuracy_on_new_slips(fit, X, y, files):
    slips = [name[:8] for name in files]
    folds = GroupKFold(5).split(X, y, slips)
    return 100 * np.mean([np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds])


# %% exercise-3 | wrong | a score for every fold | should be one number
def accuracy_on_new_slips(fit, X, y, files):
    slips = [name[:8] for name in files]
    folds = GroupKFold(5).split(X, y, slips)
    return [np.mean(fit(X[a], y[a]).predict(X[b]) == y[b]) for a, b in folds]
