CREATE TABLE "after"(a,b,n);

CREATE TABLE "before"(a,b,n);
