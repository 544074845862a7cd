"""What a document is, which rules it keeps, and which text a reader is shown."""
