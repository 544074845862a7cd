"""The catalogue of movies, its search, and the pages composed from all contexts."""
