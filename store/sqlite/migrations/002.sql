-- Where the events of a dataset group are sent to.
CREATE TABLE event_tracker (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    group_arn      TEXT NOT NULL UNIQUE REFERENCES dataset_group (arn),
    tracking_id    TEXT NOT NULL UNIQUE,
    status         TEXT NOT NULL CHECK (status IN ('CREATE PENDING', 'CREATE IN_PROGRESS', 'ACTIVE', 'CREATE FAILED',
                       'DELETE PENDING', 'DELETE IN_PROGRESS')),
    failure_reason TEXT NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;

CREATE INDEX event_tracker_created ON event_tracker (created, id);
CREATE INDEX dataset_tracking_id ON dataset (tracking_id) WHERE tracking_id <> '';
