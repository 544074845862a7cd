"""What is wrong with a data set, or with one row of it."""


class NoDataSet(Exception):
    """What is there cannot be read as a MovieLens data set; the text is the whole message."""


class BadRow(Exception):
    """Why one row cannot be taken, in words that follow the file and the line."""
