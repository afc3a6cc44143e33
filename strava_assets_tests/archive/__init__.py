"""Tests of strava_assets.archive."""
