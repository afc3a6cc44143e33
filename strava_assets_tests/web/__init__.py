"""Tests of what browsers and other programs may ask of our servers."""
