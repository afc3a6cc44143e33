"""Tests of the athlete's own figures."""
