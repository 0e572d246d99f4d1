CREATE TABLE deletion_job (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    group_arn      TEXT NOT NULL REFERENCES dataset_group (arn) ON DELETE CASCADE,
    location       TEXT NOT NULL,
    role_arn       TEXT NOT NULL,
    num_deleted    INTEGER NOT NULL DEFAULT 0,
    status         TEXT NOT NULL CHECK (status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED')),
    failure_reason TEXT NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;

CREATE INDEX deletion_job_created ON deletion_job (created, id);
CREATE INDEX deletion_job_group ON deletion_job (group_arn, created, id);
