-- What else complaints may share: a messenger handle in the text, which stood in
-- contact_key before, and the address of the customer's accounts.
alter table complaint add column handle_key ubigint using compression uncompressed;
alter table complaint add column address_key ubigint using compression uncompressed;
alter table case_event add column handle_key ubigint using compression uncompressed;
alter table case_event add column address_key ubigint using compression uncompressed;
