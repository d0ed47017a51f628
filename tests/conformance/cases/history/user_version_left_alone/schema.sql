CREATE TABLE kept(user_version);
