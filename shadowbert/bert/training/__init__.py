"""Encoder, recipes, calibration and export; reached only as a child process."""
