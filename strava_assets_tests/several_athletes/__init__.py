"""Tests of homes with several athletes."""
