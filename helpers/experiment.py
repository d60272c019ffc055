"""Repeat a Keras training over seeds and arms. Introduced in lesson 00.

The lesson keeps what it is about: the function that builds the model, the data, and what goes to `compile` and `fit`.
This module repeats it. Tracing a model takes longer than training a small one, so each arm is traced once; every seed
then starts from the weights and the optimizer state of a fresh `build`, `compile`, `fit` with that seed, and sees the
same batches in the same order (tests/test_experiment.py compares the two, digit by digit).
"""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm.auto import tqdm

FIT_ARGUMENTS = {"batch_size", "callbacks", "class_weight", "epochs", "validation_batch_size", "validation_data"}
LARGEST_BATCH = 4096  # for validation and prediction, unless the arm says otherwise


@dataclass(frozen=True, eq=False)
class Arm:
    """One way of training: everything that a fresh run needs but its seed.

    build: makes and returns the model, uncompiled, beginning with `keras.Input` (so that its weights exist at once).
    x, y: training inputs and targets, arrays (samples, ...).
    compile, fit: the arguments for `model.compile` and `model.fit`. `callbacks` is a function that returns the list,
        as callbacks keep state and every run needs its own; `validation_data` is a tuple of arrays.
    predict: inputs for which the predictions after training are kept; the validation inputs if not given.
    measure: called with the trained model; the numbers it returns are kept for every run.
    unscale: turns predictions (samples, outputs) back into the target's unit before they are kept, such as the
        `inverse_transform` of a fitted scaler.

    `dataclasses.replace(arm, y=scaled)` is the arm with one thing changed. TypeError or ValueError for what is not so.
    """

    build: Callable[[], keras.Model]
    x: Any
    y: Any
    compile: Mapping[str, Any]
    fit: Mapping[str, Any] = field(default_factory=dict)
    predict: Any = None
    measure: Callable[[keras.Model], Mapping[str, float]] | None = None
    unscale: Callable[[np.ndarray], np.ndarray] | None = None

    def __post_init__(self):
        if unknown := set(self.fit) - FIT_ARGUMENTS:
            raise ValueError(f"fit does not take {sorted(unknown)} here; it takes {sorted(FIT_ARGUMENTS)}")
        if not callable(self.fit.get("callbacks", list)):
            raise TypeError("callbacks must be a function that returns a new list: callbacks=lambda: [...]")
        pairs = {"x and y": (self.x, self.y), "validation_data": self.fit.get("validation_data") or ()}
        for name, arrays in pairs.items():
            if not isinstance(arrays, tuple | list) or not all(hasattr(array, "shape") for array in arrays):
                raise TypeError(f"{name} must be arrays, got {arrays!r:.80}")
            if len({len(array) for array in arrays}) > 1:
                raise ValueError(f"{name} must have the same number of samples, got {[a.shape for a in arrays]}")


@dataclass(frozen=True, eq=False)
class Runs:
    """What `repeat` returns.

    history: one row per arm, seed, epoch and metric, with the `value`; epoch 0 is before the first step
        (validation metrics only). A run that became NaN is in it, as NaN.
    predictions: for each arm (seeds, samples, ...), after training; seeds in the order of `seeds`.
    measured: one row per arm, seed and measure, with the `value` that the arm's `measure` returned.
    """

    seeds: list[int]
    history: pd.DataFrame
    predictions: dict[str, np.ndarray]
    measured: pd.DataFrame

    def final(self, metric: str) -> pd.DataFrame:
        """The metric at each run's last epoch: a row per seed, a column per arm."""
        found = self.history[self.history["metric"] == metric]
        if found.empty:
            raise KeyError(f"no metric {metric!r}; recorded were {sorted(self.history['metric'].unique())}")
        last = found.groupby(["seed", "arm"], sort=False)["value"].agg(lambda values: values.iloc[-1])
        return last.unstack("arm").loc[self.seeds, list(found["arm"].unique())]

    def labels(self, threshold: float = 0.5) -> dict[str, np.ndarray]:
        """For each arm the classes (seeds, samples): the largest of several outputs, or whether one is > threshold."""
        several = {arm: p.ndim > 2 and p.shape[-1] > 1 for arm, p in self.predictions.items()}
        outputs = {arm: self._finite(arm) for arm in several}
        return {arm: o.argmax(axis=-1) if several[arm] else (o > threshold).astype(int) for arm, o in outputs.items()}

    def scores(self, y_true: np.ndarray, metric: Callable, labels: bool = False) -> pd.DataFrame:
        """`metric(y_true, prediction)` of every run, as scikit-learn's metrics are called.

        A row per seed, a column per arm, as in `final`. y_true: (samples,) or (samples, 1), the truth of the samples
        that were predicted. A single output goes to the metric as (samples,), like y_true, so that nothing is
        broadcast; with `labels=True`, `labels()` goes there. ValueError, with the arm's name, for another number of
        samples or NaN.
        """
        y_true = np.asarray(y_true)
        if pd.isna(y_true).any():
            raise ValueError(f"y_true holds NaN in {pd.isna(y_true).sum()} places")
        y_true = y_true[:, 0] if y_true.shape[1:] == (1,) else y_true
        table = {}
        for arm, outputs in (self.labels() if labels else {arm: self._finite(arm) for arm in self.predictions}).items():
            if len(y_true) != outputs.shape[1] or y_true.shape[1:] not in {(), outputs.shape[2:]}:
                raise ValueError(f"arm {arm!r} predicts {outputs.shape[1:]}, y_true has shape {y_true.shape}")
            table[arm] = [float(metric(y_true, output)) for output in outputs]
        return pd.DataFrame(table, index=pd.Index(self.seeds, name="seed")).rename_axis(columns="arm")

    def _finite(self, arm: str) -> np.ndarray:
        """An arm's predictions, (seeds, samples) if it has a single output. ValueError if some are not finite."""
        outputs = self.predictions[arm]
        for seed, output in zip(self.seeds, outputs, strict=True):
            if not np.isfinite(output).all():
                raise ValueError(f"arm {arm!r} with seed {seed} predicts NaN or infinity")
        return outputs[..., 0] if outputs.ndim > 2 and outputs.shape[-1] == 1 else outputs


def seeds(count: int = 5) -> list[int]:
    """`count` seeds in a row, from 0 on, or from the environment variable COURSE_SEED_OFFSET on."""
    offset = os.environ.get("COURSE_SEED_OFFSET") or "0"
    try:
        return [int(offset) + i for i in range(count)]
    except ValueError:
        raise ValueError(f"COURSE_SEED_OFFSET must be a whole number, got {offset!r}") from None


_course_seeds = seeds  # `repeat` has a parameter of that name


def repeat(
    arms: Mapping[str, Arm] | Callable[[int], Mapping[str, Arm]],
    seeds: Sequence[int] | None = None,
    progress: bool = True,
) -> Runs:
    """Train every arm once for each seed (by default the five of `seeds()`), and return all runs.

    arms: for each name an `Arm`; or a function of the seed that returns these, if each seed is to draw its own data:
        the same names for every seed, `predict` with equally many samples (lesson 08).

    Arms whose models are built in the same way start from the same weights; arms with equally many samples and the
    same batch size see them in the same order. A run depends on its arm and its seed alone. Interrupted, it returns the
    arms that are complete and says which are missing. Callbacks that listen to batches still see every batch.

    Two things differ from plain `build`, `compile`, `fit` on a CPU, for speed. Training steps of models with recurrent
    layers are compiled with XLA: other rounding, and training magnifies the last digits. Validation takes 4,096 samples
    at a time: other rounding again, and as an LSTM or GRU with dropout draws random numbers in validation too, one for
    each batch, it is then trained with other dropout masks. With `jit_compile=False` in `compile` and
    `validation_batch_size` as large as `batch_size` in `fit`, results equal those of plain Keras to the last digit.
    """
    seeds = _course_seeds() if seeds is None else [int(seed) for seed in seeds]
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be different numbers, at least one, got {seeds}")
    traced: list[tuple[tuple, _Traced]] = []
    done: dict[str, list[tuple]] = {}
    drawn = [arms(seed) if callable(arms) else arms for seed in seeds]
    epochs = sum(arm.fit.get("epochs", 1) for each in drawn for arm in each.values())
    with tqdm(total=epochs, unit="epoch", disable=not progress) as bar:
        try:
            for name in drawn[0]:
                done[name] = _run_arm(name, [each[name] for each in drawn], seeds, traced, bar)
        except KeyboardInterrupt:
            if not done:
                raise
            print(f"Interrupted. Complete: {', '.join(done)}. Missing: {', '.join(list(drawn[0])[len(done) :])}.")
    each = [(name, seed, *run) for name, runs in done.items() for seed, run in zip(seeds, runs, strict=True)]
    history = [(name, seed, *row) for name, seed, rows, _, _ in each for row in rows]
    measured = [(name, seed, *item) for name, seed, _, _, items in each for item in items]
    return Runs(
        seeds,
        pd.DataFrame(history, columns=["arm", "seed", "epoch", "metric", "value"]),
        {name: np.stack([run[1] for run in runs]) for name, runs in done.items() if runs[0][1] is not None},
        pd.DataFrame(measured, columns=["arm", "seed", "measure", "value"]),
    )


def _run_arm(
    name: str, arms: list[Arm], seeds: list[int], traced: list[tuple[tuple, "_Traced"]], bar: tqdm
) -> list[tuple]:
    """For each seed a training of its arm: rows (epoch, metric, value), predictions or None, measures (name, value)."""
    runs = []
    bar.set_description(name)
    try:
        trainings = [_traced_for(arm, traced) for arm in arms]
        # All starts before the first training: setting TensorFlow's seed makes it prepare the traced functions again.
        starts = [training.start(*each) for training, *each in zip(trainings, arms, seeds, strict=True)]
        for arm, training, start in zip(arms, trainings, starts, strict=True):
            before = bar.n
            rows, outputs = training.train(arm, start, bar), training.predict(arm)
            measures = arm.measure(training.model) if arm.measure else {}
            runs.append((rows, outputs, [(key, float(value)) for key, value in measures.items()]))
            bar.update(before + arm.fit.get("epochs", 1) - bar.n)  # epochs that early stopping saved
    except Exception as error:
        error.add_note(f"(in arm {name!r}, seed {seeds[len(runs)]})")
        raise
    return runs


def _jit_compile(model: keras.Model) -> bool | str:
    """What `compile` gets as `jit_compile`: XLA for recurrent layers, which it makes several times faster on a CPU.

    Other layers gain nothing, and compiling takes seconds. With a GPU, Keras decides.
    """
    if tf.config.list_physical_devices("GPU"):
        return "auto"
    recurrent = keras.layers.RNN | keras.layers.Bidirectional
    return any(isinstance(layer, recurrent) for layer in model.layers) and _xla_works()


@cache
def _xla_works() -> bool:
    """Some platforms' TensorFlow comes without the XLA compiler; there, plain graphs have to do.

    The first compilation of a process writes a line to stderr in TensorFlow 2.20, which would stand in red in the
    notebook; here it goes nowhere.
    """
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1.0))
    except Exception:
        return False
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
    return True


class _Traced:
    """A compiled model that is traced once and started afresh for each run."""

    def __init__(self, arm: Arm):
        self.model = model = arm.build()
        if not model.built or any(tensor.shape[0] is not None for tensor in model.inputs):
            raise ValueError(
                "build() must return a model with weights, but no batch size: begin with keras.Input(shape)"
            )
        for_speed = {"jit_compile": _jit_compile(model), "steps_per_execution": _steps_per_execution(arm)}
        model.compile(**for_speed | _fresh(arm.compile))
        self.optimizer = model.optimizer
        self.optimizer.build(model.trainable_variables)
        self.optimizer_start = [variable.numpy() for variable in self.optimizer.variables]
        model.make_train_function()
        model.jit_compile = False  # for the rest: compiling takes longer than XLA would save there

    def start(self, arm: Arm, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
        """The variables of a fresh build with this seed, and the order (samples,) of the training samples."""
        keras.utils.set_random_seed(seed)
        fresh = [variable.numpy() for variable in arm.build().variables]
        if [value.shape for value in fresh] != [variable.shape for variable in self.model.variables]:
            raise ValueError("build() must return the same architecture every time")
        return fresh, _batch_order(len(arm.x), seed)

    def train(self, arm: Arm, start: tuple[list, np.ndarray], bar: tqdm) -> list[tuple[int, str, float]]:
        """Trains once; (epoch, metric, value) for all epochs, with epoch 0 for the validation part before training."""
        fresh, order = start
        batches = _batches([arm.x, arm.y], _batch_size(arm), order).repeat()
        progress = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: bar.update(1))
        _assign(self.model.variables, fresh)
        _assign(self.optimizer.variables, self.optimizer_start)
        if isinstance(rate := _config(_optimizer(arm)).get("learning_rate"), float):
            self.optimizer.learning_rate = rate
        before, validation = {}, arm.fit.get("validation_data")
        if validation is not None:
            validation = _batches(validation, arm.fit.get("validation_batch_size") or LARGEST_BATCH)
            before = self.model.evaluate(validation, verbose=0, return_dict=True)
            _assign(self.model.variables, fresh)  # evaluating draws random numbers where an LSTM has dropout
        history = self.model.fit(
            batches,
            epochs=arm.fit.get("epochs", 1),
            class_weight=arm.fit.get("class_weight"),
            steps_per_epoch=_steps(arm),
            validation_data=validation,
            callbacks=[*arm.fit.get("callbacks", list)(), progress],
            shuffle=False,  # the batches come in their order
            verbose=0,
        ).history
        if self.model.optimizer is not self.optimizer:
            raise ValueError("a callback compiled the model anew: such a training is no single fit and is not repeated")
        rows = [(0, f"val_{metric}", float(value)) for metric, value in before.items()]
        return rows + [(i, metric, float(v)) for metric, values in history.items() for i, v in enumerate(values, 1)]

    def predict(self, arm: Arm) -> np.ndarray | None:
        """What the trained model predicts for the arm's `predict`, or for its validation inputs."""
        inputs = arm.predict if arm.predict is not None else (arm.fit.get("validation_data") or [None])[0]
        if inputs is None:
            return None
        outputs = self.model.predict(_batches([inputs], LARGEST_BATCH), verbose=0)
        kept = outputs if arm.unscale is None else np.asarray(arm.unscale(outputs))
        if len(kept) != len(outputs):
            raise ValueError(f"unscale made {kept.shape} of predictions of shape {outputs.shape}")
        return kept


def _traced_for(arm: Arm, traced: list[tuple[tuple, _Traced]]) -> _Traced:
    """The model of an earlier arm that differs only in its data, or else a new one: tracing is what takes long."""

    def settings(value):
        config = _config(value)
        if isinstance(value, keras.optimizers.Optimizer):
            del config["name"]  # numbered by Keras
            if isinstance(config["learning_rate"], float):
                del config["learning_rate"]  # a variable, which each training sets
        return (type(value), config) if config else value

    compile = keras.tree.map_structure(settings, {**arm.compile, "optimizer": _optimizer(arm)})
    key = (arm.build, compile, _steps_per_execution(arm), arm.y.shape[1:])
    for known, training in traced:
        if known == key:
            return training
    traced.append((key, _Traced(arm)))
    return traced[-1][1]


def _steps_per_execution(arm: Arm) -> int:
    """A whole epoch at once, unless a callback wants to be called at every batch."""
    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    base, callbacks = keras.callbacks.Callback, arm.fit.get("callbacks", list)()
    listens = any(h in vars(c) or getattr(type(c), h) is not getattr(base, h) for c in callbacks for h in hooks)
    return 1 if listens else _steps(arm)


def _optimizer(arm: Arm) -> keras.optimizers.Optimizer:
    """The arm's own, or a new one if it is given by its name."""
    return keras.optimizers.get(arm.compile.get("optimizer", "rmsprop"))


def _steps(arm: Arm) -> int:
    """Batches per epoch, the last, smaller one included."""
    return math.ceil(len(arm.x) / _batch_size(arm))


def _batch_size(arm: Arm) -> int:
    return arm.fit.get("batch_size") or 32


def _batches(arrays: Sequence[np.ndarray], size: int, order: np.ndarray | None = None) -> tf.data.Dataset:
    """The batches of one epoch, its samples in that order, as float32 if they are floating-point numbers.

    Keras would make the same ones from the arrays, but starts a new pipeline, with threads of its own, at every epoch:
    for a small network on two cores that takes as long as the training.
    """
    arrays = [np.asarray(array) if order is None else np.asarray(array)[order] for array in arrays]
    arrays = [array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array for array in arrays]
    whole = len(arrays[0]) // size
    first = tuple(array[: whole * size].reshape(whole, size, *array.shape[1:]) for array in arrays)
    rest = tuple(array[whole * size :] for array in arrays)
    batches = tf.data.Dataset.from_tensor_slices(first)
    # Concatenated also if nothing is left: so all arms' batches are of one type, and the model is traced once.
    batches = batches.concatenate(tf.data.Dataset.from_tensors(rest).take(len(rest[0])))
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return batches.with_options(options)


def _assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


@cache
def _batch_order(samples: int, seed: int) -> np.ndarray:
    """The order (samples,) in which a plain `fit` under this seed shows its samples, found by asking Keras.

    Once a global seed is set, Keras on TensorFlow repeats the shuffle of the first epoch in all others.
    """
    seen = []

    class Recorder(keras.Model):
        def train_step(self, data):
            seen.append(data[0].numpy())
            return {"loss": 0.0}

    recorder = Recorder()
    recorder.compile(run_eagerly=True)
    keras.utils.set_random_seed(seed)
    recorder.fit(np.arange(samples), np.arange(samples), batch_size=samples, verbose=0)
    return seen[0]


LEFT_OUT = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")  # by Keras, of the config


def _config(value: Any) -> dict[str, Any]:
    """All settings of an optimizer or metric; empty for anything else, such as a name."""
    if not isinstance(value, keras.optimizers.Optimizer | keras.metrics.Metric):
        return {}
    return value.get_config() | {name: getattr(value, name) for name in LEFT_OUT if hasattr(value, name)}


def _fresh(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with new optimizers and metrics of the same settings: those given can serve only one model."""

    def renew(value):
        if not (config := _config(value)):
            return value
        left_out = {name: config.pop(name) for name in LEFT_OUT if name in config}
        new = type(value).from_config(config)
        vars(new).update(left_out)
        return new

    return keras.tree.map_structure(renew, dict(arguments))
