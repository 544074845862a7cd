"""Seats, showtimes, holds and bookings as they are talked about; the standard library only."""
