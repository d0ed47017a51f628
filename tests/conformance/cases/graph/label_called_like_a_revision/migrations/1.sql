-- revision: aaaa
-- branch_labels: bbbb
CREATE TABLE a(x);
