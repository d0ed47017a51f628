-- revision: bbbb
CREATE TABLE b(x);
