"""Repeat a Keras training over seeds and arms. Introduced in lesson 00.

The lesson keeps what it is about: the function that builds the model, the data, and what goes to `compile` and `fit`.
This module repeats it. Tracing a model takes longer than training a small one, so each arm is traced once; every seed
then starts from the weights and the optimizer state of a fresh `build`, `compile`, `fit` with that seed, and sees the
same batches in the same order (tests/test_experiment.py compares the two, digit by digit).
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, reduce
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm.auto import tqdm

# Validation and prediction take everything at once where it fits: each shape of a batch costs a compilation by XLA.
LARGEST_BATCH = 4096
# Fewer steps than this take less time than their compilation, which also costs some 100 MB.
WORTH_COMPILING = 2500
FIT_ARGUMENTS = {
    "batch_size",
    "callbacks",
    "class_weight",
    "epochs",
    "sample_weight",
    "shuffle",
    "validation_batch_size",
    "validation_data",
    "validation_freq",
}


@dataclass(frozen=True)
class Arm:
    """One way of training: everything that a fresh run needs but its seed.

    build: makes and returns the model, uncompiled, beginning with `keras.Input` (so that its weights exist at once).
    x, y: training inputs and targets, (samples, ...).
    compile, fit: the arguments for `model.compile` and `model.fit`. `callbacks` is a function that returns the list,
        as callbacks keep state and every run needs its own.
    predict: inputs for which the predictions after training are kept; the validation inputs if not given.
    measure: called with the trained model; the numbers it returns are kept for every run.
    unscale: turns predictions (samples, outputs) back into the target's unit before they are kept, such as the
        `inverse_transform` of a fitted scaler.

    `dataclasses.replace(arm, y=scaled)` is the arm with one thing changed.
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
        if not hasattr(self.x, "shape") or not hasattr(self.y, "shape"):
            raise TypeError(f"x and y must be arrays, got {type(self.x).__name__} and {type(self.y).__name__}")
        if len(self.x) != len(self.y):
            raise ValueError(f"x and y must have the same number of samples, got {self.x.shape} and {self.y.shape}")
        if not callable(self.fit.get("callbacks", list)):
            raise TypeError("callbacks must be a function that returns a new list: callbacks=lambda: [...]")
        if unknown := set(self.fit) - FIT_ARGUMENTS:
            raise ValueError(f"fit does not take {sorted(unknown)} here; it takes {sorted(FIT_ARGUMENTS)}")


@dataclass(frozen=True)
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
        chosen = {}
        for arm, outputs in self.predictions.items():
            self._refuse_nan(arm, outputs)
            single = _without_single_axis(outputs)
            one_output = outputs.ndim == 2 or outputs.shape[-1] == 1
            chosen[arm] = (single > threshold).astype(int) if one_output else outputs.argmax(axis=-1)
        return chosen

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
        for arm, outputs in (self.labels() if labels else self.predictions).items():
            self._refuse_nan(arm, outputs)
            outputs = _without_single_axis(outputs)
            if len(y_true) != outputs.shape[1] or y_true.shape[1:] not in {(), outputs.shape[2:]}:
                raise ValueError(f"arm {arm!r} predicts {outputs.shape[1:]}, y_true has shape {y_true.shape}")
            table[arm] = [float(metric(y_true, output)) for output in outputs]
        return pd.DataFrame(table, index=pd.Index(self.seeds, name="seed")).rename_axis(columns="arm")

    def _refuse_nan(self, arm: str, outputs: np.ndarray) -> None:
        for seed, output in zip(self.seeds, outputs, strict=True):
            if not np.isfinite(output).all():
                raise ValueError(f"arm {arm!r} with seed {seed} predicts NaN or infinity")


def _without_single_axis(outputs: np.ndarray) -> np.ndarray:
    """(seeds, samples) for (seeds, samples, 1); other predictions as they are."""
    return outputs[..., 0] if outputs.ndim > 2 and outputs.shape[-1] == 1 else outputs


def seeds(count: int = 5) -> list[int]:
    """`count` seeds in a row, from 0 on, or from the environment variable COURSE_SEED_OFFSET on."""
    offset = os.environ.get("COURSE_SEED_OFFSET") or "0"
    try:
        return [int(offset) + i for i in range(count)]
    except ValueError:
        raise ValueError(f"COURSE_SEED_OFFSET must be a whole number, got {offset!r}") from None


_course_seeds = seeds  # `repeat` has a parameter of that name


def repeat(arms: Mapping[str, Arm], seeds: Sequence[int] | None = None, progress: bool = True) -> Runs:
    """Train every arm once for each seed, and return all runs.

    Arms whose models are built in the same way start from the same weights; arms with equally many samples and the
    same batch size see them in the same order. By default `seeds()`: five seeds. Callbacks that listen to batches still
    see every batch.

    For speed, long trainings are compiled with XLA, and validation runs in batches of 4,096. Both change the last
    digits, by rounding; `jit_compile=False` in `compile` and a `validation_batch_size` in `fit` give plain Keras.
    """
    seeds = _course_seeds() if seeds is None else [int(seed) for seed in seeds]
    history: list[tuple] = []
    measured: list[tuple] = []
    predictions: dict[str, list] = {}
    traced: list[tuple[Arm, _Traced]] = []
    epochs = {name: arm.fit.get("epochs", 1) for name, arm in arms.items()}
    with tqdm(total=sum(epochs.values()) * len(seeds), unit="epoch", disable=not progress) as bar:
        for name, arm in arms.items():
            training = _traced_for(arm, traced, arms, len(seeds))
            validation = _validation(arm)
            for seed in seeds:
                bar.set_description(f"{name}, seed {seed}")
                before = bar.n
                try:
                    logs = training.run(arm, seed, validation, bar)
                    outcome = training.outcome(arm)
                except Exception as error:
                    error.add_note(f"(in arm {name!r}, seed {seed})")
                    raise
                bar.update(before + epochs[name] - bar.n)  # epochs that early stopping saved
                history += [(name, seed, epoch, metric, value) for epoch, metric, value in logs]
                if outcome is not None:
                    predictions.setdefault(name, []).append(outcome)
                if arm.measure is not None:
                    measured += [(name, seed, key, float(value)) for key, value in arm.measure(training.model).items()]
    return Runs(
        seeds,
        pd.DataFrame(history, columns=["arm", "seed", "epoch", "metric", "value"]),
        {name: np.stack(values) for name, values in predictions.items()},
        pd.DataFrame(measured, columns=["arm", "seed", "measure", "value"]),
    )


class _Traced:
    """A compiled model that is traced once and started afresh for each run."""

    def __init__(self, arm: Arm, steps: int, xla: bool):
        self.model = arm.build()
        if not self.model.built:
            raise ValueError("build() returned a model without weights: let it begin with keras.Input(shape)")
        self.model.compile(**{"jit_compile": xla, "steps_per_execution": steps, **_fresh_optimizer(arm.compile)})
        self.model.optimizer.build(self.model.trainable_variables)
        self.optimizer_start = [variable.value.numpy() for variable in self.model.optimizer.variables]

    def restart(self, arm: Arm, seed: int) -> None:
        """Leaves model, optimizer and random state as a fresh build and compile with this seed would."""
        keras.utils.set_random_seed(seed)
        fresh = arm.build().variables
        if [variable.shape for variable in fresh] != [variable.shape for variable in self.model.variables]:
            raise ValueError("build() must return the same architecture every time")
        for variable, value in zip(self.model.variables, fresh, strict=True):
            variable.assign(value.value)
        for variable, value in zip(self.model.optimizer.variables, self.optimizer_start, strict=True):
            variable.assign(value)

    def run(self, arm: Arm, seed: int, validation: tf.data.Dataset | None, bar: tqdm) -> list[tuple[int, str, float]]:
        """Trains once; (epoch, metric, value) for all epochs, with epoch 0 for the validation part before training."""
        arguments = {"epochs": 1, "shuffle": True, "batch_size": None, "validation_batch_size": None, **arm.fit}
        size = arguments.pop("batch_size") or 32
        arguments.pop("validation_batch_size")
        order = np.arange(len(arm.x))[None]
        if arguments.pop("shuffle"):
            order = _batch_order(len(arm.x), seed, arguments["epochs"])
        arrays = [arm.x, arm.y, *([arguments.pop("sample_weight")] if "sample_weight" in arguments else [])]
        callbacks = [*arguments.pop("callbacks", list)(), _Progress(bar)]
        self.restart(arm, seed)
        start = {}
        if validation is not None:
            arguments["validation_data"] = validation
            start = self.model.evaluate(validation, verbose=0, return_dict=True)
            self.restart(arm, seed)  # evaluating draws random numbers where an LSTM has recurrent dropout
        fitted = self.model.fit(
            _batches(arrays, size, order).repeat(),
            steps_per_epoch=_steps(arm),
            callbacks=callbacks,
            verbose=0,
            shuffle=False,  # the batches come in their order
            **arguments,
        ).history
        rows = [(0, f"val_{metric}", float(value)) for metric, value in start.items()]
        return rows + [(i, metric, float(v)) for metric, values in fitted.items() for i, v in enumerate(values, 1)]

    def outcome(self, arm: Arm) -> np.ndarray | None:
        """Predictions of the trained model for the arm's `predict`, or for its validation inputs."""
        inputs = arm.predict if arm.predict is not None else arm.fit.get("validation_data", [None])[0]
        if inputs is None:
            return None
        with _one_step_at_a_time(self.model):
            outputs = self.model.predict(inputs, batch_size=LARGEST_BATCH, verbose=0)
        kept = outputs if arm.unscale is None else np.asarray(arm.unscale(outputs))
        if len(kept) != len(outputs):
            raise ValueError(f"unscale made {kept.shape} of predictions of shape {outputs.shape}")
        return kept


class _Progress(keras.callbacks.Callback):
    def __init__(self, bar: tqdm):
        super().__init__()
        self.bar = bar

    def on_epoch_end(self, epoch, logs=None):
        self.bar.update(1)


def _traced_for(arm: Arm, traced: list[tuple[Arm, _Traced]], arms: Mapping[str, Arm], seeds: int) -> _Traced:
    """The model of an earlier arm that differs only in its data, or else a new one: tracing is what takes long."""
    for other, training in traced:
        if _same_trace(arm, other):
            return training
    steps = (
        sum(_steps(other) * other.fit.get("epochs", 1) for other in arms.values() if _same_trace(arm, other)) * seeds
    )
    training = _Traced(arm, _steps_per_execution(arm), xla=steps > WORTH_COMPILING and _xla_works())
    traced.append((arm, training))
    return training


def _same_trace(arm: Arm, other: Arm) -> bool:
    key, other_key = ((a.build, a.compile, _steps_per_execution(a)) for a in (arm, other))
    return key == other_key


def _steps_per_execution(arm: Arm) -> int:
    """A whole epoch at once, unless a callback has to be called in between."""
    return 1 if _listens_to_batches(arm) else _steps(arm)


def _steps(arm: Arm) -> int:
    """Batches per epoch, the last, smaller one included."""
    return math.ceil(len(arm.x) / (arm.fit.get("batch_size") or 32))


def _validation(arm: Arm) -> tf.data.Dataset | None:
    """The batches of the validation part, the same for all seeds."""
    validation = arm.fit.get("validation_data")
    return validation and _batches(validation, arm.fit.get("validation_batch_size") or LARGEST_BATCH)


def _batches(arrays: Sequence[np.ndarray], size: int, order: np.ndarray | None = None) -> tf.data.Dataset:
    """The batches of one epoch, or of one epoch for each row of `order` (epochs, samples).

    Keras would make the same ones from the arrays, but starts a new pipeline, with threads of its own, at every epoch:
    for a small network on two cores that takes as long as the training.
    """
    tensors = tuple(_tensor(array) for array in arrays)
    order = np.arange(len(arrays[0]))[None] if order is None else order
    epochs = [tf.data.Dataset.from_tensor_slices(epoch).batch(size) for epoch in order]
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    batches = reduce(tf.data.Dataset.concatenate, epochs)
    return batches.map(lambda rows: tuple(tf.gather(tensor, rows) for tensor in tensors)).with_options(options)


def _tensor(array: np.ndarray) -> tf.Tensor:
    """As Keras does with arrays: floating-point numbers of any size become float32, others stay as they are."""
    array = np.asarray(array)
    return tf.convert_to_tensor(array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array)


class _RecordOrder(keras.Model):
    """Notes which samples `fit` hands out."""

    def train_step(self, data):
        self.seen.append(data[0].numpy())
        return {"loss": 0.0}


@cache
def _batch_order(samples: int, seed: int, epochs: int) -> np.ndarray:
    """The order (epochs, samples) in which a plain `fit` under this seed shows its samples, found by asking Keras.

    One row stands for all epochs where they are alike, as they are in TensorFlow once a global seed is set: Keras 3
    then repeats the shuffle of the first epoch.
    """
    recorder = _RecordOrder()
    recorder.compile(run_eagerly=True)
    for count in (min(2, epochs), epochs):
        keras.utils.set_random_seed(seed)
        recorder.seen = []
        recorder.fit(np.arange(samples), np.arange(samples), batch_size=samples, epochs=count, verbose=0)
        if all(np.array_equal(recorder.seen[0], other) for other in recorder.seen[1:]):
            return recorder.seen[0][None]
    return np.stack(recorder.seen)


def _listens_to_batches(arm: Arm) -> bool:
    """Whether a callback wants to be called at every batch, which several steps per execution would deny it."""
    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    return any(
        hook in vars(callback) or getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
        for callback in arm.fit.get("callbacks", list)()
        for hook in hooks
    )


def _fresh_optimizer(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with a copy of the optimizer, as an optimizer can serve only one model."""
    optimizer = arguments.get("optimizer", "rmsprop")
    if isinstance(optimizer, keras.optimizers.Optimizer):
        optimizer = type(optimizer).from_config(optimizer.get_config())
    return {**arguments, "optimizer": optimizer}


@contextmanager
def _one_step_at_a_time(model: keras.Model) -> Iterator[None]:
    """Keras unrolls `predict` over the steps per execution, which takes longer to trace than to run."""
    steps, model.steps_per_execution = model.steps_per_execution, 1
    try:
        yield
    finally:
        model.steps_per_execution = steps


@cache
def _xla_works() -> bool:
    """Some platforms' TensorFlow comes without the XLA compiler; there, plain graphs have to do."""
    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1.0))
    except Exception:
        return False
    return True
