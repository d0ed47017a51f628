CREATE TABLE numbers(number INT,a TEXT);

CREATE TABLE two(z INT, rowid TEXT, _rowid_ TEXT);
