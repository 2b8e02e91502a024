-- Records of one trust group are joined by explicit references or by people's confirmation, never by inference: an
-- assignment to one of them extends to the others of the group and to nothing else (access.md, Assigned).
ALTER TABLE hub.matter_member ADD COLUMN trust_group text NOT NULL DEFAULT '';
CREATE INDEX matter_member_group ON hub.matter_member (trust_group);
-- A stream whose records are each a matter of their own (an application) says so: CLUSTER or OWN.
ALTER TABLE hub.record ADD COLUMN matter_rule text NOT NULL DEFAULT 'CLUSTER' CHECK (matter_rule IN ('CLUSTER', 'OWN'));
