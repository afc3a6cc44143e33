"""The consent page: the scopes that the application requests, each with a checkbox.

The page says that it is a sandbox and does not imitate Strava's design.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MEANINGS = {
    "read": "View your public profile, public segments and routes",
    "activity:read": "View your activities visible to everyone and to followers",
    "activity:read_all": "View all your activities, those visible to you alone too",
    "profile:read_all": "View your complete profile: gear, weight, FTP",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Authorize &ndash; local sandbox</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
  place-items: center; background: light-dark(#eef2f4, #14191d); color: light-dark(#1c2730, #e3e9ed); }}
main {{ background: light-dark(#fff, #1d252b); border-radius: 14px; padding: 2rem 2.25rem; max-width: 26rem;
  margin: 1rem; box-shadow: 0 8px 30px rgb(0 0 0 / .12); }}
h1 {{ font-size: 1.3rem; margin: 0 0 .25rem; }}
p {{ margin: 0 0 1.25rem; color: light-dark(#5b6b76, #9fb0bb); }}
label {{ display: flex; gap: .75rem; align-items: start; padding: .6rem 0;
  border-top: 1px solid light-dark(#e3e9ed, #2c373f); }}
input {{ margin-top: .35rem; accent-color: #0b7a75; }}
code {{ display: block; font-size: .8rem; color: light-dark(#5b6b76, #9fb0bb); }}
div {{ display: flex; gap: .75rem; margin-top: 1.5rem; }}
button {{ font: inherit; padding: .6rem 1.1rem; border-radius: 8px; border: 1px solid #0b7a75;
  cursor: pointer; }}
button[value=authorize] {{ background: #0b7a75; color: #fff; flex: 1; }}
button[value=cancel] {{ background: none; color: inherit; }}
</style>
</head>
<body>
<main>
<h1>Authorize application {client_id}</h1>
<p>{signed_in} This is a sandbox on your own machine: the athlete does not exist,
and nothing leaves it.</p>
<form method="post" action="/oauth/authorize">
{hidden}
{choice}
{boxes}
<div>
<button type="submit" name="decision" value="authorize" id="authorize">Authorize</button>
<button type="submit" name="decision" value="cancel" id="cancel">Cancel</button>
</div>
</form>
</main>
</body>
</html>
"""


def consent_page(
    athletes: Sequence[Mapping[str, Any]], query: Mapping[str, str], scopes: Sequence[str]
) -> str:
    """The page for an authorization request.

    Args:
        athletes: The signed-in athlete, or several to choose from.
        query: The request's parameters, which are sent back with the decision.
        scopes: The requested scopes. `read` cannot be deselected, as on Strava.
    """
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in query.items()
        if name in ("client_id", "redirect_uri", "response_type", "scope", "state")
    )
    boxes = "\n".join(
        f'<label><input type="checkbox" name="scope:{scope}" checked{" disabled" if scope == "read" else ""}>'
        f"<span>{escape(_MEANINGS[scope])}<code>{scope}</code></span></label>"
        for scope in scopes
    )
    names = [escape(_name(athlete)) for athlete in athletes]
    return _PAGE.format(
        client_id=escape(query["client_id"]),
        signed_in=f"Signed in as {names[0]}." if len(names) == 1 else "Choose who you are.",
        choice="" if len(names) == 1 else _choice(athletes),
        hidden=hidden,
        boxes=boxes,
    )


def _choice(athletes: Sequence[Mapping[str, Any]]) -> str:
    options = "".join(
        f'<option value="{athlete["id"]}">{escape(_name(athlete))}</option>' for athlete in athletes
    )
    return f'<label>Athlete <select name="athlete">{options}</select></label>'


def _name(athlete: Mapping[str, Any]) -> str:
    return f"{athlete.get('firstname', '')} {athlete.get('lastname', '')}".strip() or "an athlete"
