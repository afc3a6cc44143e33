"""Tests of Dagster's UI as a person meets it."""
