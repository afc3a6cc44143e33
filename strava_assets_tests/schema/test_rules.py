"""The bounds and thresholds as they were decided: whoever changes one changes what every figure means."""

from __future__ import annotations

from strava_assets.schema import rules

DECIDED = {
    "ftp_loss_pct": 5,
    "ftp_difference_pct": 2,
    "most_clock_hours": 14,
    "clock_tolerance_s": 60,
    "many_spikes": 5,
    "first_year": 1990,
    "most_difference_pct": 10,
    "fewest_scale_rides": 5,
    "men_trimp_exponent": 1.92,
    "women_trimp_exponent": 1.67,
    "fastest_run_mps": 11,
    "least_heartrate_reserve_bpm": 20,
    "most_above_maximum_bpm": 10,
    "start_days": 42,
    "most_watts": 2500,
    "lowest_heartrate_bpm": 25,
    "highest_heartrate_bpm": 250,
    "longest_activity_s": 30 * 86_400,
    "longest_distance_m": 20_000_000,
    "most_climb_m": 1_000_000,
    "most_points": 100_000,
    "longest_recording_s": 2 * 86_400,
    "best_week_hours": 3,
    "best_quarter_hours": 10,
    "fit_durations_s": (120, 180, 300, 480, 720, 1200),
    "fewest_fit_points": 3,
    "durability_durations_s": (5, 15, 30, 60, 120, 300, 600, 1200, 3600),
    "fewest_fit_days": 2,
    "longest_first_fit_s": 180,
    "shortest_last_fit_s": 720,
    "most_critical_power_error": 0.05,
    "most_w_prime_error": 0.2,
    "least_critical_power_share": 0.85,
    "lowest_w_prime_kj": 5,
    "highest_w_prime_kj": 40,
}
FIGURE_BOUNDS = {
    "ftp_w": (30, 700),
    "weight_kg": (20, 300),
    "max_heartrate_bpm": (60, 250),
    "threshold_heartrate_bpm": (60, 240),
    "resting_heartrate_bpm": (20, 120),
    "run_threshold_heartrate_bpm": (60, 240),
    "swim_threshold_heartrate_bpm": (60, 240),
    "run_threshold_pace_s_per_km": (150, 900),
    "run_threshold_power_w": (50, 700),
    "critical_power_w": (30, 700),
    "w_prime_kj": (5, 40),
}


def test_every_number_of_the_marts_is_the_one_that_was_decided() -> None:
    numbers = {name: value for name, value in rules.SQL_RULES.items() if name != "period_helpers"}
    assert numbers == DECIDED
    assert rules.FIGURE_BOUNDS == FIGURE_BOUNDS
    assert rules.LONG_EFFORT_S == 1200
    assert rules.MOST_PLANNED_LOAD == 1000
