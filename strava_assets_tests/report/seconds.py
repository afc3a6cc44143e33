"""What the seconds of a history's rides would have said, for pages that show power curves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from strava_assets.power.durations import DURATIONS_S
from strava_assets.schema.ride_power import BEST_EFFORTS_S
from strava_assets_tests.marts.seconds import held, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]
_THEN = datetime(2024, 6, 1, tzinfo=UTC)
_POWER_ZONES = (0.16, 0.44, 0.2, 0.12, 0.05, 0.02, 0.01)
_HEARTRATE_ZONES = (0.2, 0.4, 0.25, 0.12, 0.03)


def recorded(history: Sequence[Row], ftp_w: float | None) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of `ride_power`, `ride_bests` and `activity_streams` of the rides with measured power.

    Every ride has a critical power somewhat above its average and fifteen kilojoules beyond it.

    Args:
        history: rows of `bq_activities`.
        ftp_w: the athlete's; without it there are no zones.
    """
    power: list[Row] = []
    bests: list[Row] = []
    streams: list[Row] = []
    for ride in history:
        watts, lasted = ride["average_watts"], ride["moving_time_s"]
        if not watts:
            continue
        curve = {
            seconds: max(watts, min(900.0, 1.1 * watts + 15_000 / (seconds + 8)))
            for seconds in map(int, DURATIONS_S)
            if seconds <= lasted
        }
        own = {"athlete_id": ride["athlete_id"]}
        zones = {
            f"{kind}_zone_{zone}_s": int(share * lasted)
            for kind, shares in (("power", _POWER_ZONES), ("heartrate", _HEARTRATE_ZONES))
            for zone, share in enumerate(shares, 1)
            if ftp_w
        }
        efforts = {f"best_{seconds}s_w": curve.get(seconds) for seconds in BEST_EFFORTS_S}
        fields = own | zones | efforts | {"recorded_s": lasted, "normalized_power_w": 1.08 * watts}
        power.append(measured(ride["activity_id"], **fields))
        bests += held(ride["activity_id"], curve, ride["athlete_id"])
        streams.append(
            own
            | {
                "activity_id": ride["activity_id"],
                "status": "stored",
                "source": "api",
                "fetched_at": _THEN,
                "fingerprint": "f",
                "version": "v",
                "samples": lasted,
                "has_watts": True,
                "has_heartrate": True,
            }
        )
    return power, bests, streams


def after_work(bests: Sequence[Row]) -> list[Row]:
    """Rows of `ride_bests_after_work`: 5 % less after 500 kJ, and 10 % less after a thousand."""
    return [
        {name: best[name] for name in ("athlete_id", "activity_id", "duration_s")}
        | {
            "work_basis": "kj",
            "after_work": work,
            "energy_j": int(share * best["energy_j"]),
            "watts": share * best["watts"],
            "begins_at_s": 1800,
        }
        for best in bests
        if best["duration_s"] in (60, 300, 1200)
        for work, share in ((500, 0.95), (1000, 0.9))
    ]


def balances(power: Sequence[Row]) -> list[Row]:
    """Rows of `ride_w_balance`: each ride left a third of W'."""
    return [
        {name: ride[name] for name in ("athlete_id", "activity_id")}
        | {"lowest_balance_share": 0.33, "matches": 2, "inputs_digest": "d", "computed_at": _THEN}
        for ride in power
    ]


def recording_zones(power: Sequence[Row]) -> list[Row]:
    """Rows of `recording_zones`: 80 % easy, 5 % moderate and 15 % hard."""
    return [
        {name: ride[name] for name in ("athlete_id", "activity_id")}
        | {
            "source": "api",
            "family": "ride",
            "recorded_s": ride["recorded_s"],
            "power_s": ride["recorded_s"],
            "heartrate_s": ride["recorded_s"],
            "inputs_digest": "d",
            "computed_at": _THEN,
        }
        | {
            f"{measure}_{name}_s": int(share * ride["recorded_s"])
            for measure in ("power", "heartrate")
            for name, share in (("low", 0.8), ("moderate", 0.05), ("high", 0.15))
        }
        for ride in power
        if ride.get("power_zone_1_s") is not None
    ]
