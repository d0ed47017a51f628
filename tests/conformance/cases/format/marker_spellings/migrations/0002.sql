------ Migrate:Up transaction:true
CREATE TABLE b(x);
--	migrate:down
DROP TABLE b;
