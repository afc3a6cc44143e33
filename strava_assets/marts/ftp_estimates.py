"""The checks of `ftp_estimates`."""

from __future__ import annotations

from strava_assets.data_checks import Check, Finding, Subject, offenders


def ftp_is_up_to_date(subject: Subject) -> Finding:
    """The newest estimate does not differ from the athlete's own FTP; where it does, a change is proposed."""
    rows = subject.rows(
        """
        SELECT athlete_id, activity_id, supported_on, best_1200s_w, ftp_w, proposed_ftp_w, differs_since
        FROM ftp_estimates WHERE proposed_ftp_w IS NOT NULL ORDER BY athlete_id
        """
    )
    finding = Finding.none_of(rows, "athletes whose FTP looks out of date")
    if not rows:
        return finding
    [athletes] = subject.rows("SELECT COUNT(DISTINCT athlete_id) AS athletes FROM ftp_estimates")
    several = athletes["athletes"] > 1
    message = " ".join(_proposal(row, names_athlete=several) for row in rows)
    return Finding(finding.measured, 0, passed=False, message=message, rows=rows)


def _proposal(row: dict[str, object], *, names_athlete: bool) -> str:
    proposed, own, best = (
        round(float(str(row[name]))) for name in ("proposed_ftp_w", "ftp_w", "best_1200s_w")
    )
    side = "low" if proposed > own else "high"
    whose = f" of athlete {row['athlete_id']}" if names_athlete else ""
    return (
        f"The FTP{whose} of {own} W looks {abs(proposed - own)} W {side} since {row['differs_since']}: "
        f"20 minutes at {best} W on {row['supported_on']}. "
        f"If you agree, add ftp_w = {proposed} to athlete.toml."
    )


CHECKS = (
    offenders(
        "estimates_rest_on_rides",
        "Every estimate rests on the best 20 minutes of a ride that counts.",
        "estimates of FTP without a ride that holds them",
        """
        SELECT e.athlete_id, e.activity_id, e.supported_on, e.best_1200s_w
        FROM ftp_estimates AS e
        LEFT JOIN activity_measures AS m
          ON m.athlete_id = e.athlete_id AND m.activity_id = e.activity_id
        WHERE m.best_1200s_w IS NULL OR m.best_1200s_w != e.best_1200s_w OR m.activity_date != e.supported_on
        """,
    ),
    Check(
        "ftp_up_to_date",
        "The athlete's own FTP agrees with the newest effort of 20 minutes that supports an estimate; "
        "otherwise a change is proposed, which nothing applies.",
        ftp_is_up_to_date,
        warn=True,
    ),
)
