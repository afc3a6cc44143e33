"""Tests of the page and the small pictures."""
