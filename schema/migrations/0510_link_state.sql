-- What linkage learnt from the last full run. It names common names and phones, so that no reader may see it.
CREATE TABLE hub.link_state (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  state jsonb NOT NULL
);
