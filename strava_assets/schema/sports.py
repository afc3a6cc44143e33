"""Strava's sports and what each counts as: the `sport_rules` table and the rows it is filled with.

Strava adds sports now and then; one that is missing here joins to nothing and counts as `other`. Which
activities carry measured power is decided in the marts, not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from strava_assets.errors import ConfigurationError
from strava_assets.schema.columns import Column, ColumnType, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

SPORT_RULES = Table(
    name="sport_rules",
    description="What each of Strava's sports counts as; written anew at every refresh from the settings.",
    grain="one sport of Strava's",
    key=("sport_type",),
    columns=(
        Column("sport_type", ColumnType.TEXT, "Strava's name of the sport, e.g. GravelRide", nullable=False),
        Column(
            "family",
            ColumnType.TEXT,
            "ride, run, walk, swim, paddle, snow, skate, water, gym, game or other",
            nullable=False,
        ),
        Column("is_ride", ColumnType.BOOLEAN, "A cycle of any kind, motors included", nullable=False),
        Column("is_ebike", ColumnType.BOOLEAN, "A motor helps; never part of power or load", nullable=False),
        Column(
            "is_virtual",
            ColumnType.BOOLEAN,
            "Distance and climbing are a program's, not the road's",
            nullable=False,
        ),
        Column(
            "counts_for_power",
            ColumnType.BOOLEAN,
            "Its measured watts enter the power figures",
            nullable=False,
        ),
    ),
)


class Sport(NamedTuple):
    """One sport: Strava's name of it, the family it is shown with, and what kind of ride it is."""

    sport_type: str
    family: str
    is_ebike: bool = False
    is_virtual: bool = False
    counts_for_power: bool = False


SPORTS: tuple[Sport, ...] = (
    Sport("Ride", "ride", counts_for_power=True),
    Sport("GravelRide", "ride", counts_for_power=True),
    Sport("MountainBikeRide", "ride", counts_for_power=True),
    Sport("VirtualRide", "ride", is_virtual=True, counts_for_power=True),
    Sport("Handcycle", "ride", counts_for_power=True),
    Sport("Velomobile", "ride", counts_for_power=True),
    Sport("EBikeRide", "ride", is_ebike=True),
    Sport("EMountainBikeRide", "ride", is_ebike=True),
    Sport("Run", "run"),
    Sport("TrailRun", "run"),
    Sport("VirtualRun", "run", is_virtual=True),
    Sport("Walk", "walk"),
    Sport("Hike", "walk"),
    Sport("Snowshoe", "walk"),
    Sport("Wheelchair", "walk"),
    Sport("Swim", "swim"),
    Sport("Canoeing", "paddle"),
    Sport("Kayaking", "paddle"),
    Sport("Rowing", "paddle"),
    Sport("StandUpPaddling", "paddle"),
    Sport("VirtualRow", "paddle", is_virtual=True),
    Sport("AlpineSki", "snow"),
    Sport("BackcountrySki", "snow"),
    Sport("NordicSki", "snow"),
    Sport("Snowboard", "snow"),
    Sport("IceSkate", "skate"),
    Sport("InlineSkate", "skate"),
    Sport("RollerSki", "skate"),
    Sport("Skateboard", "skate"),
    Sport("Kitesurf", "water"),
    Sport("Sail", "water"),
    Sport("Surfing", "water"),
    Sport("Windsurf", "water"),
    Sport("Crossfit", "gym"),
    Sport("Dance", "gym"),
    Sport("Elliptical", "gym"),
    Sport("HighIntensityIntervalTraining", "gym"),
    Sport("PhysicalTherapy", "gym"),
    Sport("Pilates", "gym"),
    Sport("StairStepper", "gym"),
    Sport("WeightTraining", "gym"),
    Sport("Workout", "gym"),
    Sport("Yoga", "gym"),
    Sport("Badminton", "game"),
    Sport("Basketball", "game"),
    Sport("Cricket", "game"),
    Sport("Golf", "game"),
    Sport("Padel", "game"),
    Sport("Pickleball", "game"),
    Sport("Racquetball", "game"),
    Sport("Soccer", "game"),
    Sport("Squash", "game"),
    Sport("TableTennis", "game"),
    Sport("Tennis", "game"),
    Sport("Volleyball", "game"),
    Sport("RockClimbing", "other"),
)

VIRTUAL_SPORTS = frozenset(sport.sport_type for sport in SPORTS if sport.is_virtual)


def sport_rules(power_sports: Sequence[str] | None = None) -> list[dict[str, str | bool]]:
    """The rows of `sport_rules`.

    Args:
        power_sports: the sports whose measured watts count; every cycle without a motor when not given.

    Returns:
        One row a sport, by the columns of `SPORT_RULES`.

    Raises:
        ConfigurationError: a sport is unknown, or is an e-bike, whose watts are partly the motor's.
    """
    chosen = {sport.sport_type for sport in SPORTS if sport.counts_for_power}
    if power_sports is not None:
        chosen = set(power_sports)
        possible = {sport.sport_type for sport in SPORTS if not sport.is_ebike}
        if impossible := sorted(chosen - possible):
            raise ConfigurationError(
                f"These sports cannot count for power: {', '.join(impossible)}.",
                means="They are unknown, or a motor helps and the watts are not the athlete's own.",
                remedy=f"Choose from {', '.join(sorted(possible))}.",
            )
    return [
        {
            "sport_type": sport.sport_type,
            "family": sport.family,
            "is_ride": sport.family == "ride",
            "is_ebike": sport.is_ebike,
            "is_virtual": sport.is_virtual,
            "counts_for_power": sport.sport_type in chosen,
        }
        for sport in SPORTS
    ]


def sports_with_power(power_sports: Sequence[str] | None = None) -> list[str]:
    """The sports whose measured watts count; the argument is that of `sport_rules`."""
    return [str(rule["sport_type"]) for rule in sport_rules(power_sports) if rule["counts_for_power"]]
