"""The pure parts of the control plane."""
