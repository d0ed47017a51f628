CREATE TABLE "former_a"(x);
