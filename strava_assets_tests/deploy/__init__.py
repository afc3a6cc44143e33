"""Deployments: their files against their own rules, their processes and their cloud's stand-ins for real."""
