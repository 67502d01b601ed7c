"""Rules: files, their schema, expressions, cases, and the SQL that they become."""
