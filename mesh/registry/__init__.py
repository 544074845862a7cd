"""Who runs where: the port that services announce themselves to and that the control plane watches, and its adapters."""
