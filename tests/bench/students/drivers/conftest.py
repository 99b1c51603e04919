"""Drivers run in environments of their own; here their libraries are not installed."""

collect_ignore_glob = ["*.py"]
