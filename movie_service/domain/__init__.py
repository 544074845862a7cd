"""What a movie is and what may happen to it; standard library only."""
