-- Whose claim it is: one that was written, but whose confirmation was lost with the database, can be asked for again.
alter table inbox add column claim_id uuid;
