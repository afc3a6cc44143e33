"""Rows of `ride_power` and `ride_bests` for the marts' tests: by hand, and random ones that spare nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = dict[str, Any]
BEST_EFFORTS_S = (5, 60, 300, 1200, 3600)
FITTED_S = (120, 180, 300, 480, 720, 1200)
ZONES = [f"power_zone_{n}_s" for n in range(1, 8)] + [f"heartrate_zone_{n}_s" for n in range(1, 6)]


def measured(activity_id: str, **fields: Any) -> Row:
    """One row of `ride_power`: an hour at a normalized power of 210 W, unless the fields say otherwise."""
    return {
        "athlete_id": "7",
        "activity_id": activity_id,
        "source": "archive",
        "quality": "good",
        "recorded_s": 3600,
        "paused_s": 0,
        "pauses": 0,
        "power_missing_s": 0,
        "spikes": 0,
        "normalized_power_w": 210.0,
        "inputs_digest": "d",
        "computed_at": datetime(2026, 1, 1, tzinfo=UTC),
    } | fields


def held(activity_id: str, watts: Mapping[int, float], athlete_id: str = "7") -> list[Row]:
    """Rows of `ride_bests`: so many watts over so many seconds."""
    return [
        {
            "athlete_id": athlete_id,
            "activity_id": activity_id,
            "duration_s": duration_s,
            "energy_j": round(mean * duration_s),
            "watts": round(mean * duration_s) / duration_s,
            "begins_at_s": duration_s % 97,
        }
        for duration_s, mean in watts.items()
    ]


def held_late(activity_id: str, basis: str, level: int, watts: Mapping[int, float]) -> list[Row]:
    """Rows of `ride_bests_after_work`: so many watts over so many seconds after so much work."""
    return [row | {"work_basis": basis, "after_work": level} for row in held(activity_id, watts)]


def zoned(activity_id: str, **fields: Any) -> Row:
    """One row of `recording_zones`: an hour without any zone, unless the fields say otherwise."""
    return {
        "athlete_id": "7",
        "activity_id": activity_id,
        "source": "archive",
        "family": "ride",
        "recorded_s": 3600,
        "power_s": 0,
        "heartrate_s": 0,
        "inputs_digest": "d",
        "computed_at": datetime(2026, 1, 1, tzinfo=UTC),
    } | fields


def power_and_bests(curves: Mapping[str, Mapping[int, float]]) -> dict[str, Any]:
    """The arguments `power` and `bests` of the marts, for rides of these ids and bests."""
    return {
        "power": [measured(activity_id) for activity_id in curves],
        "bests": [row for activity_id, watts in curves.items() for row in held(activity_id, watts)],
    }


_ODDITIES: dict[str, list[Any]] = {
    "normalized_power_w": [None, 0.0, -5.0, float("nan"), float("inf"), 2501.0],
    "recorded_s": [0, -1, 10**12],
    "decoupling_pct": [0.0, 101.0, float("nan"), float("-inf")],
    "tss": [None, 0.0, -1.0, float("nan"), 1e300],
    "best_5s_w": [None, 0.0, -1.0, float("nan"), 1e300],
    "best_1200s_w": [None, 0.0, 9_000.0, float("inf")],
    "work_j": [None, 0, -1, 10**12],
    "xpower_w": [None, 0.0, -1.0, float("nan"), 3_000.0],
    "max_watts": [0.0, float("nan"), 30_000.0],
    "power_zone_1_s": [None, -1, 10**12],
    "heartrate_zone_5_s": [None, 0],
}
_LENGTHS = [(), (5, 60), (300, 720), (5, 60, *FITTED_S), (5, 60, *FITTED_S, 3600, 7200)]


def _near(chance: Random, summary: float | None, unit: int) -> int | None:
    """A value that agrees with the summary's, one that does not, or none."""
    usable = summary if summary is not None and 0 < summary < 1e6 else 200.0
    factor = chance.choice([None, 0.5, 0.95, 1.0, 1.0, 1.05, 2.0])
    return None if factor is None else round(usable * unit * factor)


def random_seconds(seed: int, history: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """`ride_power` and `ride_bests` for about two thirds of the activities, and for one that does not exist.

    Whether an activity is a ride at all is not asked: what may count is the marts' to decide.
    """
    chance = Random(seed)  # noqa: S311 - a history, not a secret
    power, bests = [], []
    for row in [*history, {"athlete_id": "7", "activity_id": "gone"}]:
        if chance.random() < 0.35:
            continue
        level = chance.choice([90, 150, 151, 220, 222, 300])
        capacity = chance.choice([0, 9_000, 20_000, 20_000, 60_000])
        durations = chance.choice(
            [(), (5, 60), (5, 60, *FITTED_S), (5, 60, *FITTED_S, 3600, 7200), (300, 720)]
        )
        curve = {d: level + capacity / (d + 12) + chance.choice([0, 0, 3]) for d in durations}
        if durations and chance.random() < 0.1:
            curve[chance.choice(durations)] = chance.choice([0, -20, 2600])
        fields: Row = {
            "athlete_id": row["athlete_id"],
            "recorded_s": chance.choice([1790, 3590, 7300]),
            "normalized_power_w": level + chance.choice([5.0, 31.5]),
            "tss": chance.choice([None, 42.0, 99.5]),
            "decoupling_pct": chance.choice([None, 3.5, -2.0, 11.0]),
            **{f"best_{d}s_w": float(curve[d]) for d in BEST_EFFORTS_S if d in curve},
            # Work and xPower near the summary's, half or twice of them, or not known.
            "work_j": _near(chance, row.get("kilojoules"), 1000),
            "xpower_w": _near(chance, row.get("weighted_average_watts"), 1),
            "max_watts": chance.choice([None, 400.0, 650.0]),
            "source": chance.choice(["api", "archive", "file"]),
            "quality": chance.choice(["good", "good", "good", "gappy"]),
            **(dict.fromkeys(ZONES, 100) | {"power_zone_2_s": 1200} if chance.random() < 0.6 else {}),
        }
        for name in chance.sample(sorted(_ODDITIES), chance.choice([0, 0, 0, 1, 2])):
            fields[name] = chance.choice(_ODDITIES[name])
        power.append(measured(row["activity_id"], **fields))
        bests += held(row["activity_id"], curve, row["athlete_id"])
    return power, bests


LEVELS = (("kj", 1000), ("kj", 2000), ("kj_per_kg", 10), ("kj_per_kg", 20))


def random_late_bests(seed: int, bests: Sequence[Row]) -> list[Row]:
    """`ride_bests_after_work` for some of the bests: weaker after more work, and a few that cannot be."""
    chance = Random(seed)  # noqa: S311 - a history, not a secret
    rows = []
    for best in bests:
        share = 1.0
        for basis, level in LEVELS[: chance.choice([0, 0, 1, 2, 4])]:
            share *= chance.choice([1.0, 0.9, 0.8])
            energy_j = chance.choice([int(best["energy_j"] * share)] * 9 + [0])
            rows.append(
                best
                | {"work_basis": basis, "after_work": level}
                | {"energy_j": energy_j, "watts": energy_j / best["duration_s"]}
            )
    return rows


SEVEN_ZONES = [
    f"{name}_{n}{end}"
    for name, end in (("power_zone", "_s"), ("heartrate_zone", "_of_7_s"))
    for n in range(1, 8)
]
THREE_ZONES = [f"{kind}_{name}_s" for kind in ("power", "heartrate") for name in ("low", "moderate", "high")]


def random_zones(seed: int, history: Sequence[Row]) -> list[Row]:
    """`recording_zones` for most activities, some without a measure, and for one that does not exist."""
    chance = Random(seed)  # noqa: S311 - a history, not a secret
    rows = []
    for row in [*history, {"athlete_id": "7", "activity_id": "gone"}]:
        if chance.random() < 0.3:
            continue
        zones: Row = {}
        for kind in ("power", "heartrate"):
            if chance.random() < 0.7:
                zones |= {name: chance.choice([0, 0, 60, 1800]) for name in SEVEN_ZONES if kind in name}
                zones |= {
                    name: chance.choice([0, 10, 600, 1790, 5000]) for name in THREE_ZONES if kind in name
                }
        zones |= _random_loads(chance, is_run=row.get("sport_type") == "Run")
        rows.append(zoned(row["activity_id"], athlete_id=row["athlete_id"], **zones))
    return rows


def _random_loads(chance: Random, *, is_run: bool) -> Row:
    """Loads, pace and drift of a recording; of a run also those by power and by pace."""
    return {
        "recorded_s": chance.choice([0, 1800, 3599]),
        "heart_rate_load": chance.choice([None, 55.5, 80.0, -1.0, float("nan")]),
        "run_power_load": chance.choice([None, None, 61.0, 1e300]) if is_run else None,
        "pace_load": chance.choice([None, 48.0, 70.5]) if is_run else None,
        "grade_adjusted_speed_mps": chance.choice([None, 0.0, 2.9, 3.4, 40.0]),
        "decoupling_pct": chance.choice([None, 4.5, -3.0, 250.0]),
        "is_steady": chance.choice([None, True, True, False]),
    }
