UPDATE p SET _rowid_ = 77 WHERE id = 2;
