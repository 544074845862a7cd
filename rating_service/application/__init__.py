"""What can be done with ratings and reviews, and the ports that it needs."""
