"""What every service of the mesh stands on; it knows no bounded context."""
