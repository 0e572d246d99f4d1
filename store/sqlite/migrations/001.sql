-- Times are milliseconds since 1970, UTC. Rows are listed by (created, id).

CREATE TABLE dataset_group (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    domain         TEXT NOT NULL,
    role_arn       TEXT NOT NULL,
    kms_key_arn    TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED',
                       'DELETE PENDING', 'DELETE IN_PROGRESS')),
    failure_reason TEXT NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;

CREATE INDEX dataset_group_created ON dataset_group (created, id);

CREATE TABLE schema (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    arn     TEXT NOT NULL UNIQUE,
    name    TEXT NOT NULL,
    domain  TEXT NOT NULL,
    text    TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;

CREATE INDEX schema_created ON schema (created, id);

-- The update_ columns are the latest replacement of the schema, NULL before
-- the first.
CREATE TABLE dataset (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    group_arn      TEXT NOT NULL REFERENCES dataset_group (arn),
    schema_arn     TEXT NOT NULL REFERENCES schema (arn),
    type           TEXT NOT NULL CHECK (type IN ('INTERACTIONS', 'ITEMS', 'USERS', 'ACTIONS', 'ACTION_INTERACTIONS')),
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED',
                       'UPDATE PENDING', 'UPDATE IN_PROGRESS', 'DELETE PENDING', 'DELETE IN_PROGRESS')),
    failure_reason TEXT NOT NULL,
    tracking_id    TEXT NOT NULL,
    imported       INTEGER NOT NULL CHECK (imported IN (0, 1)),
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL,
    update_schema  TEXT, -- may be gone by now, if the update failed
    update_status  TEXT CHECK (update_status IN ('UPDATE PENDING', 'UPDATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED')),
    update_reason  TEXT,
    update_created INTEGER,
    update_updated INTEGER,
    UNIQUE (group_arn, type)
) STRICT;

CREATE INDEX dataset_created ON dataset (created, id);
CREATE INDEX dataset_schema ON dataset (schema_arn);
CREATE INDEX dataset_update_schema ON dataset (update_schema);

CREATE TABLE import_job (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    arn             TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    dataset_arn     TEXT NOT NULL REFERENCES dataset (arn) ON DELETE CASCADE,
    location        TEXT NOT NULL,
    role_arn        TEXT NOT NULL,
    caller_arn      TEXT NOT NULL,
    mode            TEXT NOT NULL CHECK (mode IN ('FULL', 'INCREMENTAL')),
    publish_metrics INTEGER NOT NULL CHECK (publish_metrics IN (0, 1)),
    status          TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED')),
    failure_reason  TEXT NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL
) STRICT;

CREATE INDEX import_job_created ON import_job (created, id);
CREATE INDEX import_job_dataset ON import_job (dataset_arn, created, id);
CREATE INDEX import_job_unfinished ON import_job (dataset_arn, id)
    WHERE status IN ('CREATE PENDING', 'CREATE IN_PROGRESS');

-- What can be large about an import job, apart from what listings read.
CREATE TABLE import_detail (
    job_id  INTEGER PRIMARY KEY REFERENCES import_job (id) ON DELETE CASCADE,
    objects TEXT NOT NULL, -- JSON: [{"bucket", "key", "etag", "size"}]
    report  TEXT           -- JSON, NULL before the job has one
) STRICT;

-- Tags of rows of any table; whoever deletes the row deletes its tags.
CREATE TABLE tag (
    arn   TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) STRICT, WITHOUT ROWID;
