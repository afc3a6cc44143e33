"""Tests of the local Strava."""
