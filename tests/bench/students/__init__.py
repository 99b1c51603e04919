"""Which student is best, at every size of log: `make bench-students`."""
