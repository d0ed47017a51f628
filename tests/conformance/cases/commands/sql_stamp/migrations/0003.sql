CREATE TABLE three(a);
