"""weekly_watts in vectorized pandas with all columns, for comparison with the mart.

It assumes one set of figures per athlete and weeks that start on Monday, as in the benchmark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import duckdb

ACTIVITIES = """
SELECT
  athlete_id, activity_id, activity_date, week, epoch(start_date)::BIGINT AS began_s,
  coalesce(family, 'other') AS family, coalesce(is_ebike, false) AS motor,
  coalesce(counts_for_power, false) AS for_power,
  coalesce(is_ride, false) OR coalesce(counts_for_power, false) AS cycle,
  coalesce(is_virtual, false) OR coalesce(trainer, false) AS indoor, coalesce(is_virtual, false) AS virtual,
  coalesce(commute, false) AS commutes, coalesce(manual, false) AS manual,
  coalesce(flagged, false) AS flagged,
  coalesce(device_watts, false) AS metered, device_watts IS NOT NULL AS has_watts, a.average_watts,
  weighted_average_watts AS weighted, a.max_watts AS peak, kilojoules, coalesce(moving_time_s, 0) AS seconds,
  distance_m AS meters, total_elevation_gain_m AS climb, average_heartrate_bpm AS bpm, suffer_score AS effort,
  recorded_s, normalized_power_w AS normalized, tss, best_5s_w, best_60s_w, best_300s_w, best_1200s_w,
  best_3600s_w
FROM bq_activities AS a
LEFT JOIN sport_rules USING (sport_type)
LEFT JOIN ride_power USING (athlete_id, activity_id)
CROSS JOIN mart_settings
WHERE deleted_at IS NULL AND activity_date <= as_of + 1
"""


BESTS = [f"best_{seconds}s_w" for seconds in (5, 60, 300, 1200, 3600)]


def weekly_watts(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The mart's columns from its input tables."""
    a = connection.execute(ACTIVITIES).df()
    settings = connection.execute("FROM mart_settings").df().iloc[0]
    a["athlete"], names = pd.factorize(a["athlete_id"], sort=True)
    a = a.join(_figures(connection), on="athlete_id")
    counted = (settings["count_commutes"] | ~a["commutes"]) & (settings["count_virtual"] | ~a["virtual"])
    a["counted"] = counted
    _judge(a)
    a["counted"] &= ~a["activity_id"].isin(_duplicates(a))
    span = a.groupby("athlete").agg(first=("week", "min"), last=("activity_date", "max"))
    span["today"] = span["last"].clip(lower=settings["as_of"])
    span["days"] = (span["today"] - span["first"]).dt.days % 7 + 1
    weeks = _calendar(span).merge(_sums(a, span), how="left", on=["athlete", "week"])
    return _output_columns(_progress(weeks), names)


def _figures(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    f = connection.execute("FROM athlete_profile").df().set_index("athlete_id")
    top = f["max_heartrate_bpm"].where(f["max_heartrate_bpm"].between(60, 250))
    rest = f["resting_heartrate_bpm"].where(f["resting_heartrate_bpm"].between(20, 120))
    own = f["threshold_heartrate_bpm"]
    threshold = own.where((own > rest) & (own <= top), rest + 0.85 * (top - rest))
    return pd.DataFrame(
        {
            "ftp": f["ftp_w"].where(f["ftp_w"].between(30, 700)),
            "kg": f["weight_kg"].where(f["weight_kg"].between(20, 300)),
            "top": top,
            "rest": rest,
            "threshold_share": (threshold - rest) / (top - rest),
        }
    )


def _judge(a: pd.DataFrame) -> None:
    """Replace implausible values, and classify the power of each activity."""
    a["raw_s"] = a["seconds"]
    a["seconds"] = a["seconds"].where(a["seconds"].between(1, 2_592_000), 0)
    a["meters"] = a["meters"].where(a["meters"].between(0, 2e7), 0)
    a["climb"] = a["climb"].where(a["climb"].between(0, 1e6), 0)
    a["bpm"] = a["bpm"].where(a["bpm"].between(25, 250) & (a["seconds"] > 0))
    a["effort"] = a["effort"].where(a["effort"].between(0, 1e5))
    a["weighted"] = a["weighted"].where((a["weighted"] > 0) & (a["weighted"] <= 2500))
    a["peak"] = a["peak"].where((a["peak"] > 0) & (a["peak"] <= 2500))
    a["watts"] = (
        (a["average_watts"] > 0)
        & (a["average_watts"] <= 2500)
        & (a["kilojoules"] > 0)
        & (a["kilojoules"] <= 2.5 * a["seconds"])
        & ~a["manual"]
    )
    a["joules"] = (a["kilojoules"] * 1000).round()
    a["recorded_s"] = a["recorded_s"].where(
        a["recorded_s"].between(1, 2_592_000) & (a["normalized"] > 0) & (a["normalized"] <= 2500)
    )
    a["tss"] = a["tss"].where(a["tss"].between(0, 1e5))
    for best in BESTS:
        a[best] = a[best].where((a[best] > 0) & (a[best] <= 2500))


def _duplicates(a: pd.DataFrame) -> pd.Series:
    """The ids of recordings that a better one of the same time replaces."""
    r = a.loc[
        a["raw_s"].between(1, 172_800) & ~a["manual"],
        ["athlete", "family", "activity_id", "began_s", "raw_s", "counted", "watts", "metered", "bpm"],
    ].sort_values(["athlete", "family", "began_s", "activity_id"])
    r["ended_s"] = r["began_s"] + r["raw_s"]
    r["merit"] = 4 * r["counted"] + 2 * (r["watts"] & r["metered"]) + r["bpm"].notna()
    grouped = r.groupby(["athlete", "family"], sort=False)
    last = pd.concat([r[["athlete", "family"]], grouped["ended_s"].cummax()], axis=1)
    until = last.groupby(["athlete", "family"], sort=False)["ended_s"].shift()
    touches = (until > r["began_s"]) | (grouped["began_s"].shift(-1) < r["ended_s"])
    r["cluster"] = (~(until > r["began_s"])).cumsum()
    near = r[touches]
    pairs = near.merge(near, on=["athlete", "family", "cluster"], suffixes=("", "_better"))
    same_merit = pairs["merit_better"] == pairs["merit"]
    same_time = same_merit & (pairs["raw_s_better"] == pairs["raw_s"])
    better = (
        (pairs["merit_better"] > pairs["merit"])
        | (same_merit & (pairs["raw_s_better"] > pairs["raw_s"]))
        | (same_time & (pairs["activity_id_better"] < pairs["activity_id"]))
    )
    common = np.minimum(pairs["ended_s"], pairs["ended_s_better"]) - np.maximum(
        pairs["began_s"], pairs["began_s_better"]
    )
    shorter = np.minimum(pairs["raw_s"], pairs["raw_s_better"])
    duplicate_ids: pd.Series = pairs.loc[better & (2 * common > shorter), "activity_id"]
    return duplicate_ids


def _sums(a: pd.DataFrame, span: pd.DataFrame) -> pd.DataFrame:
    a = a[a["counted"] & (a["motor"] | a["cycle"])].copy()
    ride = ~a["motor"]
    a["p"] = ride & a["for_power"] & a["watts"] & a["metered"]
    a["e"] = ride & a["for_power"] & a["watts"] & a["has_watts"] & ~a["metered"]
    a["pw"] = a["p"] & a["weighted"].notna()
    a["ph"] = a["pw"] & a["bpm"].notna()
    cut = (a["activity_date"] - a["week"]).dt.days < a["athlete"].map(span["days"])
    share = ((a["bpm"] - a["rest"]).clip(lower=0) / (a["top"] - a["rest"])).where(
        (a["top"] >= a["rest"] + 20) & (a["bpm"] <= a["top"] + 10)
    )
    lt = a["threshold_share"]
    by_weighted = (a["seconds"] / 36 * (a["weighted"] / a["ftp"]) ** 2).where(a["pw"])
    own_tss = a["tss"].where(a["p"])
    ratios = (own_tss / by_weighted).where((own_tss > 0) & (by_weighted > 0)).groupby(a["athlete"])
    scale = ratios.transform("median").where(ratios.transform("count") >= 5, 1.0)
    by_power = own_tss.fillna(by_weighted * scale)
    by_heart = (a["seconds"] / 36 * share * np.exp(1.92 * share) / (lt * np.exp(1.92 * lt))).where(
        ~a["manual"] & (lt > 0) & by_power.isna()
    )
    w4s = a["seconds"] * a["weighted"] ** 4
    long = a["pw"] & (a["seconds"] >= 1800) & ~a["flagged"]
    a["best_ride_weighted_watts"] = a["weighted"].where(long)
    a["max_watts"] = a["peak"].where(a["p"] & ~a["flagged"])
    a[BESTS] = a[BESTS].where(a["p"] & ~a["flagged"])
    has_seconds = a["p"] & a["recorded_s"].notna()
    scored = a["p"] & a["tss"].notna()
    kinds = {"": ride, "_cut": ride & cut}
    added: dict[str, pd.Series] = {
        "rides": ride.astype("int64"),
        "commute_rides": (ride & a["commutes"]).astype("int64"),
        "indoor_time_s": a["seconds"].where(ride & a["indoor"], 0),
        "commute_time_s": a["seconds"].where(ride & a["commutes"], 0),
        "climb_m": a["climb"].where(ride & ~a["indoor"], 0),
        "virtual_climb_m": a["climb"].where(ride & a["indoor"], 0),
        "ebike_rides": a["motor"].astype("int64"),
        "ebike_time_s": a["seconds"].where(a["motor"], 0),
        "ebike_distance_m": a["meters"].where(a["motor"], 0),
        "power_rides": a["p"].astype("int64"),
        "weighted_j": a["joules"].where(a["pw"], 0),
        "estimated_rides": a["e"].astype("int64"),
        "estimated_s": a["seconds"].where(a["e"], 0),
        "estimated_j": a["joules"].where(a["e"], 0),
        "heart_s": a["seconds"].where(ride & a["bpm"].notna(), 0),
        "beats": (a["seconds"] * a["bpm"]).where(ride, 0),
        "both_s": a["seconds"].where(a["ph"], 0),
        "both_w4s": w4s.where(a["ph"], 0),
        "both_beats": (a["seconds"] * a["bpm"]).where(a["ph"], 0),
        "weighed_s": a["seconds"].where(a["p"] & a["kg"].notna(), 0),
        "joules_per_kg": (a["joules"] / a["kg"]).where(a["p"], 0),
        "stream_rides": has_seconds.astype("int64"),
        "stream_power_s": a["seconds"].where(has_seconds, 0),
        "stream_s": a["recorded_s"].where(has_seconds, 0),
        "normalized_w4s": (a["recorded_s"] * a["normalized"] ** 4).where(has_seconds, 0),
        "tss": a["tss"].where(scored, 0),
        "tss_rides": scored.astype("int64"),
        "efforts": (ride & a["effort"].notna()).astype("int64"),
        "relative_effort": a["effort"].where(ride, 0),
        "by_power": (ride & by_power.notna()).astype("int64"),
        "by_heart": (ride & by_heart.notna()).astype("int64"),
        "training_load": by_power.fillna(by_heart).where(ride, 0),
    }
    for suffix, which in kinds.items():
        added[f"moving_time_s{suffix}"] = a["seconds"].where(which, 0)
        added[f"distance_m{suffix}"] = a["meters"].where(which, 0)
        added[f"power_s{suffix}"] = a["seconds"].where(a["p"] & which, 0)
        added[f"work_j{suffix}"] = a["joules"].where(a["p"] & which, 0)
        added[f"weighted_s{suffix}"] = a["seconds"].where(a["pw"] & which, 0)
        added[f"weighted_w4s{suffix}"] = w4s.where(a["pw"] & which, 0)
    keys = [a["athlete"], a["week"]]
    sums = pd.DataFrame(added).groupby(keys).sum()
    highest = a.groupby(["athlete", "week"])[["best_ride_weighted_watts", "max_watts", *BESTS]].max()
    days = a[ride].groupby(["athlete", "week"])["activity_date"].nunique().rename("ride_days")
    best = (
        a[long]
        .sort_values(["weighted", "activity_date", "activity_id"], ascending=[False, True, True])
        .drop_duplicates(["athlete", "week"])
        .set_index(["athlete", "week"])["activity_id"]
        .rename("best_ride_id")
    )
    return sums.join([highest, days, best]).reset_index()


def _calendar(span: pd.DataFrame) -> pd.DataFrame:
    count = (span["today"] - span["first"]).dt.days // 7 + 1
    rows = span.loc[span.index.repeat(count)].reset_index()
    rows["number"] = rows.groupby("athlete").cumcount()
    rows["week"] = rows["first"] + pd.to_timedelta(7 * rows["number"], unit="D")
    elapsed = (rows["today"] - rows["week"]).dt.days
    rows["is_partial"] = elapsed < 7
    rows["days_elapsed"] = (elapsed + 1).clip(upper=7)
    return rows[["athlete", "week", "number", "is_partial", "days_elapsed"]]


MAY_BE_NULL = ("athlete", "week", "best_ride_weighted_watts", "max_watts", "best_ride_id", *BESTS)


def _over(above: pd.Series, below: pd.Series) -> pd.Series:
    return above / below.where(below != 0)


def _percent(now: pd.Series, base: pd.Series) -> pd.Series:
    return 100 * _over(now - base, base)


def _progress(w: pd.DataFrame) -> pd.DataFrame:
    filled = [str(name) for name in w if name not in MAY_BE_NULL]
    w[filled] = w[filled].fillna(0)
    grouped = w.groupby("athlete", sort=False)
    partial = w["is_partial"]

    def ago(name: str, count: int) -> pd.Series:
        return grouped[f"{name}_cut"].shift(count).where(partial, grouped[name].shift(count))

    w["average_watts"] = _over(w["work_j"], w["power_s"])
    w["weighted_average_watts"] = _over(w["weighted_w4s"], w["weighted_s"]) ** 0.25
    w["average_watts_previous"] = _over(ago("work_j", 1), ago("power_s", 1))
    w["moving_time_change_pct"] = _percent(w["moving_time_s"], ago("moving_time_s", 1))
    w["distance_change_pct"] = _percent(w["distance_m"], ago("distance_m", 1))
    w["average_watts_year_ago"] = _over(ago("work_j", 52), ago("power_s", 52))
    w["weighted_average_watts_year_ago"] = _over(ago("weighted_w4s", 52), ago("weighted_s", 52)) ** 0.25
    w["moving_time_year_ago_change_pct"] = _percent(w["moving_time_s"], ago("moving_time_s", 52))
    w["n_s"] = w["number"] * w["power_s"]
    w["nn_s"] = w["number"] * w["n_s"]
    w["n_j"] = w["number"] * w["work_j"]
    w["strong"] = (w["power_rides"] > 0).astype("int64")
    summed = [
        "work_j",
        "power_s",
        "weighted_w4s",
        "weighted_s",
        "moving_time_s",
        "n_s",
        "nn_s",
        "n_j",
        "strong",
    ]
    running = w.groupby("athlete", sort=False)[summed].cumsum()
    running["athlete"] = w["athlete"]

    def last(count: int) -> pd.DataFrame:
        return running[summed] - running.groupby("athlete", sort=False)[summed].shift(count, fill_value=0)

    four, twelve = last(4), last(12)
    w["average_watts_4w"] = _over(four["work_j"], four["power_s"])
    w["weighted_average_watts_4w"] = _over(four["weighted_w4s"], four["weighted_s"]) ** 0.25
    w["moving_time_4w_s"] = four["moving_time_s"]
    four["athlete"] = w["athlete"]
    before = four.groupby("athlete", sort=False)[["work_j", "power_s"]].shift(4)
    less = {
        name: (grouped[f"{name}_cut"].shift(4) - grouped[name].shift(4)).where(partial, 0)
        for name in ("work_j", "power_s")
    }
    w["average_watts_4w_change_pct"] = _percent(
        w["average_watts_4w"],
        _over(before["work_j"] + less["work_j"], before["power_s"] + less["power_s"]),
    )
    w["average_watts_12w"] = _over(twelve["work_j"], twelve["power_s"])
    w["weighted_average_watts_12w"] = _over(twelve["weighted_w4s"], twelve["weighted_s"]) ** 0.25
    slope = _over(
        twelve["power_s"] * twelve["n_j"] - twelve["n_s"] * twelve["work_j"],
        twelve["power_s"] * twelve["nn_s"] - twelve["n_s"] ** 2,
    )
    w["trend_12w_watts_per_week"] = slope.where(twelve["strong"] >= 4)
    power_week = w["number"].where(w["strong"] > 0)
    w["power_week"] = power_week.groupby(w["athlete"], sort=False).ffill()
    w["weeks_since_power"] = w["number"] - w.groupby("athlete", sort=False)["power_week"].shift()
    enough = w["average_watts"].where(w["power_s"] >= 10_800)
    w["so_far"] = enough.groupby(w["athlete"], sort=False).cummax()
    w["best_average_watts_so_far"] = w.groupby("athlete", sort=False)["so_far"].ffill()
    earlier = w.groupby("athlete", sort=False)["best_average_watts_so_far"].shift()
    w["is_best_week"] = enough > earlier.fillna(0)
    return w


def _output_columns(w: pd.DataFrame, names: pd.Index) -> pd.DataFrame:
    iso = w["week"].dt.isocalendar()
    w["athlete_id"] = names.to_numpy()[w["athlete"]]
    w["iso_year"], w["iso_week"] = iso["year"].astype("int64"), iso["week"].astype("int64")
    w["indoor_share"] = _over(w["indoor_time_s"], w["moving_time_s"])
    w["commute_share"] = _over(w["commute_time_s"], w["moving_time_s"])
    w["ebike_share"] = _over(w["ebike_time_s"], w["ebike_time_s"] + w["moving_time_s"])
    w["power_coverage"] = _over(w["power_s"], w["moving_time_s"])
    w["work_kj"] = w["work_j"] / 1000
    w["variability"] = _over(w["weighted_average_watts"], _over(w["weighted_j"], w["weighted_s"]))
    w["estimated_average_watts"] = _over(w["estimated_j"], w["estimated_s"])
    w["average_watts_per_kg"] = _over(w["joules_per_kg"], w["weighed_s"])
    w["average_heartrate_bpm"] = _over(w["beats"], w["heart_s"])
    w["watts_per_heartbeat"] = _over(
        _over(w["both_w4s"], w["both_s"]) ** 0.25, _over(w["both_beats"], w["both_s"])
    )
    w["stream_coverage"] = _over(w["stream_power_s"], w["power_s"])
    w["normalized_power_w"] = _over(w["normalized_w4s"], w["stream_s"]) ** 0.25
    w["tss"] = w["tss"].where(w["tss_rides"] > 0)
    w["relative_effort"] = w["relative_effort"].where(w["efforts"] > 0)
    w["relative_effort_rides"] = w["efforts"]
    w["training_load_rides"] = w["by_power"] + w["by_heart"]
    by_power, by_heart = w["by_power"] > 0, w["by_heart"] > 0
    w["training_load"] = w["training_load"].where(by_power | by_heart)
    w["load_source"] = np.select(
        [by_power & by_heart, by_power, by_heart], ["mixed", "power", "heart_rate"], "none"
    )
    for suffix, base in (("", "previous"), ("_year_ago", "year_ago")):
        then = w[f"average_watts_{base}"]
        w[f"average_watts{suffix}_change_w"] = w["average_watts"] - then
        w[f"average_watts{suffix}_change_pct"] = _percent(w["average_watts"], then)
    return w
