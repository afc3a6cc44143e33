"""Tests of requests by browsers and other programs to the servers."""
