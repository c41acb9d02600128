"""Everything read from the environment and ``.env``, once, into one frozen value. No other module reads either."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.errors import ConfigError


class Settings(BaseSettings):
    """One installation's settings; every name carries the prefix ``LEADWRIGHT_`` in the environment."""

    model_config = SettingsConfigDict(
        env_prefix="LEADWRIGHT_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    database_url: str = "sqlite:///var/leadwright.db"
    secret_key: SecretStr | None = None
    public_url: str = ""
    hubspot_url: str = "https://api.hubapi.com"
    hubspot_client_id: str = ""
    hubspot_client_secret: SecretStr | None = None
    hubspot_app_id: str = ""
    webhook_old_signatures: bool = False
    web_workers: int = Field(default=2, ge=1)
    hubspot_developer_key: SecretStr | None = None
    calls_per_10s: int | None = Field(default=None, ge=1)
    config_dir: Path | None = None
    enrichment_local: bool = False
    log_format: Literal["json", "console"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="warning")

    @property
    def client_secrets(self) -> tuple[str, ...]:
        """The app's client secret; two, comma-separated, while one replaces the other."""
        told = self.hubspot_client_secret.get_secret_value() if self.hubspot_client_secret else ""
        return tuple(secret for secret in (one.strip() for one in told.split(",")) if secret)


def read_settings(env_file: Path | None = None) -> Settings:
    """Read the environment (and ``.env``, or ``env_file``). ConfigError names every setting that is wrong."""
    try:
        return Settings(_env_file=env_file) if env_file else Settings()
    except ValidationError as fault:
        wrong = "; ".join(f"LEADWRIGHT_{str(e['loc'][0]).upper()}: {e['msg']}" for e in fault.errors())
        raise ConfigError(f"The settings are wrong: {wrong}.", remedy="Mend them in the environment or .env.") from None


def environment_with(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a child, with these variables beside it or in the place of others."""
    return {**os.environ, **more}
