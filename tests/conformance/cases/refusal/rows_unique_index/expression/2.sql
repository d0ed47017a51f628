CREATE UNIQUE INDEX "i" ON t(trim(a), (b IS NULL)) WHERE b > 2;
