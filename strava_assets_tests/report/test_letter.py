"""The letter: each clause has its numbers, and without numbers there is no clause."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report import Figures, build_page, letter_markdown
from strava_assets.report.letter import plain_text, write_letter
from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections
from strava_assets_tests.report.conftest import NOW, TODAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.report.letter import Clause

Row = dict[str, Any]
NBSP = "\u00a0"


def clauses(figures: Figures) -> dict[str, Clause]:
    return {clause.section: clause for sentence in write_letter(figures) for clause in sentence}


def changed(figures: Figures, mart: str, change: Callable[[Row], Row]) -> Figures:
    return replace(figures, marts={**figures.marts, mart: [change(row) for row in figures.rows(mart)]})


def test_the_letter_is_three_sentences_whose_clauses_lead_to_sections(figures: Figures) -> None:
    letter = write_letter(figures)

    assert [len(sentence) for sentence in letter][:2] == [1, 2]
    assert len(letter) <= 3
    sections = {section.name for section in build_sections(figures, METRIC)}
    assert set(clauses(figures)) <= sections


def test_every_number_of_the_letter_stands_in_its_evidence_or_follows_from_it(figures: Figures) -> None:
    for clause in clauses(figures).values():
        assert re.match(r"[a-z_]+:? ", clause.evidence), clause
        assert re.search(r"\d", clause.evidence), clause
    power = clauses(figures)["weekly"]
    week = figures.rows("weekly_watts")[-1]
    assert f"{week['average_watts_4w']:.0f}{NBSP}W" in power.text
    assert f"{week['average_watts_4w']:.1f}{NBSP}W" in power.evidence


def test_a_sentence_begins_with_a_capital_and_ends_with_a_period(figures: Figures) -> None:
    for sentence in write_letter(figures):
        assert re.fullmatch(r"[A-Z][^A-Z].*[^.]\.", plain_text(sentence), re.DOTALL)


def test_without_marts_there_is_no_letter() -> None:
    assert write_letter(Figures()) == []
    assert letter_markdown(Figures()) == ""


def test_a_clause_without_its_mart_is_left_out(figures: Figures) -> None:
    for mart, section in (
        ("weekly_watts", "weekly"),
        ("daily_load", "load"),
        ("power_curve", "curve"),
    ):
        rest = {name: rows for name, rows in figures.marts.items() if name != mart}
        assert section in clauses(figures)
        assert section not in clauses(replace(figures, marts=rest))


def on_monday(figures: Figures, ridden_last_week: bool) -> Figures:
    """The figures on the first morning of the week, before a ride."""
    monday = TODAY - timedelta(days=TODAY.weekday())
    end = monday if ridden_last_week else monday - timedelta(weeks=1)
    weeks = [
        row | {"days_elapsed": 1} if row["week"] == monday else row for row in figures.rows("weekly_watts")
    ]
    return replace(
        figures,
        ride_days=[row for row in figures.ride_days if row["activity_date"] < end],
        marts={**figures.marts, "weekly_watts": weeks},
    )


def test_on_the_first_morning_of_a_week_the_letter_is_about_the_last_one(figures: Figures) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday())
    last = [row for row in figures.ride_days if monday - timedelta(weeks=1) <= row["activity_date"] < monday]
    hours = sum(row["moving_time_s"] for row in last) / 3600

    [[clause], *_] = write_letter(on_monday(figures, ridden_last_week=True))

    assert clause.lead == "last week you rode "
    assert clause.text.startswith(f"{hours:.1f}{NBSP}h in {sum(row['rides'] for row in last)}{NBSP}ride")
    assert "usual" in clause.rest
    assert clause.section == "weekly"


def test_a_last_week_without_a_ride_is_said_too(figures: Figures) -> None:
    [[clause], *_] = write_letter(on_monday(figures, ridden_last_week=False))

    assert clause.lead + clause.text == "you did not ride last week"
    assert "would be usual" in clause.rest


MONDAY = TODAY - timedelta(days=TODAY.weekday())


def hours_by_week(*hours: float, weekdays: tuple[int, ...] = (5,)) -> Figures:
    """The figures on a Monday before a ride, with one ride in each earlier week, the newest last."""
    firsts = [MONDAY - timedelta(weeks=back) for back in range(len(hours), -1, -1)]
    days = [
        {
            "activity_date": first + timedelta(days=weekdays[place % len(weekdays)]),
            "rides": 1,
            "moving_time_s": round(3600 * spent),
        }
        for place, (first, spent) in enumerate(zip(firsts, hours, strict=False))
    ]
    weeks = [
        {"week": first, "is_partial": first == MONDAY, "days_elapsed": 1, "average_watts_4w": None}
        for first in firsts
    ]
    return Figures(today=MONDAY, marts={"weekly_watts": weeks}, ride_days=days)


def test_the_last_week_is_not_compared_with_itself() -> None:
    [[alone]] = write_letter(hours_by_week(3))
    [[second]] = write_letter(hours_by_week(3, 5))

    assert plain_text((alone,)) == f"Last week you rode 3.0{NBSP}h in 1{NBSP}ride."
    assert "median" not in alone.evidence
    assert second.rest == f", 2.0{NBSP}h more than usual"
    assert f"the median of 1{NBSP}week before it is 3.0{NBSP}h" in second.evidence


def test_a_usual_week_needs_no_usual_day() -> None:
    [[clause]] = write_letter(hours_by_week(3, 3, 3, 3, 3, 3, weekdays=(1, 3, 5)))

    assert clause.lead == "last week you rode "
    assert clause.rest == ", about as usual"


def test_a_week_without_a_ride_says_what_would_be_usual(figures: Figures) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday())
    earlier = [row for row in figures.ride_days if row["activity_date"] < monday]

    week = clauses(replace(figures, ride_days=earlier))["week"]

    assert week.text == "not ridden yet this week"
    assert "would be usual by today" in week.rest


def test_a_loss_of_the_best_twenty_minutes_is_named_with_both_efforts(figures: Figures) -> None:
    weak = changed(
        figures,
        "power_curve",
        lambda row: (
            row | {"watts": 200.0, "activity_id": "1"}
            if row["period"] == "last_42_days"
            else row | {"watts": 250.0}
        ),
    )

    effort = clauses(weak)["curve"]

    assert effort.text == f"is 20{NBSP}% below your best"
    assert effort.tone == "worse"
    assert "last_42_days 200" in effort.evidence
    assert "all_time 250" in effort.evidence


def test_while_seconds_are_still_to_come_no_best_is_compared(figures: Figures) -> None:
    half = replace(figures, quality=figures.quality | {"streams_to_come": 1000})

    assert not {"curve", "zones"} & set(clauses(half))


def test_weeks_without_ten_hard_minutes_are_named_from_the_fourth_on(figures: Figures) -> None:
    weeks = figures.rows("power_profile_progress")

    def easy_since(back: int) -> Figures:
        hard_week = weeks[-1]["week"] - timedelta(weeks=back)
        return changed(
            figures,
            "power_profile_progress",
            lambda row: (
                row | {f"power_zone_{zone}_s": 300 if row["week"] == hard_week else 0 for zone in (5, 6, 7)}
            ),
        )

    assert "zones" not in clauses(easy_since(3))
    assert "ten minutes above threshold since" in clauses(easy_since(4))["zones"].text
    assert "900 s" in clauses(easy_since(4))["zones"].evidence


def test_rides_whose_zones_are_unknown_say_nothing_about_hard_weeks(figures: Figures) -> None:
    hard_week = figures.rows("power_profile_progress")[-5]["week"]
    easy = changed(
        figures,
        "power_profile_progress",
        lambda row: (
            row | {f"power_zone_{zone}_s": 300 if row["week"] == hard_week else None for zone in (5, 6, 7)}
        ),
    )
    without_zones = [
        row | {"power_zone_5_s": None} if row["activity_date"] > hard_week + timedelta(weeks=1) else row
        for row in figures.activities
    ]

    assert "zones" in clauses(easy)
    assert "zones" not in clauses(replace(easy, activities=without_zones))


def test_fitness_that_settles_is_not_compared(figures: Figures) -> None:
    warming = changed(figures, "daily_load", lambda row: row | {"is_warm_up": True})

    assert "load" not in clauses(warming)


def test_fitness_is_not_compared_with_a_day_on_which_it_settled(figures: Figures) -> None:
    before = figures.rows("daily_load")[-1]["day"] - timedelta(days=28)
    settled = changed(figures, "daily_load", lambda row: row | {"is_warm_up": row["day"] <= before})

    assert "load" not in clauses(settled)


def test_the_page_and_the_asset_show_the_same_sentences(figures: Figures) -> None:
    page = build_page(figures, generated_at=NOW)
    [letter] = re.findall(r'aria-labelledby="letter">.*?<p>(.*?)</p>', page, re.DOTALL)
    words = re.sub(r"<[^>]+>", "", letter).strip()

    assert words == " ".join(plain_text(sentence) for sentence in write_letter(figures))
    assert letter_markdown(figures).split("\n", 1)[0].replace("\\", "") == words.replace(NBSP, " ")
    assert letter_markdown(figures).count("\n- ") == len(clauses(figures))
