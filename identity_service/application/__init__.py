"""What can be done with accounts and sessions, and the ports that it needs."""
