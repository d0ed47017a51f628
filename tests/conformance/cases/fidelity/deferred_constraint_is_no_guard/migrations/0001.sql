PRAGMA defer_foreign_keys = ON;
ALTER TABLE parent ALTER a FIRST;
