"""The background loop and the training child."""
