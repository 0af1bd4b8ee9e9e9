-- Vectors of complaints' texts that another service made, so that nobody asks
-- for them twice: in half precision, of the latest model alone. The key is a hash
-- of the model and of the text as it was sent. A vector tells of its text: it
-- goes when the text goes.
create table embedding (seq bigint, model varchar, key_hi ubigint, key_lo ubigint, vector blob);
