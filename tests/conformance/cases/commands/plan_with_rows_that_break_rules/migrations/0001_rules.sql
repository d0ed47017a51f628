-- migrate:up
ALTER TABLE users ALTER name SET NOT NULL, ADD CHECK (age >= 0), ADD UNIQUE (mail);
ALTER TABLE child ADD FOREIGN KEY (parent_id) REFERENCES parent(id);

-- migrate:down
