"""What is recorded while an experiment runs, off the way of the answers."""
