"""Tests of the landing package."""
