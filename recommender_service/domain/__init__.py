"""What interactions mean, which models may serve, and why a movie is in a list; standard library only."""
