"""Tests of strava_assets.power."""
