"""The students: serving without torch, training in a child process."""
