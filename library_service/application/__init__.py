"""What can be done with lists, playlists and viewings, and the ports that it needs."""
