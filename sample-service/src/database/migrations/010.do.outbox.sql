-- Events that are committed and not yet published. What has been published is deleted, so the table stays small.
create table outbox (
  sequence bigint generated always as identity primary key,
  id uuid not null default gen_random_uuid(),
  -- Events of one key are published in the order in which they were committed.
  key text not null,
  subject text not null,
  payload jsonb not null,
  request_id text not null,
  traceparent text,
  created_at timestamptz not null default now(),
  -- Why it can never be published. It is kept, and those behind it go on.
  failure text
);
create index outbox_order on outbox (key, sequence) where failure is null;

-- Which consumer has dealt with which event. A row without done_at is a claim, which runs out.
create table inbox (
  consumer text not null,
  event_id text not null,
  claimed_until timestamptz not null,
  done_at timestamptz,
  primary key (consumer, event_id)
);
create index inbox_age on inbox (claimed_until);
