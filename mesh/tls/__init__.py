"""Mutual TLS between the processes of the mesh: who a process is, by its certificate, and who may call it."""
