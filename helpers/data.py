"""Data sets, windows and splits.

Loaders return documented tables; `windows` cuts a series into samples for a recurrent network; the two splits
come *before* the windows, so that no window of one part can hold a row of another. Introduced in lesson 01.
"""

import hashlib
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

DATA = Path(__file__).resolve().parent.parent / "data"


class DataError(Exception):
    """A data file is missing or damaged; the message says which, and what to do."""


class Windows(NamedTuple):
    """Samples cut from a table: `X` (samples, timesteps, features) and `y` (samples, 1), both float32;
    `rows` (samples, 2): the first and the last row of the table that a sample touches, its target included."""

    X: np.ndarray
    y: np.ndarray
    rows: np.ndarray


class Parts(NamedTuple):
    """The three parts of a data set. Everything fitted is fitted on `train`; `test` is looked at once, at the end."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def data_file(name: str) -> Path:
    """Path of a file of the course's data folder, after its SHA-256 has been compared with that in data/SHA256SUMS.

    Raises DataError if the file is missing or its content is not the published one.
    """
    path, sums = DATA / name, DATA / "SHA256SUMS"
    mend = "Get it back with `git checkout -- data`, or clone the course again."
    for file in (path, sums):
        if not file.is_file():
            raise DataError(f"data/{file.relative_to(DATA).as_posix()} is missing. {mend}")
    expected = {known: digest for digest, known in map(str.split, sums.read_text().splitlines())}[name]
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise DataError(f"data/{name} is damaged: expected SHA-256 {expected}, found {found}. {mend}")
    return path


def load_beijing_air() -> pd.DataFrame:
    """Air quality and weather at the US embassy in Beijing, hourly, 2013 and 2014: 17,520 rows, indexed by time.

    Columns: `pm25` µg/m³ (181 values missing), `dew_point` °C, `temperature` °C, `pressure` hPa,
    `wind_direction` (NW, NE, SE, cv), `wind_speed` cumulated m/s, `snow_hours` and `rain_hours` cumulated hours.

    Source: S. Chen, UCI Machine Learning Repository no. 381, doi 10.24432/C5JS49. Lesson 01.
    """
    table = pd.read_csv(data_file("beijing_pm25_2013_2014.csv.gz"))
    table.index = pd.DatetimeIndex(pd.to_datetime(table[["year", "month", "day", "hour"]]), name="time")
    names = ["pm25", "dew_point", "temperature", "pressure", "wind_direction", "wind_speed", "snow_hours", "rain_hours"]
    return table[["pm2.5", "DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir"]].set_axis(names, axis="columns")


def load_brent() -> pd.DataFrame:
    """Price of crude oil, Brent, on 8,195 business days from 1987-05-20 to 2019-08-26, indexed by time.

    Column: `usd_per_barrel`, US dollars, 9.10–143.95, none missing.

    Source: US Energy Information Administration. Lesson 03.
    """
    return pd.read_csv(data_file("brent_1987_2019.csv.gz"), parse_dates=["date"]).set_index("date").rename_axis("time")


def load_co2() -> pd.DataFrame:
    """Carbon dioxide in the air above Mauna Loa, weekly, 1958-03-29 to 2001-12-29: 2,284 rows, indexed by time.

    Column: `co2` parts per million by volume, 313.0–373.9, 59 missing.

    Source: Keeling & Whorf, Carbon Dioxide Information Analysis Center. Lesson 02.
    """
    table = pd.read_csv(data_file("co2_weekly.csv.gz"))
    table.index = pd.DatetimeIndex(pd.to_datetime(table["date"].astype(str), format="%Y%m%d"), name="time")
    return table[["co2"]]


def load_newark_weather() -> pd.DataFrame:
    """Weather at Newark airport, hourly, 2013: 8,703 rows, indexed by time (UTC); 27 hours have no row.

    Columns: `temperature` and `dew_point` °F, `humidity` %, `wind_direction` degrees, `wind_speed` and `wind_gust` mph,
    `precipitation` inches in the hour, `pressure` hPa, `visibility` miles. Missing values stay missing (935 pressures,
    6,901 gusts), and one impossible wind speed of 1,048 mph stays.

    Source: US National Weather Service, by way of the R package nycflights13. Lesson 06.
    """
    table = pd.read_csv(data_file("ewr_weather_2013.csv.gz"))
    table.index = pd.DatetimeIndex(pd.to_datetime(table.pop("time_hour")).dt.tz_localize(None), name="time")
    names = ["temperature", "dew_point", "humidity", "wind_direction", "wind_speed", "wind_gust", "precipitation"]
    return table.set_axis([*names, "pressure", "visibility"], axis="columns")


def load_metro_traffic() -> pd.DataFrame:
    """Traffic on a motorway near Minneapolis, hourly, 2013-11-06 to 2016-12-30: 17,174 rows, indexed by time; 10,446
    hours have no row. From 2016-04 on few are missing (204 of 6,576).

    Columns: `temperature` K (ten of 0 K), `rain` mm in the hour (one of 9,831), `snow` mm in the hour, `clouds` %,
    `traffic` vehicles per hour, westbound.

    Source: J. Hogue, UCI Machine Learning Repository no. 492, doi 10.24432/C5X60B. Lesson 07.
    """
    table = pd.read_csv(data_file("metro_traffic.csv.gz"), parse_dates=["date_time"]).set_index("date_time")
    return table.set_axis(["temperature", "rain", "snow", "clouds", "traffic"], axis="columns").rename_axis("time")


def load_watch_exercises() -> Bunch:
    """Seven shoulder exercises of ten people, as a smart watch feels them: 840 windows of 3 seconds at 25 Hz.

    `X` (840, 75, 6) float32: acceleration `ax`, `ay`, `az` and rotation rate `wx`, `wy`, `wz` (units: data/README.md).
    `y`, `subject`, `recording` (840,) int: the exercise 0–6, the person 1–10, and which of the 140 recordings.
    `classes`, `channels`: names. Each person did each exercise in two recordings, of which the data hold six windows
    each: 120 windows per exercise. The six follow each other in `X` and in time, and share no sample.

    Source: D. Burns et al., arXiv 1802.01489. Lesson 02.
    """
    with np.load(data_file("watch_exercises.npz")) as file:
        return Bunch(
            X=file["X"].astype("float32"),
            y=file["y"].astype(int),
            subject=file["subject"].astype(int),
            recording=np.arange(len(file["y"])) // 6,
            classes=tuple(file["classes"].tolist()),
            channels=tuple(file["channels"].tolist()),
        )


def load_ecg_beats() -> Bunch:
    """One lead of one patient's electrocardiogram, cut into 2,278 beats: 2,164 normal, 114 premature ventricular.

    `X` (2278, 160) float32, millivolts: 60 samples before each beat's mark and 100 from it on, 4 ms apart. `y` (2278,)
    int: 1 for a premature ventricular beat, 0 for a normal one. `seconds` (2278,) float64: when in the half hour of the
    recording the mark stands, in order. Beats may stand less than 100 samples apart, so that the end of one window can
    hold the beginning of the next; windows cut to their first 89 samples share none.

    Source: AHA Database sample record 0201, PhysioNet `ahadb`; Goldberger et al., Circulation 101(23), 2000. Lesson 05.
    """
    with np.load(data_file("ahadb_0201_beats.npz")) as file:
        X, y = file["X"].astype("float32") / int(file["adc_per_mV"]), file["y"].astype(int)
        return Bunch(X=X, y=y, seconds=file["sample"] / int(file["fs"]))


def split_by_time(table: pd.DataFrame, fractions: Sequence[float] = (0.6, 0.2, 0.2), gap: int = 0) -> Parts:
    """Cut a table into train, validation and test in the order of its rows, leaving out `gap` rows at each cut.

    `fractions` are the shares of the rows that remain after the gaps, and sum to 1. Lesson 01; why a gap: lesson 03.
    """
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be three positive numbers that sum to 1, got {tuple(fractions)}")
    if gap < 0:
        raise ValueError(f"gap is a number of rows, 0 or more, got {gap}")
    if isinstance(table.index, pd.DatetimeIndex) and not table.index.is_monotonic_increasing:
        raise ValueError("the table is not in order of time: sort it first, with table.sort_index()")
    usable = len(table) - 2 * gap
    train, validation = (int(usable * share) for share in fractions[:2])
    if min(train, validation, usable - train - validation) < 1:
        raise ValueError(f"{len(table)} rows are too few for the fractions {tuple(fractions)} and a gap of {gap} rows")
    second, third = train + gap, train + gap + validation + gap
    return Parts(table.iloc[:train], table.iloc[second : second + validation], table.iloc[third:])


def split_by_group(groups: Sequence[Hashable], validation: Sequence[Hashable], test: Sequence[Hashable]):
    """Boolean masks (train, validation, test) of the samples, by the group (person, machine, recording) of each.

    `groups` (samples,) names each sample's group; `validation` and `test` list the groups held out. Lesson 02.
    """
    groups = np.asarray(groups)
    if groups.ndim != 1:
        raise ValueError(f"groups must have shape (samples,), got {groups.shape}")
    if overlap := set(validation) & set(test):
        raise ValueError(f"in both validation and test: {sorted(overlap)}")
    if unknown := (set(validation) | set(test)) - set(groups.tolist()):
        raise ValueError(f"no sample belongs to these groups: {sorted(unknown)}")
    in_validation, in_test = np.isin(groups, list(validation)), np.isin(groups, list(test))
    in_train = ~in_validation & ~in_test
    if not in_train.any():
        raise ValueError("every group is held out: nothing is left to train on")
    return in_train, in_validation, in_test


def windows(
    table: pd.DataFrame,
    inputs: Sequence[str],
    target: str,
    timesteps: int,
    horizon: int = 1,
    stride: int = 1,
    step: str | None = None,
    keep_missing: bool = False,
) -> Windows:
    """Cut a table into samples: `timesteps` rows of `inputs`, and the `target` `horizon` rows after the last of them.

    A new sample starts every `stride` rows. With `step` (such as "1h") no sample reaches across a place where the
    index does not go on by exactly that step. Samples with a missing value in the inputs or the target are left out;
    with `keep_missing`, only those whose target is missing (lesson 06).
    Call it on each part of a split, never on the whole. Lesson 01.
    """
    if missing := [name for name in [*inputs, target] if name not in table.columns]:
        raise ValueError(f"no such column: {missing}; the table has {list(table.columns)}")
    if min(timesteps, horizon, stride) < 1:
        raise ValueError(f"timesteps, horizon and stride must be 1 or more, got {timesteps}, {horizon}, {stride}")
    values = table[list(inputs)].to_numpy("float32")
    targets = table[target].to_numpy("float32")
    length = timesteps + horizon
    if len(table) < length:
        raise ValueError(
            f"a table of shape {table.shape} has too few rows for a window of {timesteps} + horizon {horizon} rows"
        )
    first = np.arange(0, len(table) - length + 1, stride)
    segment = np.zeros(len(table), int)
    if step is not None:
        gaps = np.diff(table.index.to_numpy()) != np.timedelta64(pd.Timedelta(step))
        segment[1:] = np.cumsum(gaps)
    last = first + length - 1
    first = first[segment[first] == segment[last]]
    X = values[first[:, None] + np.arange(timesteps)]
    y = targets[first + length - 1][:, None]
    complete = ~np.isnan(y[:, 0]) & (keep_missing | ~np.isnan(X).any(axis=(1, 2)))
    if not complete.any():
        raise ValueError(f"no window of {timesteps} + {horizon} rows without a gap or missing value in {table.shape}")
    rows = np.stack([first, first + length - 1], axis=1)
    return Windows(X[complete], y[complete], rows[complete])
