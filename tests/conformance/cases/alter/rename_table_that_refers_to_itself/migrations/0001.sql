ALTER TABLE node RENAME TO "tree node";
