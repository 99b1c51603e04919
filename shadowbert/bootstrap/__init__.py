"""The only room that sees ports and machines together: it opens them in order and closes them in reverse."""
