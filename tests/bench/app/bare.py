"""A bare FastAPI + SQLAlchemy app that reads the same: the caller's account, and a picture.

As its documentation shows it: functions that are not async, one engine, a JWT, uvicorn. The same
tables and driver, TLS to the same database, the same objects through boto3; nothing of what the app
has beside the query: no limits of bodies, heads or time, no log, no metrics, no headers, no
revocation beyond the query itself. `python -m bench.app.bare PORT`, with the app's own variables.
"""

from __future__ import annotations

import os
import ssl
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel
from sqlalchemy import URL, create_engine, select

from appinstance_app.store.tables import sessions, users

_engine = create_engine(
    URL.create(
        "mysql+pymysql",
        os.environ["DB_USERNAME"],
        os.environ["DB_PASSWORD"],
        os.environ["DB_HOST"],
        int(os.environ["DB_PORT"]),
        os.environ["DB_NAME"],
    ),
    connect_args={"ssl": ssl.create_default_context(cafile=os.environ["DB_TLS_CA_FILE"])},
    pool_size=16,
    max_overflow=2,
)
_s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
app = FastAPI()
_token = OAuth2PasswordBearer(tokenUrl="token")


class Account(BaseModel):
    """What the app answers with."""

    id: str
    email: str
    email_verified: bool
    display_name: str
    avatar_url: str | None
    created_at: datetime
    has_password: bool
    passkeys: int
    second_factor: bool


def _caller(token: Annotated[str, Depends(_token)]) -> Any:
    try:
        claims = jwt.decode(
            token, os.environ["APP_SECRET_KEY"], algorithms=["HS256"], audience="appinstance-api"
        )
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    statement = (
        select(users)
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(
            sessions.c.id == claims["sid"],
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > datetime.now(UTC).replace(tzinfo=None),
            users.c.disabled_at.is_(None),
        )
    )
    with _engine.connect() as connection:
        row = connection.execute(statement).first()
    if row is None:
        raise HTTPException(401)
    return row


@app.get("/me")
def me(row: Annotated[Any, Depends(_caller)]) -> Account:
    """The caller's account."""
    return Account(
        id=row.id,
        email=row.email,
        email_verified=row.email_verified_at is not None,
        display_name=row.display_name,
        avatar_url=f"/avatars/{row.id}/{row.avatar_name}.webp" if row.avatar_name else None,
        created_at=row.created_at,
        has_password=bool(row.password_hash),
        passkeys=row.passkeys,
        second_factor=bool(row.second_factor),
    )


@app.get("/avatars/{user_id}/{name}.webp")
def picture(user_id: str, name: str) -> Response:
    """A picture, if it is its owner's now."""
    with _engine.connect() as connection:
        row = connection.execute(select(users).where(users.c.id == user_id)).first()
    if row is None or row.avatar_name != name:
        raise HTTPException(404)
    key = f"{os.environ['MEDIA_PREFIX']}avatars/{user_id}/{name}.webp"
    found = _s3.get_object(Bucket=os.environ["MEDIA_BUCKET"], Key=key)
    return Response(found["Body"].read(), media_type="image/webp")


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
