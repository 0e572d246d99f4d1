-- As of import jobs.
ALTER TABLE solution_version ADD COLUMN begun INTEGER NOT NULL DEFAULT 0 CHECK (begun >= 0);
