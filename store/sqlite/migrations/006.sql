CREATE TABLE metric_attribution (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    group_arn      TEXT NOT NULL UNIQUE REFERENCES dataset_group (arn),
    role_arn       TEXT NOT NULL,
    path           TEXT NOT NULL, -- of reports, '' for none
    kms_key_arn    TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED',
                       'DELETE PENDING', 'DELETE IN_PROGRESS')),
    failure_reason TEXT NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;

CREATE INDEX metric_attribution_created ON metric_attribution (created, id);

CREATE TABLE metric (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    attribution_arn TEXT NOT NULL REFERENCES metric_attribution (arn) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    event_type      TEXT NOT NULL,
    expression      TEXT NOT NULL,
    summed          TEXT NOT NULL CHECK (summed IN ('', 'INTERACTIONS', 'ITEMS')), -- whose column
    created         INTEGER NOT NULL,
    UNIQUE (attribution_arn, name)
) STRICT;

-- Sums of metrics. They stay when the attribution goes.
CREATE TABLE attributed (
    group_arn  TEXT NOT NULL REFERENCES dataset_group (arn) ON DELETE CASCADE,
    start      INTEGER NOT NULL, -- of the window, seconds since 1970
    metric     TEXT NOT NULL,
    event_type TEXT NOT NULL,
    function   TEXT NOT NULL,
    source     TEXT NOT NULL,
    value      REAL NOT NULL,
    PRIMARY KEY (group_arn, start, metric, event_type, function, source)
) STRICT, WITHOUT ROWID;

-- What of a dataset has been summed up: an import job's rows where place is 1,
-- or records that came one by one up to a number.
CREATE TABLE attributed_to (
    dataset_arn TEXT NOT NULL REFERENCES dataset (arn) ON DELETE CASCADE,
    what        TEXT NOT NULL, -- the job's ARN, '' for records
    place       INTEGER NOT NULL,
    PRIMARY KEY (dataset_arn, what)
) STRICT, WITHOUT ROWID;
