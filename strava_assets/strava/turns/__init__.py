"""Who is fetched next: shares Strava's quota, which belongs to the application, among its athletes.

Decisions only: no clock, no request, no file. A caller plans (`plan_turns`), gives each turn its calls
(`Pacer.turn`), notes the result (`after_turn`) and plans again, until no turn is left. The rules are
in docs/many-athletes.md. How fast one athlete's recordings come is estimated in `history.quota_plan`.
"""

from strava_assets.strava.turns.athlete_state import AthleteState, Purpose, Turn, TurnRules
from strava_assets.strava.turns.forecast import Completion, expected_completion
from strava_assets.strava.turns.stream_shares import calls_for_streams, share_calls
from strava_assets.strava.turns.turn_needs import needs_of, paused_until
from strava_assets.strava.turns.turn_plan import plan_turns, summary
from strava_assets.strava.turns.turn_results import after_turn, may_stop_everyone, stops_everyone

__all__ = [
    "AthleteState",
    "Completion",
    "Purpose",
    "Turn",
    "TurnRules",
    "after_turn",
    "calls_for_streams",
    "expected_completion",
    "may_stop_everyone",
    "needs_of",
    "paused_until",
    "plan_turns",
    "share_calls",
    "stops_everyone",
    "summary",
]
