"""What learning refuses, in words for the operator."""


class NothingToLearn(Exception):
    """There is no like among the interactions."""


class Diverged(Exception):
    """The numbers ran away while a tower was trained: it needs a lower learning rate."""


class BrokenArtefact(Exception):
    """The directory does not hold a model that can be served; the text says why."""


class ArtefactNotWritten(Exception):
    """The model could not be written, on a full disk for example; nothing of it is left behind."""
