"""The five kinds of error every capability speaks; each real case is a subclass beside the code that raises it."""


class LotOneError(Exception):
    """Something LotOne can explain: a sentence for people, and where it is known, the place it happened."""

    kind = "error"

    def __init__(self, message: str, *, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class NotFound(LotOneError):
    """The thing asked for does not exist, or belongs to somebody else: the two are never told apart."""

    kind = "not_found"


class Conflict(LotOneError):
    """The request was understood but the present state of the thing does not allow it."""

    kind = "conflict"


class Invalid(LotOneError):
    """The input breaks a rule; `where` names the file, line, field or tag."""

    kind = "invalid"


class Forbidden(LotOneError):
    """The caller is known but may not do this."""

    kind = "forbidden"


class Unavailable(LotOneError):
    """A part that is needed does not answer at the moment; trying again later may help."""

    kind = "unavailable"
