"""What lists, playlists, viewings and CSV files are, without a database."""
