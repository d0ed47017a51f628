CREATE TABLE listed(name);

CREATE TABLE tree(parent, name);
