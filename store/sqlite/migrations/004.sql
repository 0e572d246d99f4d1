-- The update_ columns are the latest update, NULL before the first. Times are
-- milliseconds since 1970, periods milliseconds.
CREATE TABLE solution (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    group_arn      TEXT NOT NULL REFERENCES dataset_group (arn),
    recipe_arn     TEXT NOT NULL,
    perform_hpo    INTEGER NOT NULL CHECK (perform_hpo IN (0, 1)),
    event_type     TEXT NOT NULL,
    config         TEXT NOT NULL, -- JSON
    train_every    INTEGER NOT NULL, -- 0 without automatic training
    next_training  INTEGER NOT NULL, -- 0 without automatic training
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED',
                       'DELETE PENDING', 'DELETE IN_PROGRESS')),
    failure_reason TEXT NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL,
    update_auto    INTEGER, -- performAutoTraining as sent, -1 if it was not
    update_sent    TEXT,
    update_config  TEXT,
    update_every   INTEGER,
    update_status  TEXT CHECK (update_status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED')),
    update_reason  TEXT,
    update_created INTEGER,
    update_updated INTEGER
) STRICT;
CREATE INDEX solution_created ON solution (created, id);
CREATE INDEX solution_group ON solution (group_arn, created, id);
CREATE INDEX solution_due ON solution (next_training) WHERE next_training > 0;

CREATE TABLE solution_version (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    solution_arn   TEXT NOT NULL REFERENCES solution (arn) ON DELETE CASCADE,
    group_arn      TEXT NOT NULL,
    recipe_arn     TEXT NOT NULL,
    perform_hpo    INTEGER NOT NULL CHECK (perform_hpo IN (0, 1)),
    event_type     TEXT NOT NULL,
    config         TEXT NOT NULL,
    mode           TEXT NOT NULL CHECK (mode IN ('FULL', 'UPDATE')),
    type           TEXT NOT NULL CHECK (type IN ('MANUAL', 'AUTOMATIC')),
    seed           INTEGER NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED',
                       'CREATE STOPPING', 'CREATE STOPPED')),
    failure_reason TEXT NOT NULL,
    training       TEXT, -- JSON, NULL before it has begun
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;
CREATE INDEX solution_version_created ON solution_version (created, id);
CREATE INDEX solution_version_solution ON solution_version (solution_arn, created, id);
CREATE INDEX solution_version_unfinished ON solution_version (group_arn, id)
    WHERE status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'CREATE STOPPING');

CREATE TABLE campaign (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    group_arn      TEXT NOT NULL,
    solution_arn   TEXT NOT NULL REFERENCES solution (arn),
    version_arn    TEXT NOT NULL,
    min_tps        INTEGER NOT NULL,
    config         TEXT NOT NULL, -- JSON
    sync           INTEGER NOT NULL CHECK (sync IN (0, 1)),
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED',
                       'DELETE PENDING', 'DELETE IN_PROGRESS')),
    failure_reason TEXT NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL,
    update_version TEXT,
    update_tps     INTEGER,
    update_config  TEXT,
    update_sync    INTEGER,
    update_status  TEXT CHECK (update_status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED')),
    update_reason  TEXT,
    update_created INTEGER,
    update_updated INTEGER
) STRICT;
CREATE INDEX campaign_created ON campaign (created, id);
CREATE INDEX campaign_solution ON campaign (solution_arn, created, id);
CREATE INDEX campaign_group ON campaign (group_arn, id);
