"""Fakes, factories, contract suites and the simulated upstream; shipped."""
