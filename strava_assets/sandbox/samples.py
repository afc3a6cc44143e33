"""The seconds of an activity, and the figures of a summary that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strava_assets.sandbox.lags import weighted_watts

if TYPE_CHECKING:
    from strava_assets.sandbox.terrain import Floats, Route
    from strava_assets.sandbox.workouts import Effort


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """One value per recorded second, rounded as they are served. Pauses are left out, as with auto-pause.

    Attributes:
        altitude_m: Height above sea level; all zeros without a road.
        stops: The indices of the samples after a stop.
        efforts: The efforts of a workout.
    """

    speed_mps: Floats
    altitude_m: Floats
    grade: Floats
    watts: Floats
    heartrate_bpm: Floats
    cadence_rpm: Floats
    temperature_c: Floats
    stops: tuple[int, ...] = ()
    route: Route | None = None
    efforts: list[Effort] = field(default_factory=list)
    skipped_m: float = 0.0
    """The distance on the route before the first sample."""

    def __len__(self) -> int:
        return len(self.speed_mps)

    @property
    def distance_m(self) -> Floats:
        """The distance since the first sample."""
        return np.asarray(np.round(np.cumsum(self.speed_mps), 1), np.float64)

    def cut(self, first: int, last: int) -> Samples:
        """The samples from `first` to before `last`, as after a crop."""
        columns = {
            name: getattr(self, name)[first:last]
            for name in (
                "speed_mps",
                "altitude_m",
                "grade",
                "watts",
                "heartrate_bpm",
                "cadence_rpm",
                "temperature_c",
            )
        }
        return replace(
            self,
            **columns,
            stops=tuple(stop - first for stop in self.stops if first < stop < last),
            efforts=[
                effort._replace(start_s=effort.start_s - first)
                for effort in self.efforts
                if first <= effort.start_s and effort.start_s + effort.seconds <= last
            ],
            skipped_m=self.skipped_m + float(self.speed_mps[:first].sum()),
        )

    def figures(self) -> Figures:
        """What a summary says about these seconds."""
        turning = self.cadence_rpm[self.cadence_rpm > 0]
        rises = np.diff(self.altitude_m)
        return Figures(
            moving_time_s=len(self),
            distance_m=float(self.distance_m[-1]),
            climb_m=round(float(rises[rises > 0].sum()), 1),
            elev_low_m=float(self.altitude_m.min()),
            elev_high_m=float(self.altitude_m.max()),
            max_speed_mps=float(self.speed_mps.max()),
            average_watts=round(float(self.watts.mean()), 1),
            weighted_watts=round(weighted_watts(self.watts)),
            max_watts=int(self.watts.max()),
            average_heartrate_bpm=round(float(self.heartrate_bpm.mean()), 1),
            max_heartrate_bpm=float(self.heartrate_bpm.max()),
            cadence_rpm=round(float(turning.mean()), 1) if len(turning) else 0.0,
            temperature_c=round(float(self.temperature_c.mean())),
        )


class Figures(NamedTuple):
    """The figures of a summary, in its units and with its digits. The cadence is that of turning cranks."""

    moving_time_s: int
    distance_m: float
    climb_m: float
    elev_low_m: float
    elev_high_m: float
    max_speed_mps: float
    average_watts: float
    weighted_watts: int
    max_watts: int
    average_heartrate_bpm: float
    max_heartrate_bpm: float
    cadence_rpm: float
    temperature_c: int
