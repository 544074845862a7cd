"""What lists, playlists and viewings are, with nothing but the standard library."""
