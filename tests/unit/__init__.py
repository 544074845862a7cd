"""Tests of one piece at a time, with sockets blocked."""
