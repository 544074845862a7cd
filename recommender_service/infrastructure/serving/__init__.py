"""What a replica keeps in memory to answer from, and how it follows the database."""
