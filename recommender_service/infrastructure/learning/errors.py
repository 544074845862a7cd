"""What learning refuses, in words for the operator."""


class NothingToLearn(Exception):
    """There is no like among the interactions."""


class Diverged(Exception):
    """The numbers of a training are no good; the text says which parameter would help."""


class BackendMissing(Exception):
    """What the chosen backend needs is not there; the text says what."""


class BrokenArtefact(Exception):
    """The directory does not hold a model that can be served; the text says why."""


class ArtefactNotWritten(Exception):
    """The model could not be written, on a full disk for example; nothing of it is left behind."""
