"""One's own account for programs: who am I, my API tokens."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from lotone.identity import ALL_ACTIONS, Actor, ApiToken, may
from lotone.kernel import NotFound
from lotone.web.access import platform_of, signed_in

router = APIRouter(prefix="/api/v1", tags=["account"])


class Me(BaseModel):
    organization: str
    user: str | None
    role: str
    display: str
    actions: list[str] = Field(description="Everything this caller may do.")


class Token(BaseModel):
    id: str
    words: str
    scopes: list[str]
    hint: str = Field(description="The first characters of the secret.")
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    secret: str | None = Field(None, description="Only in the answer that creates it.")


class NewToken(BaseModel):
    words: str = Field(max_length=200, description="What it is for.")
    scopes: list[str] = Field(min_length=1, description="Actions such as `plan.read`, or `plan.*`.")
    days: float | None = Field(None, gt=0, le=3650, description="Life; without it the token lasts until it is revoked.")


@router.get("/me")
def me(request: Request, actor: Actor = signed_in()) -> Me:
    """Who calls, and what she may do."""
    mine = sorted(action for action in ALL_ACTIONS if may(actor, action))
    return Me(organization=actor.organization, user=actor.user, role=actor.role, display=actor.display, actions=mine)


@router.get("/tokens")
def tokens(request: Request, actor: Actor = signed_in(in_person=True)) -> list[Token]:
    """My API tokens that are not revoked."""
    with platform_of(request).look(actor.organization) as work:
        return [_shown(token) for token in work.identity.tokens(actor.user)]


@router.post("/tokens", status_code=201)
def create_token(request: Request, new: NewToken, actor: Actor = signed_in(in_person=True)) -> Token:
    """A new API token with its secret; only with a session, not with another token."""
    life = None if new.days is None else timedelta(days=new.days)
    with platform_of(request).work(actor.organization) as work:
        token, secret = work.identity.create_token(actor, frozenset(new.scopes), new.words, life=life)
    return _shown(token, secret)


@router.delete("/tokens/{token}", status_code=204)
def revoke_token(request: Request, token: str, actor: Actor = signed_in(in_person=True)) -> None:
    """It stops working at once."""
    with platform_of(request).work(actor.organization) as work:
        if token not in {known.id for known in work.identity.tokens(actor.user)}:
            raise NotFound(f"you have no API token {token}")
        work.identity.revoke_token(token)


def _shown(token: ApiToken, secret: str | None = None) -> Token:
    return Token(
        id=token.id,
        words=token.words,
        scopes=sorted(token.scopes),
        hint=token.hint,
        created_at=token.created_at,
        used_at=token.used_at,
        expires_at=token.expires_at,
        secret=secret,
    )
