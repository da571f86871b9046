"""Writes the statements of the first migration from the tables: `python -m tests.support.first_migration`.

As long as nothing has been released the first migration is what makes all tables; a test holds the two together.
"""

from pathlib import Path
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

from stockline.schema import metadata
from stockline.store import migrations
from stockline.store.statistics import forgetting

HERE = Path(migrations.__file__).parent / "versions"


def statements(dialect: Any) -> list[str]:
    made: list[Any] = []
    if dialect.supports_sequences:
        made += [CreateSequence(sequence) for sequence in metadata._sequences.values()]
    for table in metadata.sorted_tables:
        made.append(CreateTable(table))
        made += [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
    return [str(one.compile(dialect=dialect)).strip().replace("\t", "    ") for one in made]


def main() -> None:
    dialects: list[Any] = [sqlite, postgresql]
    for module in dialects:
        dialect = module.dialect()
        made = [*statements(dialect), *(forgetting() if dialect.name == "postgresql" else [])]
        text = ";\n\n".join("\n".join(line.rstrip() for line in one.splitlines()) for one in made)
        (HERE / f"m0001_foundation.{dialect.name}.sql").write_text(text + ";\n", encoding="utf-8")


if __name__ == "__main__":
    main()
