"""Exchanges to examples: which answers may teach. Pure."""
