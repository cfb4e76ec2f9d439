"""full-stack-fastapi-template's own read of the caller's account, rebuilt: `GET /users/me`.

From its source of August 2026 (backend/app: api/deps.py, api/routes/users.py, core/db.py,
models.py, main.py): SQLModel on SQLAlchemy's default engine, psycopg 3 to PostgreSQL, a session a
request, PyJWT with HS256, CORS, routes that are not async, and what `fastapi run` starts: uvicorn
with its access log. Rebuilt and not imported, because it asks for a newer Python than this
repository does, and for Sentry, mails and a page that no read touches. It has no pictures.

`python -m bench.app.template PORT URL KEY` serves it; the token is made by `token`.
"""

import sys
import uuid
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from pydantic import EmailStr, ValidationError
from sqlalchemy import DateTime
from sqlmodel import Field, Session, SQLModel, create_engine
from starlette.middleware.cors import CORSMiddleware

EMAIL = "ada@example.com"


class UserBase(SQLModel):
    """What is read and kept."""

    email: EmailStr = Field(unique=True, index=True, max_length=255)
    is_active: bool = True
    is_superuser: bool = False
    full_name: str | None = Field(default=None, max_length=255)


class User(UserBase, table=True):
    """The table."""

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    hashed_password: str
    created_at: datetime | None = Field(
        default_factory=lambda: datetime.now(UTC),
        sa_type=DateTime(timezone=True),
    )


class UserPublic(UserBase):
    """What is shown."""

    id: uuid.UUID
    created_at: datetime | None = None


class TokenPayload(SQLModel):
    """What is in a token."""

    sub: str | None = None


def token(user_id: str, key: str) -> str:
    """An access token of theirs."""
    return jwt.encode({"exp": datetime.now(UTC) + timedelta(days=8), "sub": user_id}, key, "HS256")


def made(url: str) -> str:
    """Makes the table with one account; its id."""
    engine = create_engine(url)
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        user = User(email=EMAIL, full_name="Ada", hashed_password="x" * 97)
        session.add(user)
        session.commit()
        return str(user.id)


def application(url: str, key: str) -> FastAPI:
    """Their app, with this one route."""
    engine = create_engine(url)
    oauth2 = OAuth2PasswordBearer(tokenUrl="/api/v1/login/access-token")

    def get_db() -> Generator[Session]:
        with Session(engine) as session:
            yield session

    def get_current_user(
        session: Annotated[Session, Depends(get_db)], token: Annotated[str, Depends(oauth2)]
    ) -> User:
        try:
            payload = jwt.decode(token, key, algorithms=["HS256"])
            token_data = TokenPayload(**payload)
        except (jwt.InvalidTokenError, ValidationError):
            raise HTTPException(status.HTTP_403_FORBIDDEN) from None
        user = session.get(User, token_data.sub)
        if not user:
            raise HTTPException(404, "User not found")
        if not user.is_active:
            raise HTTPException(400, "Inactive user")
        return user

    app = FastAPI()
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["http://localhost:5173"],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )

    @app.get("/api/v1/users/me", response_model=UserPublic)
    def read_user_me(current_user: Annotated[User, Depends(get_current_user)]) -> Any:
        return current_user

    return app


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[2], sys.argv[3]), port=int(sys.argv[1]), proxy_headers=True)
