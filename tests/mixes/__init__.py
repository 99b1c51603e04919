"""Labelled mixes of traffic: several tasks, their changes and noise, replayed through collect and held to it."""
