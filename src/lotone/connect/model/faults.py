"""What can go wrong with connections, each case with a sentence that says what to do."""

from lotone.kernel import Conflict, Forbidden, Invalid, NotFound, Unavailable, Words


class WrongConnection(Invalid):
    """A connection that can't work as described."""


class ConnectionExists(Conflict):
    """There is already a connection with this id, or to this edge node."""


class UnknownConnection(NotFound):
    """There is no connection with this id in the organization."""


class NotWritable(Forbidden):
    """The tag is not one that may be written."""


class NotConnected(Unavailable):
    """The machine can't be reached at the moment."""


class WriteRefused(Conflict):
    """The machine answered, and said no."""


class WrongPush(Invalid):
    """A pushed payload that can't be taken; nothing of it was."""


class Misfit(ValueError):
    """A value that is not of the tag's data type."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words
