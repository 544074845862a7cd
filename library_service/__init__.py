"""What is a user's own: watchlist, favourites, playlists and viewing history."""
