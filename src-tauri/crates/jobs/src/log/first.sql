-- A run log as the first version wrote it.
CREATE TABLE runs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL,
  started_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE items (
  run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  name TEXT NOT NULL, stage TEXT NOT NULL, outcome TEXT, started_at TEXT, ended_at TEXT,
  total INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0,
  read INTEGER NOT NULL DEFAULT 0, new INTEGER NOT NULL DEFAULT 0,
  stored INTEGER NOT NULL DEFAULT 0, detail TEXT NOT NULL DEFAULT 'null',
  PRIMARY KEY (run, position)
) STRICT;
CREATE TABLE lines (
  run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, at TEXT NOT NULL,
  level TEXT NOT NULL, item INTEGER, event TEXT NOT NULL
) STRICT;
CREATE INDEX lines_of_run ON lines (run);
CREATE TABLE intents (
  id TEXT PRIMARY KEY, run TEXT NOT NULL, tag TEXT NOT NULL, payload TEXT NOT NULL,
  made_at TEXT NOT NULL
) STRICT;
PRAGMA user_version = 1;
INSERT INTO runs VALUES ('6f9c4b0e-8f5b-4b7a-9d1c-0a4f3b2e1d00', 'backup', '{"to":"nas"}',
  '{"done":"succeeded"}', '2026-01-05T20:00:00+00:00', '2026-01-05T20:10:00+00:00');
INSERT INTO items (run, position, name, stage, outcome) VALUES
  ('6f9c4b0e-8f5b-4b7a-9d1c-0a4f3b2e1d00', 0, 'web', '"done"', '"succeeded"');
INSERT INTO intents VALUES ('7f9c4b0e-8f5b-4b7a-9d1c-0a4f3b2e1d00',
  '6f9c4b0e-8f5b-4b7a-9d1c-0a4f3b2e1d00', 'snapshot', '{}', '2026-01-05T20:00:01+00:00');
