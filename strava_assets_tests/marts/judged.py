"""Values of one ride and of several rides, in plain Python from the definitions: half of the tests' oracle.

It shares no code with the project.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets_tests.marts.seconds import BEST_EFFORTS_S, ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row = dict[str, Any]
CYCLES = {"Ride", "VirtualRide", "GravelRide", "MountainBikeRide", "Handcycle", "Velomobile"}
EBIKES = {"EBikeRide", "EMountainBikeRide"}
LOAD_SOURCES = {
    "tss": "power",
    "scaled_summary": "power",
    "run_power": "power",
    "pace": "pace",
    "heart_rate_seconds": "heart_rate",
    "heart_rate_mean": "heart_rate",
    "none": "none",
}
ZONE_LOADS = {"run_power_load": "run_power", "pace_load": "pace", "heart_rate_load": "heart_rate_seconds"}
"""Loads of `recording_zones`, the preferred first, with the method that they are."""
FAMILIES = {"Run": "run", "TrailRun": "run", "Walk": "walk", "Yoga": "gym"}


@dataclass(frozen=True)
class Settings:
    """The settings of a refresh."""

    as_of: date
    count_commutes: bool = True
    count_virtual: bool = True


def within(value: Any, low: float, high: float) -> float | None:
    """The value if it is within the bounds, else None."""
    return value if value is not None and not math.isnan(value) and low <= value <= high else None


class Ride:
    """The values of one activity that counts."""

    def __init__(
        self, row: Row, figures: Row | None, power: Row | None = None, zones: Row | None = None
    ) -> None:
        self.id: str = row["activity_id"]
        self.day: date = row["activity_date"]
        self.gear: str | None = row.get("gear_id")
        virtual = row["sport_type"] == "VirtualRide"
        self.indoor = virtual or bool(row.get("trainer"))
        self.commute = bool(row.get("commute"))
        self.flagged = bool(row.get("flagged"))
        self.manual = bool(row.get("manual"))
        self.ebike = row["sport_type"] in EBIKES
        self.cycle = row["sport_type"] in CYCLES
        self.seconds = int(within(row["moving_time_s"], 1, 30 * 86400) or 0)
        self.meters = within(row["distance_m"], 0, 2e7) or 0.0
        self.climb = within(row["total_elevation_gain_m"], 0, 1e6) or 0.0
        self.effort = within(row.get("suffer_score"), 0, 1e5)
        self.heartrate = within(row["average_heartrate_bpm"], 25, 250) if self.seconds else None
        self.has_good_seconds = good_seconds(row, power)
        seconds = power if power and self.has_good_seconds else {}
        self.seconds = self.seconds or int(seconds.get("recorded_s", 0))
        self.summary_joules = joules(row) or None
        self.seconds_joules = within(seconds.get("work_j"), 1, 2500 * seconds.get("recorded_s", 0))
        self.summary_weighted = within(row["weighted_average_watts"], 1e-9, 2500)
        self.seconds_weighted = within(seconds.get("xpower_w"), 1e-9, 2500)
        if self.seconds_weighted and row["moving_time_s"]:
            self.seconds_weighted *= stops(row["moving_time_s"], seconds["recorded_s"]) ** 0.25
        self.reason = self._reason()
        wins = self.reason not in ("no_good_seconds", "agrees")
        is_metered = row["device_watts"] is True or self.seconds_joules is not None
        self.measured = self.cycle and (wins or bool(self.summary_joules and is_metered))
        self.estimated = bool(self.cycle and self.summary_joules and row["device_watts"] is False)
        self.figures_from = ("seconds" if wins else "summary") if self.measured else None
        self.measured_s = self._time_of_work(int(seconds["recorded_s"])) if wins else self.seconds
        self.joules = (self.seconds_joules if wins else self.summary_joules) or 0.0
        usable = self.seconds_weighted if wins else self.summary_weighted
        self.weighted = usable if self.measured else None
        peak = within((seconds if wins else row).get("max_watts"), 1e-9, 2500)
        self.peak = peak if self.measured and not self.flagged else None
        profile = figures or {}
        self.kilograms = within(profile.get("weight_kg"), 20, 300) if self.measured else None
        self.load_scale, self.load_scale_rides = 1.0, 0
        tss = within(seconds.get("tss"), 0, 1e5) if self.measured else None
        self.weighted_load = self._weighted_load(within(profile.get("ftp_w"), 30, 700))
        self.has_ratio = bool(not wins and tss and self.weighted_load)
        whole = bool(zones) and covers((zones or {}).get("recorded_s"), row["moving_time_s"])
        loads = {name: within((zones or {}).get(name), 0, 1e5) if whole else None for name in ZONE_LOADS}
        loads["pace_load"] = loads["pace_load"] or None
        self.load, self.load_method = self._load(profile, tss, loads, row)
        self._take_pace(zones or {})
        self.has_seconds = self.measured and power is not None
        self._take_power(power or {} if self.measured else {})

    def _time_of_work(self, recorded_s: int) -> int:
        return recorded_s if 2 * self.seconds < recorded_s else min(self.seconds, recorded_s)

    def _take_pace(self, zones: Row) -> None:
        speed = within(zones.get("grade_adjusted_speed_mps"), 1e-9, 11)
        self.grade_adjusted_s = int(within(zones.get("recorded_s"), 1, 30 * 86400) or 0) if speed else 0
        self.grade_adjusted_m = (speed or 0.0) * self.grade_adjusted_s
        drift = within(zones.get("decoupling_pct"), -100, 100)
        self.steady_drift = drift if zones.get("is_steady") else None

    def _take_power(self, power_row: Row) -> None:
        recorded_s = within(power_row.get("recorded_s"), 1, 30 * 86400)
        self.normalized = within(power_row.get("normalized_power_w"), 1e-9, 2500) if recorded_s else None
        self.recorded_s = int(recorded_s or 0) if self.normalized else 0
        self.tss = within(power_row.get("tss"), 0, 1e5) if self.has_good_seconds else None
        self.decoupling = within(power_row.get("decoupling_pct"), -100, 100)
        bests = {d: within(power_row.get(f"best_{d}s_w"), 1e-9, 2500) for d in BEST_EFFORTS_S}
        self.bests = {d: best for d, best in bests.items() if best and not self.flagged}
        self.zones = {name: within(power_row.get(name), 0, 30 * 86400) for name in ZONES}

    @property
    def load_source(self) -> str:
        """What the load rests on."""
        return LOAD_SOURCES[self.load_method]

    def scale(self, factor: float, rides: int) -> None:
        """Take over the athlete's ratio of TSS to the load by weighted power."""
        self.load_scale, self.load_scale_rides = factor, rides
        if self.load_method == "scaled_summary":
            self.load = (self.weighted_load or 0) * factor

    def _reason(self) -> str:
        """Why the summary's figures of power count, or those of the seconds."""
        if self.seconds_joules is None:
            return "no_good_seconds"
        if self.summary_joules is None:
            return "work_missing"
        if self.summary_weighted is None:
            return "weighted_power_missing"
        if abs(self.summary_joules / self.seconds_joules - 1) > 0.1:
            return "work_differs"
        if self.seconds_weighted and abs(self.summary_weighted / self.seconds_weighted - 1) > 0.1:
            return "weighted_power_differs"
        return "agrees"

    def _weighted_load(self, ftp: float | None) -> float | None:
        if not ftp or not self.weighted:
            return None
        return self.measured_s / 3600 * (self.weighted / ftp) ** 2 * 100

    def _load(self, figures: Row, tss: float | None, loads: Row, row: Row) -> tuple[float | None, str]:
        if tss is not None:
            return tss, "tss"
        if self.weighted_load is not None:
            return self.weighted_load, "scaled_summary"
        if row.get("manual"):
            return None, "none"
        for name, method in ZONE_LOADS.items():
            if loads[name] is not None:
                return loads[name], method
        return self._heartrate_load(figures, family(row))

    def _heartrate_load(self, figures: Row, sport_family: str) -> tuple[float | None, str]:
        top, rest = (
            within(figures.get("max_heartrate_bpm"), 60, 250),
            within(figures.get("resting_heartrate_bpm"), 20, 120),
        )
        if not self.heartrate or not top or not rest or top < rest + 20 or self.heartrate > top + 10:
            return None, "none"
        own = [figures.get("run_threshold_heartrate_bpm")] if sport_family == "run" else []
        candidates = [*own, figures.get("threshold_heartrate_bpm"), rest + 0.85 * (top - rest)]
        threshold = next(bpm for bpm in candidates if bpm is not None and rest < bpm <= top)
        factor, exponent = (0.86, 1.67) if figures.get("sex") == "female" else (0.64, 1.92)

        def impulse(bpm: float) -> float:
            share = max(bpm - rest, 0) / (top - rest)
            return share * factor * math.exp(exponent * share)

        return 100 * self.seconds / 3600 * impulse(self.heartrate) / impulse(threshold), "heart_rate_mean"


def good_seconds(row: Row, power: Row | None) -> bool:
    """Whether the seconds of a recording may overrule its summary."""
    if not power or power["quality"] != "good" or not within(power["recorded_s"], 1, 30 * 86400):
        return False
    if row["device_watts"] is False or row.get("manual"):
        return False
    return covers(power["recorded_s"], row["moving_time_s"])


def covers(recorded_s: float | None, moving_s: float | None) -> bool:
    """Whether a recording holds nine tenths of the time in motion, where that is possible at all."""
    if recorded_s is None:
        return False
    return 10 * recorded_s >= 9 * (moving_s if moving_s is not None and moving_s <= 30 * 86400 else 0)


def stops(moving_s: float, recorded_s: float) -> float:
    """The recorded time over the time in motion, where it has stops that are not most of it."""
    return recorded_s / moving_s if moving_s < recorded_s <= 2 * moving_s else 1.0


def scale_loads(rides: Iterable[Ride]) -> None:
    """Scale the loads by weighted power of one athlete's counted rides by their median ratio."""
    everything = list(rides)
    ratios = [r.tss / r.weighted_load for r in everything if r.has_ratio and r.tss and r.weighted_load]
    for ride in everything:
        ride.scale(statistics.median(ratios) if len(ratios) >= 5 else 1.0, len(ratios))


def active(history: Iterable[Row], settings: Settings) -> list[Row]:
    """The activities that are not deleted and dated between 1990 and tomorrow."""
    tomorrow = settings.as_of + timedelta(days=1)
    return [
        r
        for r in history
        if r.get("deleted_at") is None and date(1990, 1, 1) <= r["activity_date"] <= tomorrow
    ]


def chosen(row: Row, settings: Settings) -> bool:
    """Whether the settings count it."""
    if row.get("commute") and not settings.count_commutes:
        return False
    return settings.count_virtual or row["sport_type"] != "VirtualRide"


def duplicates(history: Iterable[Row], settings: Settings) -> set[tuple[str, str]]:
    """Athlete and id of the recordings for which there is a better one of the same time.

    Every recording is compared with every other one, second by second where they overlap. Those that are
    displaced by a recording that nothing is better than displace nothing themselves.
    """
    recordings = [
        (row, within(row["moving_time_s"], 1, 2 * 86400))
        for row in active(history, settings)
        if not row.get("manual")
    ]
    timed = [(row, range(_second(row), _second(row) + int(length))) for row, length in recordings if length]

    def rank(row: Row) -> tuple[Any, ...]:
        return (
            not chosen(row, settings),
            not (row["device_watts"] and joules(row)),
            within(row["average_heartrate_bpm"], 25, 250) is None,
            -row["moving_time_s"],
            row["activity_id"],
        )

    better_ones: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for worse, own in timed:
        better_ones[worse["athlete_id"], worse["activity_id"]] = {
            (better["athlete_id"], better["activity_id"])
            for better, other in timed
            if worse["athlete_id"] == better["athlete_id"]
            and family(worse) == family(better)
            and rank(better) < rank(worse)
            and len(range(max(own[0], other[0]), min(own[-1], other[-1]) + 1)) / min(len(own), len(other))
            > 0.5
        }
    unrivalled = {key for key, betters in better_ones.items() if not betters}
    displaced = {key for key, betters in better_ones.items() if betters & unrivalled}
    return {key for key, betters in better_ones.items() if betters - displaced}


def _second(row: Row) -> int:
    return int(row["start_date"].timestamp())


def joules(row: Row) -> float:
    """The work of a recording whose power, work and time are possible, else 0."""
    kilojoules = within(row.get("kilojoules"), 1e-9, 1e12)
    seconds = within(row["moving_time_s"], 1, 30 * 86400)
    if row.get("manual") or not seconds or not kilojoules or not within(row["average_watts"], 1e-9, 2500):
        return 0.0
    return kilojoules * 1000 if kilojoules * 1000 / seconds <= 2500 else 0.0


def family(row: Row) -> str:
    """The family of a sport, of those the random histories know."""
    return "ride" if row["sport_type"] in CYCLES | EBIKES else FAMILIES.get(row["sport_type"], "other")


def rides_by_athlete(
    history: Sequence[Row],
    settings: Settings,
    figures: Sequence[Row],
    power: Sequence[Row] = (),
    zones: Sequence[Row] = (),
) -> dict[str, list[Ride]]:
    """The counted rides of every athlete; an empty list for an athlete without rides."""
    athletes: dict[str, list[Ride]] = {}
    power_rows, zone_rows = by_ride(power), by_ride(zones)
    double = duplicates(history, settings)
    for row in active(history, settings):
        rides = athletes.setdefault(row["athlete_id"], [])
        if not chosen(row, settings) or (row["athlete_id"], row["activity_id"]) in double:
            continue
        if row["sport_type"] not in CYCLES | EBIKES:
            continue
        profile = figures_of(row["athlete_id"], row["activity_date"], figures)
        name = (row["athlete_id"], row["activity_id"])
        rides.append(Ride(row, profile, power_rows.get(name), zone_rows.get(name)))
    for rides in athletes.values():
        scale_loads(rides)
    return athletes


def by_ride(power: Sequence[Row]) -> dict[tuple[str, str], Row]:
    """Rows of `ride_power` or `recording_zones` by athlete and activity."""
    return {(row["athlete_id"], row["activity_id"]): row for row in power}


def figures_of(athlete: str, day: date, figures: Sequence[Row]) -> Row | None:
    """The athlete's figures in force on a day."""
    begun = [f for f in figures if f["athlete_id"] == athlete and f["valid_from"] <= day]
    latest = max(begun, key=lambda f: f["valid_from"], default=None)
    return latest if latest and (latest["valid_to"] is None or day < latest["valid_to"]) else None


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient, or None if there is no base."""
    return above / below if above is not None and below else None


def percent(now: float | None, base: float | None) -> float | None:
    """The change in percent, or None if there is no base."""
    return None if now is None or not base else 100 * (now / base - 1)


def watts(rides: Iterable[Ride]) -> float | None:
    """Work over seconds of the measured rides."""
    measured = [r for r in rides if r.measured]
    return ratio(math.fsum(r.joules for r in measured), sum(r.measured_s for r in measured))


def weighted_watts(rides: Iterable[Ride]) -> float | None:
    """Fourth root of the seconds' mean of fourth powers."""
    with_it = [r for r in rides if r.weighted]
    mean = ratio(
        math.fsum(r.measured_s * (r.weighted or 0) ** 4 for r in with_it), sum(r.measured_s for r in with_it)
    )
    return None if mean is None else math.sqrt(math.sqrt(mean))


def of_seconds(measured: Sequence[Ride]) -> Row:
    """The values of a period from the streams of its measured rides."""
    with_streams = [r for r in measured if r.normalized]
    w4s = ratio(
        math.fsum(r.recorded_s * (r.normalized or 0) ** 4 for r in with_streams),
        sum(r.recorded_s for r in with_streams),
    )
    return {
        "stream_rides": len(with_streams),
        "stream_coverage": ratio(
            sum(r.measured_s for r in with_streams), sum(r.measured_s for r in measured)
        ),
        "normalized_power_w": None if w4s is None else math.sqrt(math.sqrt(w4s)),
        "normalized_w4s": math.fsum(r.recorded_s * (r.normalized or 0) ** 4 for r in with_streams),
        "stream_s": sum(r.recorded_s for r in with_streams),
        "tss": sum_of_known(r.tss for r in measured),
        "tss_rides": sum(r.tss is not None for r in measured),
        **{
            f"best_{d}s_w": max((r.bests[d] for r in measured if d in r.bests), default=None)
            for d in BEST_EFFORTS_S
        },
    }


def heartrate(rides: Iterable[Ride]) -> float | None:
    """Mean heart rate by time."""
    with_it = [r for r in rides if r.heartrate]
    return ratio(math.fsum(r.seconds * (r.heartrate or 0) for r in with_it), sum(r.seconds for r in with_it))


def efficiency(rides: Iterable[Ride]) -> float | None:
    """Weighted watts over heart rate, of the rides that have both."""
    both = [r for r in rides if r.weighted and r.heartrate]
    beats = math.fsum(r.measured_s * (r.heartrate or 0) for r in both)
    return ratio(weighted_watts(both), ratio(beats, sum(r.measured_s for r in both)))


def period(everything: Sequence[Ride]) -> Row:
    """The values that weeks and quarters share."""
    rides = [r for r in everything if not r.ebike]
    ebikes = [r for r in everything if r.ebike]
    measured = [r for r in rides if r.measured]
    estimated = [r for r in rides if r.estimated]
    long_ones = [r for r in measured if r.weighted and r.measured_s >= 1800 and not r.flagged]
    best = min(long_ones, key=lambda r: (-(r.weighted or 0), r.day, r.id), default=None)
    weighed = [r for r in measured if r.kilograms]
    seconds = sum(r.seconds for r in rides)
    ebike_seconds = sum(r.seconds for r in ebikes)
    sources = {r.load_source for r in rides} - {"none"}
    return {
        "rides": len(rides),
        "ride_days": len({r.day for r in rides}),
        "commute_rides": sum(r.commute for r in rides),
        "moving_time_s": seconds,
        "indoor_time_s": sum(r.seconds for r in rides if r.indoor),
        "indoor_share": ratio(sum(r.seconds for r in rides if r.indoor), seconds),
        "commute_share": ratio(sum(r.seconds for r in rides if r.commute), seconds),
        "distance_m": math.fsum(r.meters for r in rides),
        "climb_m": math.fsum(r.climb for r in rides if not r.indoor),
        "virtual_climb_m": math.fsum(r.climb for r in rides if r.indoor),
        "ebike_rides": len(ebikes),
        "ebike_distance_m": math.fsum(r.meters for r in ebikes),
        "ebike_share": ratio(ebike_seconds, ebike_seconds + seconds),
        "power_rides": len(measured),
        "power_s": sum(r.measured_s for r in measured),
        "power_coverage": ratio(sum(r.measured_s for r in measured), seconds),
        "work_kj": math.fsum(r.joules for r in measured) / 1000,
        "average_watts": watts(rides),
        "weighted_average_watts": weighted_watts(rides),
        "variability": ratio(weighted_watts(rides), watts([r for r in rides if r.weighted])),
        "best_ride_weighted_watts": best and best.weighted,
        "best_ride_id": best and best.id,
        "max_watts": max((r.peak for r in rides if r.peak), default=None),
        "estimated_rides": len(estimated),
        "estimated_average_watts": ratio(
            math.fsum(r.summary_joules or 0 for r in estimated), sum(r.seconds for r in estimated)
        ),
        "average_watts_per_kg": ratio(
            math.fsum(r.joules / (r.kilograms or 1) for r in weighed), sum(r.measured_s for r in weighed)
        ),
        "average_heartrate_bpm": heartrate(rides),
        "watts_per_heartbeat": efficiency(rides),
        **of_seconds(measured),
        "weighted_s": sum(r.measured_s for r in measured if r.weighted),
        "weighted_w4s": math.fsum(r.measured_s * (r.weighted or 0) ** 4 for r in measured),
        "heartbeats": math.fsum(r.seconds * (r.heartrate or 0) / 60 for r in rides),
        "heartrate_s": sum(r.seconds for r in rides if r.heartrate),
        "relative_effort": sum_of_known(r.effort for r in rides),
        "relative_effort_rides": sum(r.effort is not None for r in rides),
        "training_load": sum_of_known(r.load for r in rides),
        "training_load_rides": sum(r.load is not None for r in rides),
        "load_source": "mixed" if len(sources) == 2 else next(iter(sources), "none"),
    }


def sum_of_known(values: Iterable[float | None]) -> float | None:
    """The sum of the values that are not None, or None if there are none."""
    numbers = [value for value in values if value is not None]
    return math.fsum(numbers) if numbers else None
