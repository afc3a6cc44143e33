"""Several athletes and one quota: a simulation that compares strategies, and its tests.

`athletes_life` decides what athletes do. `real_fleet` plays it with the sandbox, the real client and the
real fetch, `model_fleet` with a model of the calls, for thousands of athletes. Both plan with the real
planner, and `strategies` runs them.
"""
