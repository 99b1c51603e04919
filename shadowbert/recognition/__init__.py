"""Which task a call belongs to and what its input is. Pure."""
