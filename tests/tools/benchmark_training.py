"""Time a plain loop (build, compile, fit for each seed) against the experiment helper, on the same training.

    uv run python tests/tools/benchmark_training.py

LSTM(32) + Dense(1) on 1,000 x 30 x 4 random values, batch 32, 10 seeds x 20 epochs. The results of both sides are
compared; the last line is `ratio: N`, the time of the plain loop over that of the helper, once by the clock and once
in processor time, which counts all cores and says more on a machine that does other work besides.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import helpers  # noqa: F401 - sets TensorFlow's environment variables, so before its import

# isort: split
import keras
import numpy as np

from helpers.experiment import Arm, repeat

SEEDS, EPOCHS, BATCH = range(10), 20, 32
# XLA rounds differently, and training magnifies the last digit: losses near 1 agree to four digits or the run fails.
TOLERANCE = 1e-4


def build() -> keras.Model:
    return keras.Sequential([keras.Input((30, 4)), keras.layers.LSTM(32), keras.layers.Dense(1)])


def plain(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Losses (seeds, epochs) of the loop that everybody writes."""
    losses = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        model = build()
        model.compile(optimizer="adam", loss="mse")
        losses.append(model.fit(x, y, epochs=EPOCHS, batch_size=BATCH, verbose=0).history["loss"])
    return np.array(losses)


def helper(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same losses (seeds, epochs) by the experiment helper."""
    arm = Arm(build, x, y, compile={"optimizer": "adam", "loss": "mse"}, fit={"epochs": EPOCHS, "batch_size": BATCH})
    history = repeat({"arm": arm}, seeds=SEEDS, progress=False).history
    return history.pivot(index="seed", columns="epoch", values="value").to_numpy()


def main() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1000, 30, 4)).astype("float32"), rng.normal(size=(1000, 1)).astype("float32")
    build()  # what TensorFlow does once per process belongs to neither side
    seconds, losses = {}, {}
    for name, train in {"plain": plain, "helper": helper}.items():
        start = np.array([time.perf_counter(), time.process_time()])
        losses[name] = train(x, y)
        seconds[name] = np.array([time.perf_counter(), time.process_time()]) - start
        clock, processor = seconds[name]
        epochs = len(SEEDS) * EPOCHS
        print(f"{name}: {clock:.1f} s, {processor:.1f} s of processor time, tracing included", end="; ")
        print(f"per epoch {1000 * clock / epochs:.0f} ms and {1000 * processor / epochs:.0f} ms")
    difference = np.abs(losses["plain"] - losses["helper"]).max()
    print(f"largest difference between two losses: {difference:.1e} (allowed: {TOLERANCE})")
    if not difference < TOLERANCE:
        sys.exit("the two sides do not train the same model")
    clock, processor = seconds["plain"] / seconds["helper"]
    print(f"ratio: {clock:.2f} (processor time: {processor:.2f})")


if __name__ == "__main__":
    main()
