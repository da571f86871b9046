"""What the surroundings decide: settings from the environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the command line, each from `STOCKLINE_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="STOCKLINE_")

    database: str = "stockline.db"
    """A URL or the path of a SQLite file; relative to the working directory."""
