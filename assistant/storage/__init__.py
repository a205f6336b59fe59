"""Floor 2: SQL is the truth. Rows, repositories, migrations, and the files of originals."""
