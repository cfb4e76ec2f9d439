"""The settings: what production refuses, what development fills in, and what `.env` may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appinstance_app.settings import SettingsError, load_database_settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

KEY = "q8Zr1xV0nT5mJ7cB2yW9kL4pD6hF3sGa"
PLANTED = "planted-Xy7"


@pytest.fixture
def production(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A complete production environment."""
    (tmp_path / "ca.crt").touch()
    for name, value in {
        "APP_ENVIRONMENT": "production",
        "APP_PORT": "8000",
        "APP_METRICS_PORT": "9090",
        "APP_PUBLIC_URL": "https://acme.apps.example.com",
        "APP_TRUSTED_PROXY_HOPS": "1",
        "APP_SECRET_KEY": KEY,
        "DB_HOST": "db.example.com",
        "DB_PORT": "3306",
        "DB_USERNAME": "app",
        "DB_PASSWORD": f"{PLANTED}-database",
        "DB_NAME": "acme",
        "DB_TLS_CA_FILE": str(tmp_path / "ca.crt"),
        "MEDIA_BUCKET": "appinstance-media",
        "MEDIA_PREFIX": "acme/shop/",
        "AWS_REGION": "eu-central-1",
    }.items():
        clean_environment.setenv(name, value)
    return clean_environment


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def test_the_operators_environment_is_enough(production: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.in_production
    assert (settings.db_host, settings.db_port, settings.db_name) == (
        "db.example.com",
        3306,
        "acme",
    )
    assert settings.trusted_proxy_hops == 1
    assert settings.secure_cookies
    assert settings.bind_host == "0.0.0.0"


def test_without_app_environment_it_is_production(production: pytest.MonkeyPatch) -> None:
    production.delenv("APP_ENVIRONMENT")
    assert load_settings().in_production


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"APP_SECRET_KEY": None}, "APP_SECRET_KEY must have at least 32 characters"),
        ({"APP_SECRET_KEY": KEY[:31]}, "APP_SECRET_KEY must have at least 32 characters"),
        ({"APP_SECRET_KEY": "change-me-" * 4}, "APP_SECRET_KEY looks like a placeholder"),
        ({"APP_SECRET_KEY": "changeme" + KEY}, "APP_SECRET_KEY looks like a placeholder"),
        ({"APP_SECRET_KEY": "<your secret here, 32 characters>"}, "looks like a placeholder"),
        ({"APP_SECRET_KEY": "placeholder" * 4}, "APP_SECRET_KEY looks like a placeholder"),
        ({"APP_SECRET_KEY": "a" * 64}, "APP_SECRET_KEY looks like a placeholder"),
        ({"APP_SECRET_KEY": "0123" * 10}, "APP_SECRET_KEY looks like a placeholder"),
        ({"USE_FILE_STORAGE": "true"}, "USE_FILE_STORAGE=true is for development only"),
        ({"DB_TLS_CA_FILE": None}, "Set DB_TLS_CA_FILE to the PEM file of the CA"),
        ({"DB_TLS_CA_FILE": "/nowhere/ca.crt"}, "DB_TLS_CA_FILE names no file"),
        ({"DB_HOST": None}, "Set DB_HOST;"),
        ({"DB_HOST": "", "DB_NAME": ""}, "Set DB_HOST, DB_NAME;"),
        ({"DB_PASSWORD": None}, "DB_PASSWORD is empty or a placeholder"),
        ({"DB_PASSWORD": "ChangeMe"}, "DB_PASSWORD is empty or a placeholder"),
        ({"APP_PUBLIC_URL": None}, "APP_PUBLIC_URL must be the origin"),
        ({"APP_PUBLIC_URL": "http://acme.example.com"}, "https://<host>"),
        ({"APP_PUBLIC_URL": "https://acme.example.com/path"}, "APP_PUBLIC_URL must be the origin"),
        ({"MEDIA_BUCKET": None}, "Set MEDIA_BUCKET"),
        ({"MEDIA_PREFIX": "acme/shop"}, "MEDIA_PREFIX must be empty or end with '/'"),
        ({"MEDIA_PREFIX": "acme//"}, "MEDIA_PREFIX must be empty or end with '/'"),
        ({"APP_STATIC_DIR": "."}, "APP_STATIC_DIR is for development only"),
        ({"APP_PORT": "9090"}, "APP_PORT and APP_METRICS_PORT must differ"),
        ({"APP_PORT": "http"}, "APP_PORT"),
        ({"APP_TRUSTED_PROXY_HOPS": "-1"}, "APP_TRUSTED_PROXY_HOPS"),
        ({"APP_ENVIRONMENT": "prod"}, "APP_ENVIRONMENT"),
    ],
)
def test_production_refuses_what_is_not_fit(
    production: pytest.MonkeyPatch, change: dict[str, str | None], sentence: str
) -> None:
    for name, value in change.items():
        if value is None:
            production.delenv(name)
        else:
            production.setenv(name, value)
    assert sentence in refusal()


def test_a_refusal_shows_no_value(production: pytest.MonkeyPatch) -> None:
    production.setenv("APP_SECRET_KEY", PLANTED)
    production.setenv("APP_PORT", PLANTED)
    assert PLANTED not in refusal()


def test_settings_show_no_secret_when_printed(production: pytest.MonkeyPatch) -> None:
    text = repr(load_settings()) + str(load_settings())
    assert PLANTED not in text
    assert KEY not in text


def test_a_migration_needs_the_database_only(production: pytest.MonkeyPatch) -> None:
    for name in ("MEDIA_BUCKET", "MEDIA_PREFIX", "AWS_REGION", "APP_SECRET_KEY", "APP_PUBLIC_URL"):
        production.delenv(name)
    assert load_database_settings().db_name == "acme"


def test_development_on_files_needs_nothing_else(clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("APP_ENVIRONMENT", "development")
    clean_environment.setenv("USE_FILE_STORAGE", "true")
    settings = load_settings()
    assert len(settings.secret_key.get_secret_value()) >= 32
    assert settings.secret_key != load_settings().secret_key, "It must not be a fixed one."
    assert settings.public_url == "http://127.0.0.1:8000"
    assert not settings.secure_cookies
    assert settings.bind_host == "127.0.0.1"


def test_development_over_https_has_secure_cookies(clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("APP_ENVIRONMENT", "development")
    clean_environment.setenv("USE_FILE_STORAGE", "true")
    clean_environment.setenv("APP_PUBLIC_URL", "https://app.localhost")
    assert load_settings().secure_cookies


def test_development_with_a_database_still_verifies_it(
    clean_environment: pytest.MonkeyPatch,
) -> None:
    clean_environment.setenv("APP_ENVIRONMENT", "development")
    clean_environment.setenv("DB_HOST", "db")
    clean_environment.setenv("DB_USERNAME", "app")
    clean_environment.setenv("DB_NAME", "acme")
    assert "Set DB_TLS_CA_FILE" in refusal()


def test_dot_env_is_read_in_development_on_files(
    clean_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("APP_PORT=8123\nSOMETHING_ELSE=x\n")
    clean_environment.setenv("APP_ENVIRONMENT", "development")
    clean_environment.setenv("USE_FILE_STORAGE", "true")
    assert load_settings().port == 8123


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("APP_ENVIRONMENT", "USE_FILE_STORAGE=true is for development only"),
        ("USE_FILE_STORAGE", "Set DB_HOST"),
    ],
)
def test_dot_env_can_not_switch_itself_on(
    clean_environment: pytest.MonkeyPatch, tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / ".env").write_text("APP_ENVIRONMENT=development\nUSE_FILE_STORAGE=true\n")
    clean_environment.setenv("APP_ENVIRONMENT", "development")
    clean_environment.setenv("USE_FILE_STORAGE", "true")
    clean_environment.delenv(name)
    assert sentence in refusal()


def test_dot_env_means_nothing_in_production(
    production: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("APP_SECRET_KEY=other\nDB_HOST=evil.example.com\nAPP_PORT=1\n")
    settings = load_settings()
    assert settings.db_host == "db.example.com"
    assert settings.port == 8000


def test_a_production_pod_without_a_key_does_not_find_one_in_dot_env(
    production: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    production.delenv("APP_SECRET_KEY")
    (tmp_path / ".env").write_text(f"APP_SECRET_KEY={KEY}\n")
    assert "APP_SECRET_KEY" in refusal()
