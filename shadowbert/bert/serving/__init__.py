"""Tokenise, run and check a published student; no torch."""
