CREATE TABLE t(a VARCHAR(10), b INT, c "odd type", d CHARACTER VARYING(5) NOT NULL);
INSERT INTO t VALUES (x'00', 'text', 1, 'longer than five');
