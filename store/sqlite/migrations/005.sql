-- How many runs of a job have begun and not ended, by its end or by a return
-- of the process that was running it: above 0 between runs, processes have died.
ALTER TABLE import_job ADD COLUMN begun INTEGER NOT NULL DEFAULT 0 CHECK (begun >= 0);
