"""A payment provider to develop and test against: a process of its own that speaks as Stripe does, and moves no money."""
