CREATE TABLE export_job (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    dataset_arn    TEXT NOT NULL REFERENCES dataset (arn) ON DELETE CASCADE,
    ingestion_mode TEXT NOT NULL CHECK (ingestion_mode IN ('BULK', 'PUT', 'ALL')),
    role_arn       TEXT NOT NULL,
    path           TEXT NOT NULL,
    kms_key_arn    TEXT NOT NULL,
    snapshot       INTEGER NOT NULL DEFAULT 0, -- of the table, 0 before the job has begun
    rows           INTEGER NOT NULL DEFAULT 0, -- written
    bytes          INTEGER NOT NULL DEFAULT 0,
    parts          INTEGER NOT NULL DEFAULT 0,
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED')),
    failure_reason TEXT NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;

CREATE INDEX export_job_created ON export_job (created, id);
CREATE INDEX export_job_dataset ON export_job (dataset_arn, created, id);
CREATE INDEX export_job_unfinished ON export_job (dataset_arn, id)
    WHERE status IN ('CREATE PENDING', 'CREATE IN_PROGRESS');
