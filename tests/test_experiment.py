"""The experiment helper against plain build, compile, fit."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
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


def dense():
    return keras.Sequential([keras.Input((6, 3)), layers.Flatten(), layers.Dense(4, "tanh"), layers.Dense(1)])


def recurrent():
    return keras.Sequential([keras.Input((6, 3)), layers.LSTM(4), layers.Dense(1)])


def with_state():
    """Layers with a random state, moving averages and recurrent dropout: more than weights to start afresh."""
    lstm = layers.LSTM(4, recurrent_dropout=0.2, dropout=0.2)
    return keras.Sequential(
        [keras.Input((6, 3)), lstm, layers.BatchNormalization(), layers.Dropout(0.3), layers.Dense(1)]
    )


def adapted():
    normalization = layers.Normalization()
    normalization.adapt(100 + 7 * X)
    return keras.Sequential([keras.Input((6, 3)), normalization, layers.Flatten(), layers.Dense(1)])


def classifier(classes=2):
    return keras.Sequential([keras.Input((6, 3)), layers.Flatten(), layers.Dense(classes, activation="softmax")])


def stopping():
    return [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=0, min_delta=0.02, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=1, min_delta=0.5),
    ]


def without_decay_of_biases():
    optimizer = keras.optimizers.AdamW(0.02, weight_decay=0.9)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def compile_with(optimizer="adam", loss="mse", **more):
    """Without XLA, whose rounding differs, the helper must agree with plain Keras to the last digit."""
    return {"optimizer": optimizer, "loss": loss, "jit_compile": False, **more}


def fit_with(**more):
    validation = {"validation_data": (X_NEW, Y_NEW), "validation_batch_size": 16}
    return {"epochs": 4, "batch_size": 16, **validation, **more}


def arm(build=dense, **changes):
    return replace(Arm(build, X, Y, compile_with(), fit_with()), **changes)


def weighted(classes):
    compiled = compile_with(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    fit = fit_with(class_weight=classes, validation_data=(X_NEW, LABELS[:25]))
    return arm(classifier, y=LABELS, compile=compiled, fit=fit)


def schedule():
    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.8), momentum=0.9)


CASES = {
    "recurrent": lambda: arm(recurrent),
    "state": lambda: arm(with_state),
    "normalization": lambda: arm(adapted),
    "schedule": lambda: arm(compile=compile_with(schedule())),
    "weight decay": lambda: arm(compile=compile_with(without_decay_of_biases())),
    "a metric that keeps state": lambda: arm(compile=compile_with(metrics=[keras.metrics.RootMeanSquaredError()])),
    "callbacks": lambda: arm(fit=fit_with(epochs=9, callbacks=stopping)),
    "class weights": lambda: weighted({0: 1.0, 1: 4.0}),
    "one class weight": lambda: weighted({1: 4.0}),
    "one batch": lambda: arm(fit=fit_with(batch_size=128)),
    "float64": lambda: arm(x=X.astype("float64"), y=Y.astype("float64")),
    "a Series": lambda: arm(y=pd.Series(Y[:, 0], index=range(70, 0, -1))),
    "no validation": lambda: arm(fit={"epochs": 3}, predict=X_NEW),
}


def plain(case: Arm, seed: int):
    """What a learner would write: (history, predictions)."""
    keras.utils.set_random_seed(seed)
    model = case.build()
    model.compile(**case.compile)
    fit = {**case.fit, "callbacks": case.fit.get("callbacks", list)()}
    history = model.fit(case.x, case.y, verbose=0, **fit).history
    return history, model.predict(X_NEW, batch_size=1024, verbose=0)


@pytest.mark.parametrize("name", CASES)
def test_equals_plain_keras_to_the_last_digit(name):
    """Even with an optimizer and metrics that plain Keras has used before, and after runs of other arms and seeds."""
    case = CASES[name]()
    history, predictions = plain(case, seed=8)
    runs = repeat({"first": case, "again": case}, seeds=[7, 8], progress=False)
    ours = runs.history.query("arm == 'again' and seed == 8 and epoch > 0")
    assert set(ours["metric"]) == set(history)
    for metric, values in history.items():
        np.testing.assert_array_equal(ours.loc[ours["metric"] == metric, "value"], np.float64(values), metric)
    np.testing.assert_array_equal(runs.predictions["again"][1], predictions)


def test_arms_of_two_learning_rates_or_decays_equal_plain_keras_though_they_may_share_a_trace():
    optimizers = {"by name": "adam", "slow": keras.optimizers.Adam(0.001), "fast": keras.optimizers.Adam(0.1)}
    optimizers |= {"decay": keras.optimizers.AdamW(0.02, weight_decay=0.9), "less": without_decay_of_biases()}
    arms = {name: arm(compile=compile_with(optimizer)) for name, optimizer in optimizers.items()}
    runs = repeat(arms, seeds=[8], progress=False)
    for name, case in arms.items():
        np.testing.assert_array_equal(runs.predictions[name][0], plain(case, seed=8)[1], name)


def test_xla_changes_only_the_last_digits_whatever_else_is_trained():
    """Models with recurrent layers are compiled with XLA, one run of them alone or many."""
    case = arm(recurrent, compile={"optimizer": "adam", "loss": "mse"})
    alone = repeat({"xla": case}, seeds=[3], progress=False).predictions["xla"][0]
    among_others = repeat({"dense": arm(), "xla": replace(case, fit=fit_with())}, seeds=[2, 3], progress=False)
    np.testing.assert_array_equal(alone, among_others.predictions["xla"][1])
    np.testing.assert_allclose(alone, plain(replace(case, compile=compile_with()), 3)[1], rtol=1e-3, atol=1e-4)


def test_where_validation_draws_random_numbers_its_batches_change_the_training():
    """As the documentation of `repeat` says: with dropout inside an LSTM they do, and else they do not."""
    for build, equal in ((with_state, False), (dense, True)):
        start = arm(build)
        large = replace(start, fit={**start.fit, "validation_batch_size": None})
        runs = repeat({"small": start, "large": large}, seeds=[0], progress=False)
        losses = runs.history.query("metric == 'loss'").pivot(index="epoch", columns="arm", values="value")
        assert losses["small"].equals(losses["large"]) == equal


def test_early_stopping_ends_early_and_the_bar_still_fills(capsys):
    runs = repeat({"stopped": arm(fit=fit_with(epochs=50, callbacks=stopping))}, seeds=[0])
    assert runs.history["epoch"].max() < 50
    assert "100%" in capsys.readouterr().err


def test_epoch_zero_is_the_untrained_model():
    runs = repeat({"a": arm()}, seeds=[5], progress=False)
    keras.utils.set_random_seed(5)
    model = dense()
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


def test_callbacks_and_measures_may_predict_and_evaluate():
    """With a batch size of their own, on more batches than an epoch has: nothing is left out."""
    many, targets, during = np.tile(X, (6, 1, 1)), np.tile(Y, (6, 1)), []

    def all_predicted(model):
        return model.predict(many, verbose=0)

    def callbacks():
        def at_the_end(epoch, logs):
            during.append(all_predicted(last.model))

        last = keras.callbacks.LambdaCallback(on_epoch_end=at_the_end)
        return [last]

    def measure(model):
        outputs = all_predicted(model)
        by_hand = float(np.mean((outputs - targets) ** 2))
        return {"count": len(outputs), "loss": model.evaluate(many, targets, verbose=0), "by hand": by_hand}

    for fit in (fit_with(callbacks=callbacks), {"epochs": 1}):
        measured = repeat({"a": arm(fit=fit, measure=measure)}, seeds=[0, 1], progress=False).measured
        table = measured.pivot(index="seed", columns="measure", values="value")
        assert (table["count"] == 420).all()
        assert table["loss"].to_numpy() == pytest.approx(table["by hand"].to_numpy(), rel=1e-5)
    assert [len(outputs) for outputs in during] == [420] * 8


def test_a_metric_can_be_shared_by_arms_with_different_outputs():
    compiled = compile_with(loss="categorical_crossentropy", metrics=[keras.metrics.F1Score(average="macro")])
    arms = {
        str(classes): Arm(lambda classes=classes: classifier(classes), X, np.eye(classes)[LABELS], compiled)
        for classes in (2, 3)
    }
    scores = repeat(arms, seeds=[0], progress=False).final("f1_score")
    assert np.isfinite(scores.to_numpy()).all()


def test_interrupting_keeps_the_arms_that_are_complete(capsys):
    trained = []

    def interrupt(model):
        trained.append(model)
        if len(trained) == 3:
            raise KeyboardInterrupt
        return {"trained": len(trained)}

    first = arm(measure=interrupt)
    runs = repeat({"first": first, "second": first, "third": first}, seeds=[0, 1], progress=False)
    assert runs.history["arm"].unique().tolist() == list(runs.predictions) == ["first"]
    assert runs.final("loss").index.tolist() == runs.seeds == [0, 1]
    assert capsys.readouterr().out == "Interrupted. Complete: first. Missing: second, third.\n"
    trained[:] = trained[:2]
    with pytest.raises(KeyboardInterrupt):
        repeat({"first": first}, seeds=[0], progress=False)


def test_arms_can_be_compared():
    start = arm()
    assert start == start
    assert start != arm()


def test_table_is_tidy_and_measures_are_kept():
    def measure(model):
        return {"bias": model.layers[-1].bias.numpy().item()}

    runs = repeat({"a": arm(measure=measure), "b": arm(adapted)}, seeds=[2, 1], progress=False)
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
        ({"y": Y[:-1]}, ValueError, r"x and y must have the same number of samples, got \[\(70, 6, 3\), \(69, 1\)\]"),
        ({"x": [1, 2]}, TypeError, r"x and y must be arrays, got \(\[1, 2\], array"),
        ({"fit": {"callbacks": stopping()}}, TypeError, "function that returns a new list"),
        ({"fit": {"validation_split": 0.2}}, ValueError, "fit does not take"),
        ({"fit": {"shuffle": "batch"}}, ValueError, "fit does not take"),
        ({"fit": {"validation_freq": 2}}, ValueError, "fit does not take"),
        ({"fit": {"validation_data": (X[:9], Y)}}, ValueError, "validation_data must have the same number of samples"),
        ({"fit": {"validation_data": tf.data.Dataset.range(3)}}, TypeError, "validation_data must be arrays, got"),
    ],
)
def test_mistakes_in_an_arm_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        arm(**changes)


@pytest.mark.parametrize(
    "stack", [[layers.Dense(1)], [keras.Input(batch_shape=(7, 6, 3)), layers.Flatten(), layers.Dense(1)]]
)
def test_a_model_without_weights_or_with_a_batch_size_is_refused(stack):
    with pytest.raises(ValueError, match=r"begin with keras\.Input\(shape\)") as caught:
        repeat({"wrong": arm(lambda: keras.Sequential(stack))}, seeds=[0], progress=False)
    assert "(in arm 'wrong', seed 0)" in caught.value.__notes__


def test_a_callback_that_compiles_anew_is_refused():
    class Unfreeze(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.compile(optimizer="sgd", loss="mse")

    with pytest.raises(ValueError, match="a callback compiled the model anew"):
        repeat({"a": arm(fit={"callbacks": lambda: [Unfreeze()]})}, seeds=[0], progress=False)


@pytest.mark.parametrize("wrong", [[], [0, 0]])
def test_seeds_must_tell_runs_apart(wrong):
    with pytest.raises(ValueError, match="seeds must be different numbers, at least one"):
        repeat({"a": arm()}, seeds=wrong, progress=False)


def test_an_error_in_training_names_arm_and_seed():
    with pytest.raises(Exception) as caught:  # noqa: PT011 - Keras raises what it likes
        repeat({"wrong shape": arm(x=X[:, :, :2])}, seeds=[4], progress=False)
    assert "(in arm 'wrong shape', seed 4)" in caught.value.__notes__


def test_arms_can_be_drawn_by_each_seed():
    """A function of the seed gives each seed its own data, and each run is what it would be alone."""
    x = np.random.default_rng(0).normal(size=(2, 12, 3)).astype("float32")
    y = x.sum(axis=2)

    def build():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

    def arms(seed):
        return {"only": Arm(build, x[seed], y[seed], {"loss": "mse"}, {"epochs": 2, "batch_size": 4}, x[0])}

    together = repeat(arms, seeds=[0, 1], progress=False)
    for seed in (0, 1):
        alone = repeat(arms(seed), seeds=[seed], progress=False)
        np.testing.assert_array_equal(together.predictions["only"][seed], alone.predictions["only"][0])
