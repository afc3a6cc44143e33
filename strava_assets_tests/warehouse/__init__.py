"""Tests of the warehouse room."""
