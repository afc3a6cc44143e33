"""The letter at the top of the page: the week, power and fitness, and the best efforts, in three sentences.

Rules in plain code. Each clause stands on numbers of a mart, carries them as evidence and leads to the chart
that shows them; a clause without its numbers is left out, and a sentence without a clause too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from strava_assets.report.fitness_before import fitness_before, fitness_change
from strava_assets.report.markdown import escaped
from strava_assets.report.number_format import (
    compact_hours,
    compared,
    counted,
    day,
    effort_duration,
    number,
    quantity,
    signed,
)
from strava_assets.report.usual_week import usual_week, week_before

if TYPE_CHECKING:
    from datetime import date

    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.usual_week import UsualWeek

_YEAR_WEEKS = 52
_EFFORT_S = 1200
_HARD_ZONES = (5, 6, 7)
_HARD_S = 600
_WEEKS_WITHOUT = 4
_ABOUT_S = 900
_CLOSE_PCT = 3


@dataclass(frozen=True)
class Clause:
    """Part of a sentence.

    Args:
        lead: the words before the link, in lower case.
        text: the words that lead to its chart.
        section: the section with that chart.
        evidence: the numbers it rests on, with the mart and its columns.
        rest: the words behind the link.
        tone: better or worse; neither where empty.
    """

    lead: str
    text: str
    section: str
    evidence: str
    rest: str = ""
    tone: Literal["better", "worse", ""] = ""


Sentence = tuple[Clause, ...]


def write_letter(figures: Figures) -> list[Sentence]:
    """The sentences for which there is evidence."""
    drafts = ([_week(figures)], [_power(figures), _fitness(figures)], [_efforts(figures), _hardness(figures)])
    sentences = [tuple(clause for clause in draft if clause) for draft in drafts]
    return [sentence for sentence in sentences if sentence]


def leads(sentence: Sentence) -> list[str]:
    """What stands before the link of each clause: the first begins the sentence."""
    first, *others = (clause.lead for clause in sentence)
    return [first[0].upper() + first[1:], *(f"; {lead}" for lead in others)]


def plain_text(sentence: Sentence) -> str:
    """A sentence without links."""
    parts = zip(leads(sentence), sentence, strict=True)
    return "".join(f"{lead}{clause.text}{clause.rest}" for lead, clause in parts) + "."


def letter_markdown(figures: Figures) -> str:
    """The letter and what each clause rests on, for the page of the asset; empty without evidence."""
    sentences = write_letter(figures)
    text = " ".join(escaped(plain_text(sentence)) for sentence in sentences)
    evidence = [f"- {escaped(clause.evidence)}" for sentence in sentences for clause in sentence]
    return "\n".join([text, "", *evidence]) if sentences else ""


def _week(figures: Figures) -> Clause | None:
    week = usual_week(figures)
    if week is None or not (week.usual_so_far_s[-1] or week.so_far_s):
        return None
    if week.days_elapsed == 1 and not week.so_far_s:
        # Who reads on the first morning of a week wants to know how the last one went.
        return _last_week(figures, week)
    usual = compact_hours(week.usual_by_today_s)
    is_whole = week.days_elapsed == len(week.ridden_s)
    evidence = (
        f"activity_measures: {compact_hours(week.so_far_s)} in the week of {day(week.first)} so far; "
        f"the median of {counted(week.weeks, 'week')} after "
        f"{counted(week.days_elapsed, 'day')} is {usual}"
    )
    if not week.so_far_s:
        usual_words = f", where {usual} would be usual by today" if week.usual_by_today_s else ""
        return Clause("you have ", "not ridden yet this week", "week", evidence, usual_words)
    rides = sum(row["rides"] for row in figures.ride_days if row["activity_date"] >= week.first)
    return Clause(
        "you rode ",
        f"{compact_hours(week.so_far_s)} in {counted(rides, 'ride')} this week",
        "week",
        evidence,
        f", {_beside_usual(week.so_far_s - week.usual_by_today_s)}{'' if is_whole else ' by today'}",
    )


def _last_week(figures: Figures, week: UsualWeek) -> Clause:
    first = week.first - timedelta(weeks=1)
    days = [row for row in figures.ride_days if first <= row["activity_date"] < week.first]
    seconds, rides = sum(row["moving_time_s"] for row in days), sum(row["rides"] for row in days)
    evidence = f"activity_measures: {compact_hours(seconds)} in the week of {day(first)}"
    compared_words = ""
    if last := week_before(figures):
        usual_s = last.usual_so_far_s[-1]
        usual = compact_hours(usual_s)
        evidence += f"; the median of {counted(last.weeks, 'week')} before it is {usual}"
        compared_words = (
            f", {_beside_usual(seconds - usual_s)}" if seconds else f", where {usual} would be usual"
        )
    if not seconds:
        return Clause("you did ", "not ride last week", "weekly", evidence, compared_words)
    rode = f"{compact_hours(seconds)} in {counted(rides, 'ride')}"
    return Clause("last week you rode ", rode, "weekly", evidence, compared_words)


def _beside_usual(change_s: float) -> str:
    if abs(change_s) < _ABOUT_S:
        return "about as usual"
    return f"{compact_hours(abs(change_s))} {'more' if change_s > 0 else 'less'} than usual"


def _power(figures: Figures) -> Clause | None:
    weeks = figures.rows("weekly_watts")
    now = weeks[-1]["average_watts_4w"] if weeks else None
    if now is None:
        return None
    before = weeks[-1 - _YEAR_WEEKS]["average_watts_4w"] if len(weeks) > _YEAR_WEEKS else None
    lead, watts = "the last four weeks averaged ", quantity(now, "W")
    # With a decimal, so that the difference of two rounded numbers is no riddle.
    exact = quantity(now, "W", 1)
    evidence = f"weekly_watts: average_watts_4w is {exact} in the week of {day(weeks[-1]['week'])}"
    if before is None:
        return Clause(lead, watts, "weekly", evidence)
    change = now - before
    return Clause(
        lead,
        f"{watts}, {compared(change, quantity(abs(change), 'W'), than='a year ago')}",
        "weekly",
        f"{evidence} and was {quantity(before, 'W', 1)} in that of {day(weeks[-1 - _YEAR_WEEKS]['week'])}",
        tone=_tone(change, 0.5),
    )


def _fitness(figures: Figures) -> Clause | None:
    days = [row for row in figures.rows("daily_load") if figures.today and row["day"] <= figures.today]
    before = fitness_before(days)
    if before is None or not days[-1]["fitness_ctl"]:
        return None
    now = days[-1]
    change = fitness_change(now, before)
    points = counted(abs(change), "point")
    text = f"{'gained' if change > 0 else 'lost'} {points}" if change else "stayed the same"
    return Clause(
        "fitness has ",
        f"{text} in four weeks",
        "load",
        f"daily_load: fitness_ctl is {number(now['fitness_ctl'], 1)} on {day(now['day'])} and was "
        f"{number(before['fitness_ctl'], 1)} on {day(before['day'])}; "
        f"form_tsb is {signed(now['form_tsb'])}",
        f", and form is {signed(now['form_tsb'])}",
        tone=_tone(change, 1),
    )


def _efforts(figures: Figures) -> Clause | None:
    bests = {row["period"]: row for row in figures.rows("power_curve") if row["duration_s"] == _EFFORT_S}
    ever, now = bests.get("all_time"), bests.get("last_42_days")
    # Of some of the rides it would be the best of those alone.
    if ever is None or now is None or figures.rides_so_far:
        return None
    lasted = effort_duration(_EFFORT_S)
    best = f"{quantity(ever['watts'], 'W')} on {day(ever['activity_date'])}"
    evidence = (
        f"power_curve: {lasted}, last_42_days {quantity(now['watts'], 'W')} on {day(now['activity_date'])}, "
        f"all_time {best}"
    )
    lead = f"your best {lasted} of six weeks, {quantity(now['watts'], 'W')}, "
    loss = 100 * (1 - now["watts"] / ever["watts"])
    if now["activity_id"] == ever["activity_id"]:
        return Clause(lead, "is your best ever", "curve", evidence, tone="better")
    if loss < _CLOSE_PCT:
        return Clause(lead, f"is within {_CLOSE_PCT} % of your best", "curve", evidence, f", {best}")
    return Clause(
        lead, f"is {quantity(loss, '%')} below your best", "curve", evidence, f", {best}", tone="worse"
    )


def _hardness(figures: Figures) -> Clause | None:
    weeks = [week for week in figures.rows("power_profile_progress") if any(map(week.get, _fields()))]
    if not weeks or figures.rides_so_far:
        return None
    hard = [week for week in weeks if _hard_s(week) >= _HARD_S]
    last = figures.rows("power_profile_progress")[-1]["week"]
    if not hard or last - hard[-1]["week"] < timedelta(weeks=_WEEKS_WITHOUT):
        return None
    # A hard ride without a meter, or without an FTP, would make it untrue.
    if not _are_zones_known(figures, hard[-1]["week"] + timedelta(weeks=1)):
        return None
    return Clause(
        "no week had ",
        f"ten minutes above threshold since that of {day(hard[-1]['week'])}",
        "zones",
        f"power_profile_progress: power_zone_5_s to power_zone_7_s last summed to {_HARD_S} s or more "
        f"in the week of {day(hard[-1]['week'])}: {number(_hard_s(hard[-1]))} s",
        tone="worse",
    )


def _are_zones_known(figures: Figures, since: date) -> bool:
    """Whether of the riding time since a day at least half is in zones."""
    rides = [row for row in figures.activities if row["is_ride"] and row["activity_date"] >= since]
    zoned_s = sum(row["moving_time_s"] for row in rides if row[_fields()[0]] is not None)
    return bool(2 * zoned_s >= sum(row["moving_time_s"] for row in rides))


def _fields() -> list[str]:
    return [f"power_zone_{zone}_s" for zone in _HARD_ZONES]


def _hard_s(week: Row) -> int:
    return sum(week[field] or 0 for field in _fields())


def _tone(change: float, level: float) -> Literal["better", "worse", ""]:
    if abs(change) < level:
        return ""
    return "better" if change > 0 else "worse"
