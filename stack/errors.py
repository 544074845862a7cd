"""What the `reelmesh` command tells a person in one sentence."""


class StackError(Exception):
    """Something a person can act on; its text is the whole message, shown without a traceback."""
