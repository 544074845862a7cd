"""The context of what is told about movies: documents, genres, people, texts in many languages."""
