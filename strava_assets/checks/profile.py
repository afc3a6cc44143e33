"""The checks of `athlete_profile`: dates that follow one another, and figures that are missing."""

from strava_assets.data_checks import offenders

CHECKS = (
    offenders(
        "one_figure_a_day",
        "No two rows of one athlete hold on the same day.",
        "periods that overlap the one before",
        """
        SELECT athlete_id, valid_from, ended FROM (
          SELECT athlete_id, valid_from,
            LAG(COALESCE(valid_to, DATE '9999-12-31'))
              OVER (PARTITION BY athlete_id ORDER BY valid_from) AS ended
          FROM athlete_profile
        ) WHERE ended > valid_from
        """,
    ),
    offenders(
        "ftp_known",
        "Every athlete who rides with power has an FTP; it comes from athlete.toml or the Strava profile.",
        "athletes who ride with a power meter but have no FTP in athlete_profile",
        """
        SELECT athlete_id, COUNT(*) AS rides FROM bq_activities AS a
        WHERE deleted_at IS NULL AND device_watts AND NOT EXISTS (
          SELECT 1 FROM athlete_profile AS f
          WHERE f.athlete_id = a.athlete_id AND f.valid_to IS NULL AND f.ftp_w IS NOT NULL
        )
        GROUP BY athlete_id
        """,
        blocking=False,
    ),
)
