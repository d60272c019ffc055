"""The experiment helper against plain build, compile, fit."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler

from helpers.experiment import Arm, Runs, repeat, seeds

layers = keras.layers
# Small models of many shapes, and Keras says so.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

rng = np.random.default_rng(0)
X = rng.normal(size=(70, 6, 3)).astype("float32")  # 70 = 4 batches of 16 and one of 6
Y = X[:, :, :1].sum(axis=1) + 0.1 * rng.normal(size=(70, 1)).astype("float32")
LABELS = (Y[:, 0] > 0.5).astype(int)
X_NEW, Y_NEW = X[:25] + 0.1, Y[:25]


def recurrent():
    return keras.Sequential([keras.Input((6, 3)), layers.LSTM(4), layers.Dense(1)])


def with_state():
    """Layers with a random state, moving averages and recurrent dropout: more than weights to start afresh."""
    lstm = layers.LSTM(4, recurrent_dropout=0.2, dropout=0.2)
    return keras.Sequential(
        [keras.Input((6, 3)), lstm, layers.BatchNormalization(), layers.Dropout(0.3), layers.Dense(1)]
    )


def classifier():
    return keras.Sequential([keras.Input((6, 3)), layers.LSTM(4), layers.Dense(2, activation="softmax")])


def schedule():
    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.8), momentum=0.9)


def stopping():
    return [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=0, min_delta=0.02, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=1, min_delta=0.5),
    ]


def arm(build=recurrent, **changes):
    """Without XLA, whose rounding differs, the helper must agree with plain Keras to the last digit."""
    start = Arm(
        build,
        X,
        Y,
        compile={"optimizer": "adam", "loss": "mse", "jit_compile": False},
        fit=fit_with(),
    )
    return replace(start, **changes)


def fit_with(**more):
    return {
        "epochs": 4,
        "batch_size": 16,
        "validation_data": (X_NEW, Y_NEW),
        "validation_batch_size": 16,
        **more,
    }


CASES = {
    "adam": lambda: arm(),
    "state": lambda: arm(with_state),
    "schedule": lambda: arm(compile={"optimizer": schedule(), "loss": "mse", "jit_compile": False}),
    "callbacks": lambda: arm(fit=fit_with(epochs=9, callbacks=stopping)),
    "class weights": lambda: arm(
        classifier,
        y=LABELS,
        compile={"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "jit_compile": False},
        fit=fit_with(class_weight={0: 1.0, 1: 4.0}, validation_data=(X_NEW, LABELS[:25])),
    ),
    "sample weights": lambda: arm(fit=fit_with(sample_weight=np.linspace(0, 2, 70))),
    "no shuffling": lambda: arm(fit=fit_with(shuffle=False)),
    "one batch": lambda: arm(fit=fit_with(batch_size=128)),
    "float64": lambda: arm(x=X.astype("float64"), y=Y.astype("float64")),
    "no validation": lambda: arm(fit={"epochs": 3}, predict=X_NEW),
}


def plain(case: Arm, seed: int):
    """What a learner would write: (history, predictions)."""
    keras.utils.set_random_seed(seed)
    model = case.build()
    arguments = dict(case.compile)
    if isinstance(arguments.get("optimizer"), keras.optimizers.Optimizer):
        arguments["optimizer"] = schedule()
    model.compile(**arguments)
    fit = {**case.fit, "callbacks": case.fit.get("callbacks", list)()}
    history = model.fit(case.x, case.y, verbose=0, **fit).history
    return history, model.predict(X_NEW, batch_size=1024, verbose=0)


@pytest.mark.parametrize("name", CASES)
def test_equals_plain_keras_to_the_last_digit(name):
    case = CASES[name]()
    runs = repeat({"first": case, "again": case}, seeds=[7, 8], progress=False)
    for i, seed in enumerate([7, 8]):
        history, predictions = plain(case, seed)
        for which in ("first", "again"):
            ours = runs.history.query("arm == @which and seed == @seed and epoch > 0")
            assert set(ours["metric"]) == set(history)
            for metric, values in history.items():
                np.testing.assert_array_equal(ours.loc[ours["metric"] == metric, "value"], np.float64(values), metric)
            np.testing.assert_array_equal(runs.predictions[which][i], predictions)


def test_xla_changes_only_the_last_digits():
    case = replace(arm(), compile={"optimizer": "adam", "loss": "mse", "jit_compile": True})
    runs = repeat({"xla": case}, seeds=[3], progress=False)
    np.testing.assert_allclose(runs.predictions["xla"][0], plain(case, 3)[1], rtol=1e-3, atol=1e-4)


def test_early_stopping_ends_early_and_the_bar_still_fills(capsys):
    runs = repeat({"stopped": arm(fit=fit_with(epochs=50, callbacks=stopping))}, seeds=[0])
    assert runs.history["epoch"].max() < 50
    assert "100%" in capsys.readouterr().err


def test_epoch_zero_is_the_untrained_model():
    runs = repeat({"a": arm()}, seeds=[5], progress=False)
    keras.utils.set_random_seed(5)
    model = recurrent()
    model.compile(loss="mse", jit_compile=False)
    start = runs.history.query("epoch == 0 and metric == 'val_loss'")["value"].item()
    assert start == pytest.approx(model.evaluate(X_NEW, Y_NEW, verbose=0), rel=1e-6)


def test_a_run_that_becomes_nan_is_recorded_and_stops_nothing():
    poisoned = Y.copy()
    poisoned[0] = np.nan
    runs = repeat({"nan": arm(y=poisoned), "fine": arm()}, seeds=[0, 1], progress=False)
    assert runs.history.query("arm == 'nan' and epoch > 0")["value"].isna().all()
    assert np.isfinite(runs.final("loss")["fine"]).all()
    assert np.isnan(runs.predictions["nan"]).all()


def test_callbacks_that_listen_to_batches_see_every_batch():
    seen = []

    def callbacks():
        return [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))]

    repeat({"a": arm(fit=fit_with(epochs=2, callbacks=callbacks))}, seeds=[0], progress=False)
    assert seen == [0, 1, 2, 3, 4] * 2


def test_table_is_tidy_and_measures_are_kept():
    def measure(model):
        return {"bias": model.layers[-1].bias.numpy().item()}

    runs = repeat({"a": arm(measure=measure), "b": arm(with_state)}, seeds=[2, 1], progress=False)
    assert list(runs.history.columns) == ["arm", "seed", "epoch", "metric", "value"]
    final = runs.final("val_loss")
    assert list(final.columns) == ["a", "b"]
    assert list(final.index) == [2, 1]
    assert runs.predictions["a"].shape == (2, 25, 1)
    assert runs.measured.query("arm == 'a'")["seed"].tolist() == [2, 1]
    with pytest.raises(KeyError, match="val_loss"):
        runs.final("accuracy")


def runs_of(**predictions):
    """Made-up runs of the seeds 3 and 1."""
    rows = [(arm, seed, 1, "loss", 0.0) for arm in predictions for seed in (3, 1)]
    history = pd.DataFrame(rows, columns=["arm", "seed", "epoch", "metric", "value"])
    return Runs([3, 1], history, {arm: np.array(values) for arm, values in predictions.items()}, pd.DataFrame())


def test_labels_are_the_largest_output_or_what_exceeds_the_threshold():
    several = [[[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], [[0.1, 0.1, 0.8], [0.3, 0.4, 0.3]]]
    one = [[[0.2], [0.51]], [[0.5], [0.9]]]
    labels = runs_of(several=several, one=one, flat=np.array(one)[..., 0]).labels()
    assert labels["several"].tolist() == [[1, 0], [2, 1]]
    assert labels["one"].tolist() == labels["flat"].tolist() == [[0, 1], [0, 1]]
    assert labels["one"].dtype.kind == "i"
    assert runs_of(one=one).labels(threshold=0.6)["one"].tolist() == [[0, 0], [0, 1]]
    assert runs_of(sequences=np.zeros((2, 4, 5, 1))).labels()["sequences"].shape == (2, 4, 5)


def test_scores_have_a_row_per_seed_and_never_broadcast():
    one = [[[0.0], [2.0]], [[1.0], [1.0]]]
    runs = runs_of(one=one, flat=np.array(one)[..., 0])
    for target in (np.array([0.0, 1.0]), np.array([[0.0], [1.0]]), pd.Series([0.0, 1.0], index=[7, 8])):
        table = runs.scores(target, lambda y, p: np.abs(y - p).mean())
        assert table["one"].to_dict() == table["flat"].to_dict() == {3: 0.5, 1: 0.5}
        pd.testing.assert_index_equal(table.index, runs.final("loss").index)
        pd.testing.assert_index_equal(table.columns, runs.final("loss").columns)
    assert runs.scores([0, 1], accuracy_score, labels=True)["one"].tolist() == [1.0, 0.5]


def test_scores_hand_probabilities_of_all_classes_to_the_metric():
    several = [[[0.5, 0.5], [0.25, 0.75]], [[1.0, 0.0], [0.0, 1.0]]]
    table = runs_of(several=several).scores([0, 1], log_loss)
    assert table["several"].tolist() == pytest.approx([-np.log(0.5 * 0.75) / 2, 0], abs=1e-6)


def test_unscale_is_applied_to_the_predictions_of_each_run():
    scaler = StandardScaler().fit(100 + 7 * Y)
    runs = repeat({"a": arm(), "b": arm(unscale=scaler.inverse_transform)}, seeds=[0, 1], progress=False)
    np.testing.assert_allclose(runs.predictions["b"], scaler.mean_ + scaler.scale_ * runs.predictions["a"], rtol=1e-5)
    with pytest.raises(ValueError, match=r"unscale made \(1,\) of predictions of shape \(25, 1\)"):
        repeat({"a": arm(unscale=lambda outputs: outputs[0])}, seeds=[0], progress=False)


@pytest.mark.parametrize(
    ("predictions", "y_true", "message"),
    [
        (np.zeros((2, 3, 1)), np.zeros(2), r"arm 'a' predicts \(3,\), y_true has shape \(2,\)"),
        (np.zeros((2, 3, 1)), np.zeros((3, 3)), r"arm 'a' predicts \(3,\), y_true has shape \(3, 3\)"),
        ([[[0.0]], [[np.nan]]], [0.0], "arm 'a' with seed 1 predicts NaN"),
        (np.zeros((2, 2, 1)), [0.0, np.nan], "y_true holds NaN in 1 places"),
    ],
)
def test_scores_refuse_what_would_hide_a_mistake(predictions, y_true, message):
    for labels in (False, True):
        with pytest.raises(ValueError, match=message):
            runs_of(a=predictions).scores(y_true, lambda y, p: 0.0, labels=labels)


def test_seeds_are_shifted_by_the_environment(monkeypatch):
    monkeypatch.delenv("COURSE_SEED_OFFSET", raising=False)
    assert seeds() == [0, 1, 2, 3, 4]
    monkeypatch.setenv("COURSE_SEED_OFFSET", "1000")
    assert seeds(3) == [1000, 1001, 1002]
    monkeypatch.setenv("COURSE_SEED_OFFSET", "many")
    with pytest.raises(ValueError, match="COURSE_SEED_OFFSET must be a whole number, got 'many'"):
        seeds()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"y": Y[:-1]}, ValueError, "same number of samples"),
        ({"x": [1, 2]}, TypeError, "must be arrays"),
        ({"fit": {"callbacks": stopping()}}, TypeError, "function that returns a new list"),
        ({"fit": {"validation_split": 0.2}}, ValueError, "fit does not take"),
    ],
)
def test_mistakes_in_an_arm_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        arm(**changes)


def test_a_model_without_weights_is_refused_by_arm_and_seed():
    unbuilt = arm(lambda: keras.Sequential([layers.Dense(1)]))
    with pytest.raises(ValueError, match=r"begin with keras\.Input"):
        repeat({"unbuilt": unbuilt}, seeds=[0], progress=False)


def test_an_error_in_training_names_arm_and_seed():
    with pytest.raises(Exception) as caught:  # noqa: PT011 - Keras raises what it likes
        repeat({"wrong shape": arm(x=X[:, :, :2])}, seeds=[4], progress=False)
    assert "(in arm 'wrong shape', seed 4)" in caught.value.__notes__
