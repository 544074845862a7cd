"""Seats for films: venues and halls, showtimes, holds and bookings; no seat is ever sold twice."""
