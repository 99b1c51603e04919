"""The decision table: who answers a call and why. Pure."""
