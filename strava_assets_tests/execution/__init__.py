"""Tests of locks, pools, killed runs and pruning."""
