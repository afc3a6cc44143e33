"""From entries and from what Strava's profile said to the rows of `athlete_profile`: what held on which day.

The file wins over Strava, figure by figure; nothing is carried backwards, since a figure of today was not
that of the past.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from strava_assets.errors import ConfigurationError
from strava_assets.profile.figure_bounds import BOUNDS, FIGURES, Entry
from strava_assets.profile.figures_file import refuse_doubles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

Row = dict[str, Any]

_STRAVA = {"ftp_w": "ftp", "weight_kg": "weight"}
_THRESHOLDS = ("threshold_heartrate_bpm", "run_threshold_heartrate_bpm", "swim_threshold_heartrate_bpm")
_NEEDED = {
    "ftp_w": "training load by power",
    "weight_kg": "watts per kilogram",
    "max_heartrate_bpm": "training load by heart rate",
    "resting_heartrate_bpm": "training load by heart rate",
}


def observation(athlete: Mapping[str, Any], today: date) -> Row:
    """What Strava's profile says today, as a row of `athlete_observations`.

    Strava tells only today's values, so that they have to be kept as they are seen.

    Args:
        athlete: Strava's answer to `/athlete`: `id`, and `ftp` and `weight` (W, kg) where it gives them.
        today: the athlete's today.

    Returns:
        The row; a value that is missing, 0 or impossible is null.
    """
    row: Row = {"athlete_id": str(athlete["id"]), "observed_on": today}
    for name, field in _STRAVA.items():
        value = athlete.get(field)
        possible = isinstance(value, int | float) and BOUNDS[name].low <= value <= BOUNDS[name].high
        row[name] = value if possible else None
    return row


def gear_rows(athlete: Mapping[str, Any], today: date) -> list[Row]:
    """The bikes and shoes of Strava's profile, as rows of `athlete_gear`.

    Args:
        athlete: Strava's answer to `/athlete`; without the scope profile:read_all it names no gear.
        today: the athlete's today.

    Returns:
        The rows; an entry without an id or a name is left out.
    """
    listed = [
        item for kind in ("bikes", "shoes") for item in athlete.get(kind) or () if isinstance(item, dict)
    ]
    gear = {}
    for item in listed:
        gear_id, name = item.get("id"), item.get("name")
        if not gear_id or not isinstance(name, str) or not name.strip():
            continue
        retired, distance_m = item.get("retired"), item.get("distance")
        gear[str(gear_id)] = {
            "athlete_id": str(athlete["id"]),
            "gear_id": str(gear_id),
            "name": name.strip(),
            "is_retired": retired if isinstance(retired, bool) else None,
            "distance_m": float(distance_m) if isinstance(distance_m, int | float) else None,
            "observed_on": today,
        }
    return list(gear.values())


def rows(
    entries: Sequence[Entry],
    athlete_ids: Iterable[str],
    observations: Iterable[Mapping[str, Any]] = (),
    *,
    owner_id: str | None = None,
) -> list[Row]:
    """The rows of `athlete_profile`: every figure carried forward until a newer one.

    Args:
        entries: the file's, as `read` gives them.
        athlete_ids: the athletes with activities. An entry that names nobody is the only one's.
        observations: rows of `athlete_observations`. They fill, from the day they were seen on, the figures
            for which the file says nothing up to that day.
        owner_id: whose the entries are that name nobody, where there are several athletes.

    Returns:
        By athlete and date, without a gap or an overlap: `valid_to` is the next row's `valid_from`.

    Raises:
        ConfigurationError: an entry names nobody, there are several athletes and no owner; two entries of
            one athlete have one date; or a heart rate at rest, at threshold and at most that hold together
            are not in that order.
    """
    owned = _owned(entries, sorted(set(athlete_ids)), owner_id)
    seen = list(observations)
    answer: list[Row] = []
    for athlete in sorted({str(e.athlete_id) for e in owned} | {str(row["athlete_id"]) for row in seen}):
        own = sorted((e for e in owned if e.athlete_id == athlete), key=lambda entry: entry.valid_from)
        strava = sorted(
            (row for row in seen if row["athlete_id"] == athlete), key=lambda row: row["observed_on"]
        )
        answer.extend(_dated(athlete, own, strava))
    return answer


def hints(figures: Sequence[Mapping[str, Any]], athlete_ids: Iterable[str]) -> list[str]:
    """What is missing among the figures in force, as sentences for a person; empty when nothing is.

    Args:
        figures: rows of `athlete_profile`, as `rows` gives them.
        athlete_ids: the athletes with activities.
    """
    athletes = set(athlete_ids)
    latest = {row["athlete_id"]: row for row in figures}
    messages = []
    for athlete in sorted(athletes):
        lacking = [name for name in _NEEDED if latest.get(athlete, {}).get(name) is None]
        if lacking:
            empty = ", ".join(dict.fromkeys(_NEEDED[name] for name in lacking))
            messages.append(
                f"Athlete {athlete} has no {', '.join(lacking)}. Empty until then: {empty}. "
                "Add an entry to the figures file."
            )
    messages.extend(
        f"There are figures for athlete {athlete}, who has no activity. Check the athlete_id."
        for athlete in sorted(latest.keys() - athletes)
    )
    return messages


def _owned(entries: Sequence[Entry], athletes: Sequence[str], owner_id: str | None) -> list[Entry]:
    nobodys = [entry for entry in entries if entry.athlete_id is None]
    if len(athletes) == 1:
        owner_id = athletes[0]
    if nobodys and len(athletes) > 1 and owner_id is None:
        raise ConfigurationError(
            f"{nobodys[0].where} does not say whose figures it has, and there are {len(athletes)} athletes.",
            means="One athlete's FTP would be applied to the rides of another.",
            remedy=f'Add athlete_id = "…" to the entry; the athletes are {", ".join(athletes[:10])}.',
        )
    owned = [
        entry if entry.athlete_id else replace(entry, athlete_id=owner_id)
        for entry in entries
        if entry.athlete_id or athletes
    ]
    refuse_doubles(owned)
    return owned


def _dated(athlete: str, own: Sequence[Entry], strava: Sequence[Mapping[str, Any]]) -> list[Row]:
    entered: dict[date, Mapping[str, float | str]] = {entry.valid_from: entry.figures for entry in own}
    observed: dict[date, Mapping[str, Any]] = {
        row["observed_on"]: {name: row[name] for name in _STRAVA if row[name] is not None} for row in strava
    }
    states: list[tuple[date, dict[str, float | str]]] = []
    from_file: dict[str, float | str] = {}
    from_strava: dict[str, float] = {}
    for day in sorted({*entered, *observed}):
        from_file |= entered.get(day, {})
        from_strava |= observed.get(day, {})
        state = from_strava | from_file
        if state and (not states or states[-1][1] != state):
            states.append((day, state))
    for day, state in states:
        _refuse_disorder(state, next((e for e in reversed(own) if e.valid_from <= day), None))
    ends = [later for _, (later, _) in pairwise(states)]
    return [
        {"athlete_id": athlete, "valid_from": day, "valid_to": end}
        | {name: state.get(name) for name in FIGURES}
        for (day, state), end in zip(states, [*ends, None], strict=False)
    ]


def _refuse_disorder(state: Mapping[str, Any], entry: Entry | None) -> None:
    for threshold in _THRESHOLDS:
        order = ("resting_heartrate_bpm", threshold, "max_heartrate_bpm")
        _refuse_falling(state, [name for name in order if name in state], entry)


def _refuse_falling(state: Mapping[str, Any], rates: Sequence[str], entry: Entry | None) -> None:
    for lower, higher in pairwise(rates):
        if entry and state[lower] >= state[higher]:
            raise ConfigurationError(
                f"{entry.where}: from then on {lower} is {state[lower]:g} and {higher} {state[higher]:g}.",
                means="The heart rate at rest is the lowest, that at threshold lies below the maximum.",
                remedy="Correct the one that is wrong; a value that is not named is an earlier entry's.",
            )
