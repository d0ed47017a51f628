ALTER TABLE "my ""table""" ALTER "a b" SET DEFAULT 'd', RENAME COLUMN [select] TO "order", ADD "group" INT AFTER `from`;
