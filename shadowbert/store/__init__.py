"""The database: tables, repositories, migrations. The only room that speaks SQL."""
