"""The longer study of lesson 21: which regularizer buys what, on five splits of the ten people.

    uv run python data/studies/regularization.py

Writes data/studies/regularization.csv, a row per arm, split and seed; data/README.md says what its columns are.
"""

import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np
import pandas as pd
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import data, experiment

TARGET = data.DATA / "studies/regularization.csv"
SPLITS, SEEDS, EPOCHS, BATCH = 5, range(3), 30, 16
CROSS_ENTROPY = "sparse_categorical_crossentropy"


def network(dropout=0.0, l2=0.0, recurrent_dropout=0.0, document_002=False):
    """The lesson's network, with an LSTM in place of its dense layer, and one thing added.

    Dropout has seeds, so that all start from the same weights.
    """

    def build():
        # Without L2 there is no regularizer object at all, so that nothing is added to the loss.
        every = {"kernel_regularizer": keras.regularizers.L2(l2)} if l2 else {}
        recurrent = {"recurrent_regularizer": keras.regularizers.L2(l2)} if l2 else {}
        if document_002:  # L2(0.01) on the LSTM's kernel, then batch normalization, then dropout
            recurrent = {"kernel_regularizer": keras.regularizers.L2(0.01)}
        return keras.Sequential(
            [
                keras.Input((75, 6)),
                layers.Conv1D(64, 5, strides=3, activation="relu", **every),
                layers.MaxPooling1D(2),
                *([layers.Dropout(dropout, seed=19)] if dropout else []),
                layers.LSTM(64, recurrent_dropout=recurrent_dropout, **every, **recurrent),
                *([layers.BatchNormalization(), layers.Dropout(0.3, seed=20)] if document_002 else []),
                *([layers.Dropout(dropout, seed=20)] if dropout else []),
                layers.Dense(7, activation="softmax", **every),
            ]
        )

    return build


class KeepBest(keras.callbacks.Callback):
    """Remembers the weights at the epoch with the lowest validation cross-entropy, and times the training."""

    def on_train_begin(self, logs=None):
        self.lowest, self.started = np.inf, time.process_time()

    def on_train_end(self, logs=None):
        self.seconds = time.process_time() - self.started

    def on_epoch_end(self, epoch, logs=None):
        if logs[f"val_{CROSS_ENTROPY}"] < self.lowest:
            self.lowest, self.epoch, self.weights = logs[f"val_{CROSS_ENTROPY}"], epoch + 1, self.model.get_weights()


def split(number: int, people: int, per_recording: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(X, y) of train, validation and test. Split 0 trains on persons 1 to 6, validates on 7, 8 and tests on 9, 10;
    every next split moves all of them on by two. `people` and `per_recording` thin out the training part."""
    watch = data.load_watch_exercises()
    order = (np.arange(10) + 2 * number) % 10 + 1
    train, validation, test = data.split_by_group(watch.subject, validation=order[6:8], test=order[8:])
    train &= np.isin(watch.subject, order[:people]) & (np.arange(len(watch.y)) % 6 < per_recording)
    mean, std = watch.X[train].mean(axis=(0, 1)), watch.X[train].std(axis=(0, 1))
    return [((watch.X[part] - mean) / std, watch.y[part]) for part in (train, validation, test)]


def cross_entropy(probabilities: np.ndarray, y: np.ndarray) -> float:
    return -np.log(np.maximum(probabilities[np.arange(len(y)), y], 1e-7)).mean()


def soften(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    powers = np.maximum(probabilities.astype("float64"), 1e-12) ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def scores(model: keras.Model, parts: Sequence, keeper: KeepBest) -> dict[str, float]:
    """Everything that the table holds about one trained network."""
    found = {"best_epoch": keeper.epoch, "cpu_seconds": keeper.seconds}
    for when in ("end", "best"):
        if when == "best":
            model.set_weights(keeper.weights)
        predicted = [model(X, training=False).numpy() for X, _ in parts]
        for name, p, (_, y) in zip(("train", "validation", "test"), predicted, parts, strict=True):
            found[f"{name}_loss_{when}"] = cross_entropy(p, y)
            found[f"{name}_accuracy_{when}"] = (p.argmax(axis=1) == y).mean()
        temperatures = np.geomspace(0.3, 10, 100)
        losses = [cross_entropy(soften(predicted[1], t), parts[1][1]) for t in temperatures]
        found[f"temperature_{when}"] = temperatures[np.argmin(losses)]
        found[f"test_loss_softened_{when}"] = cross_entropy(
            soften(predicted[2], found[f"temperature_{when}"]), parts[2][1]
        )
        found[f"test_confidence_{when}"] = predicted[2].max(axis=1).mean()
    return found


def study() -> pd.DataFrame:
    """All arms on all splits. An arm is (name, build, people, windows per recording, batch size)."""
    plain, dropout = network(), network(dropout=0.5)
    arms = [
        ("none", plain, 6, 2, BATCH),
        ("none, 2 people", plain, 2, 6, BATCH),
        ("none, 4 people", plain, 4, 3, BATCH),
        ("none, 336 windows", plain, 6, 4, BATCH),
        ("none, 504 windows", plain, 6, 6, BATCH),
        ("none, batch of 4", plain, 6, 2, 4),
        *(
            (f"dropout {rate}", dropout if rate == 0.5 else network(dropout=rate), 6, 2, BATCH)
            for rate in (0.2, 0.5, 0.7)
        ),
        ("dropout 0.5, 2 people", dropout, 2, 6, BATCH),
        ("dropout 0.5, 504 windows", dropout, 6, 6, BATCH),
        *((f"L2 {strength}", network(l2=strength), 6, 2, BATCH) for strength in (0.001, 0.01, 0.03, 0.1)),
        ("dropout 0.5, L2 0.01", network(dropout=0.5, l2=0.01), 6, 2, BATCH),
        ("recurrent dropout 0.5", network(recurrent_dropout=0.5), 6, 2, BATCH),
        ("document 002", network(document_002=True), 6, 2, BATCH),
    ]
    compile = {"optimizer": "adam", "loss": CROSS_ENTROPY, "metrics": ["accuracy", CROSS_ENTROPY]}
    rows = []
    for build in dict.fromkeys(arm[1] for arm in arms):
        keeper, planned = KeepBest(), {}
        for name, _, people, per_recording, batch in (arm for arm in arms if arm[1] is build):
            for number in range(SPLITS):
                parts = split(number, people, per_recording)
                fit = {"epochs": EPOCHS, "batch_size": batch, "validation_batch_size": 168, "validation_data": parts[1]}
                fit["callbacks"] = lambda keeper=keeper: [keeper]
                measure = partial(scores, parts=parts, keeper=keeper)
                planned[name, number] = experiment.Arm(build, *parts[0], compile, fit, measure=measure)
        runs = experiment.repeat(planned, SEEDS)
        table = runs.measured.pivot(index=["arm", "seed"], columns="measure", values="value").reset_index()
        for row in table.to_dict("records"):
            name, number = row.pop("arm")
            rows.append({"arm": name, "split": number, **row})
    return pd.DataFrame(rows)


def baseline() -> pd.DataFrame:
    """Logistic regression on mean and standard deviation of each channel. It has no epochs and draws no seed."""
    rows = []
    for name, per_recording in (("logistic regression", 2), ("logistic regression, 504 windows", 6)):
        for number in range(SPLITS):
            parts = [(np.hstack([X.mean(axis=1), X.std(axis=1)]), y) for X, y in split(number, 6, per_recording)]
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(*parts[0])
            row = {"arm": name, "split": number, "seed": 0, "best_epoch": 0}
            for part, (X, y) in zip(("train", "validation", "test"), parts, strict=True):
                row[f"{part}_loss_end"] = cross_entropy(model.predict_proba(X), y)
                row[f"{part}_accuracy_end"] = model.score(X, y)
            rows.append(row)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    table = pd.concat([study(), baseline()])
    table["best_epoch"] = table["best_epoch"].astype(int)
    columns = ["arm", "split", "seed", "best_epoch", *sorted(set(table) - {"arm", "split", "seed", "best_epoch"})]
    table[columns].round(4).to_csv(TARGET, index=False)
    print(table.groupby("arm", sort=False).mean(numeric_only=True).round(2).to_string())
