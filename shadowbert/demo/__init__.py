"""The demonstration: corpus, driver, live view, self-check."""
