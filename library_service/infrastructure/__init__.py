"""Lists, playlists and viewings over gRPC, in PostgreSQL, on the event stream."""
