"""The statistics of agreement and the decisions resting on them. Pure."""
