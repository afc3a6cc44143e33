"""Tests of strava_assets.streams."""
