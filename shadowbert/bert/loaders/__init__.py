"""What is exported beside a student: it runs without this package, and nothing in this package imports it."""
