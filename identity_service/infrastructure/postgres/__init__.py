"""Tables, repositories and readers."""
