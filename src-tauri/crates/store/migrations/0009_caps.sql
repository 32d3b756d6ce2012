-- Caps (core::policy::Limits) count the runs of the last hour and those of an incident, and the assets
-- of a kind in an account, in the transaction that writes an intent.
CREATE INDEX intent_ended ON intent (ended_at);
CREATE INDEX step_incident ON step (incident);
CREATE INDEX asset_account_kind ON asset (doc->>'$.account', doc->>'$.kind');
