ALTER TABLE users DROP first, DROP last;
