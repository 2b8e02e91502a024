-- How long the records of a stream are kept in full: the periods that connectors declare, written here at start so that row
-- conditions read them. Public facts; a stream that is not listed has the shortest period.
CREATE TABLE hub.retention (
  department text NOT NULL,
  stream text NOT NULL,
  years integer NOT NULL CHECK (years BETWEEN 1 AND 100),
  basis text NOT NULL,
  PRIMARY KEY (department, stream)
);
GRANT SELECT ON hub.retention TO yiwang_reader;
