-- aliases: 1

CREATE TABLE b(x)